"""The FilterCriteria of an event source mapping that pass the records of an app's routes.

- :mod:`router.local.filter_criteria.discriminator_tests` turns a discriminator into tests of one attribute each.
- :mod:`router.local.filter_criteria.clauses` combines them for the images of a record.
- :mod:`router.local.filter_criteria.groups` groups events and entities that share a filter.
- :mod:`router.local.filter_criteria.criteria` makes the filters.
- :mod:`router.local.filter_criteria.drift` compares them with those of a template.
"""

from router.local.filter_criteria.criteria import MOST_FILTERS, Filters, filters_of
from router.local.filter_criteria.drift import MappedFilters, mapped_filters, rewritten

__all__ = [
    "MOST_FILTERS",
    "Filters",
    "MappedFilters",
    "filters_of",
    "mapped_filters",
    "rewritten",
]
