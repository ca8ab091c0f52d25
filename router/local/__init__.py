"""Tools for a developer's own machine; nothing of a deployed function imports them.

- :mod:`router.local.engines.dynamodb_local` fetches and runs Amazon's DynamoDB Local.
- :mod:`router.local.streams.lambda_record` turns what a stream holds into events as Lambda delivers them.
- :mod:`router.local.filter_patterns` matches records with filter patterns as AWS does.
- :mod:`router.local.event_source_mapping` is Lambda's event source mapping as a state machine.
- :mod:`router.local.runtime` runs a function in Lambda's own runtime client.
"""

from router.local.filter_patterns import FilterPattern, FilterPatternError

__all__ = ["FilterPattern", "FilterPatternError"]
