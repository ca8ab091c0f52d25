"""Filter patterns of an event source mapping, with the semantics of AWS Event Ruler.

- :mod:`router.local.filter_patterns.matchers` tests one value of an event.
- :mod:`router.local.filter_patterns.expressions` reads one match expression, such as ``{"prefix": "ORDER#"}``.
- :mod:`router.local.filter_patterns.parse` reads a whole pattern into rules.
- :mod:`router.local.filter_patterns.fields` takes from an event the values that the rules test.
- :mod:`router.local.filter_patterns.pattern` has the public class.
"""

from router.local.filter_patterns.pattern import FilterPattern, FilterPatternError

__all__ = ["FilterPattern", "FilterPatternError"]
