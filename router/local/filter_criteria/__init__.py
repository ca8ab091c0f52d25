"""Filters of an event source mapping that follow from an app's routes.

- :mod:`router.local.filter_criteria.discriminator_tests` turns a discriminator into tests of one attribute each.
- :mod:`router.local.filter_criteria.clauses` puts them together for the images of a record.
- :mod:`router.local.filter_criteria.groups` finds events and entities that one filter can stand for.
- :mod:`router.local.filter_criteria.criteria` makes the filters.
- :mod:`router.local.filter_criteria.drift` compares them with those of a template.
- :mod:`router.local.cloudformation.yaml_text`, :mod:`~router.local.cloudformation.edit` and :mod:`~router.local.files` write
  them into it.
"""

from router.local.cloudformation.yaml_text import block_lines
from router.local.filter_criteria.criteria import MOST_FILTERS, Filters, filters_of
from router.local.filter_criteria.drift import MappedFilters, keys_of, mapped_filters, rewritten

__all__ = [
    "MOST_FILTERS",
    "Filters",
    "MappedFilters",
    "block_lines",
    "filters_of",
    "keys_of",
    "mapped_filters",
    "rewritten",
]
