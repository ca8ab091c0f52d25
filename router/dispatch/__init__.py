"""What runs when Lambda calls: records are delivered to their steps, failures are settled."""
