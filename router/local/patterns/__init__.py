"""Filter patterns of an event source mapping, matched as AWS matches them.

- :mod:`router.local.patterns.matchers` has what one value of an event can be matched with.
- :mod:`router.local.patterns.expressions` reads one match expression, such as ``{"prefix": "ORDER#"}``.
- :mod:`router.local.patterns.parse` reads a whole pattern into rules.
- :mod:`router.local.patterns.fields` takes from an event what the rules look at.
- :mod:`router.local.patterns.pattern` has the class that users see.
"""

from router.local.patterns.pattern import FilterPattern, FilterPatternError

__all__ = ["FilterPattern", "FilterPatternError"]
