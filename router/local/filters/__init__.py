"""Filters of an event source mapping that follow from an app's routes.

- :mod:`router.local.filters.readings` turns a discriminator into tests of one attribute each.
- :mod:`router.local.filters.clauses` puts them together for the images of a record.
- :mod:`router.local.filters.groups` finds events and entities that one filter can stand for.
- :mod:`router.local.filters.criteria` makes the filters.
- :mod:`router.local.filters.mapped` compares them with those of a template.
- :mod:`router.local.filters.layout`, :mod:`~router.local.filters.splice` and :mod:`~router.local.filters.file` write
  them into it.
"""

from router.local.filters.criteria import MOST_FILTERS, Filters, filters_of
from router.local.filters.file import replace_text
from router.local.filters.layout import block_lines
from router.local.filters.mapped import MappedFilters, keys_of, mapped_filters, rewritten

__all__ = [
    "MOST_FILTERS",
    "Filters",
    "MappedFilters",
    "block_lines",
    "filters_of",
    "keys_of",
    "mapped_filters",
    "replace_text",
    "rewritten",
]
