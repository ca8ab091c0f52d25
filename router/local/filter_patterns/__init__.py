"""Filter patterns of an event source mapping, matched as AWS matches them.

- :mod:`router.local.filter_patterns.matchers` has what one value of an event can be matched with.
- :mod:`router.local.filter_patterns.expressions` reads one match expression, such as ``{"prefix": "ORDER#"}``.
- :mod:`router.local.filter_patterns.parse` reads a whole pattern into rules.
- :mod:`router.local.filter_patterns.fields` takes from an event what the rules look at.
- :mod:`router.local.filter_patterns.pattern` has the class that users see.
"""

from router.local.filter_patterns.pattern import FilterPattern, FilterPatternError

__all__ = ["FilterPattern", "FilterPatternError"]
