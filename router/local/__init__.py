"""Tools for a developer's machine; a deployed function imports none of them.

- :mod:`router.local.engines` starts local DynamoDB engines.
- :mod:`router.local.streams` reads, records and replays streams.
- :mod:`router.local.event_source_mapping` is Lambda's event source mapping as a state machine.
- :mod:`router.local.runtime` runs a function in Lambda's own runtime client.
- :mod:`router.local.simulate` computes iterator age, discards and cost under a load.
- :mod:`router.local.cloudformation` reads and edits templates.
- :mod:`router.local.filter_patterns` matches records with filter patterns as Lambda does.
- :mod:`router.local.filter_criteria` makes filter criteria from an app's routes.
- :mod:`router.local.lint` checks an app and its template.
"""

from router.local.filter_patterns import FilterPattern, FilterPatternError

__all__ = ["FilterPattern", "FilterPatternError"]
