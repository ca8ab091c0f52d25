"""What runs when a Dispatcher is made: options and routes are checked and compiled into a plan."""
