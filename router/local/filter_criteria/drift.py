"""Compare the FilterCriteria of a template's mappings with those of the routes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from router.app import Dispatcher
from router.local.cloudformation.edit import PROPERTY, SpliceError, spliced
from router.local.cloudformation.mappings import DeclaredMapping, keys_of
from router.local.cloudformation.resources import TemplateError, TemplateFile
from router.local.filter_criteria.criteria import Filters, filters_of

__all__ = ["MappedFilters", "mapped_filters", "rewritten"]


@dataclass(frozen=True, slots=True)
class MappedFilters:
    """The filters of one mapping.

    Args:
        name: The mapping's name: ``Router.Changes``.
        path: The path of its properties in the template.
        line: The line of its FilterCriteria, else of the mapping, if it is known.
        current: The patterns in the template.
        present: Whether the mapping has FilterCriteria, even without patterns.
        wanted: The filters of the routes.
    """

    name: str
    path: tuple[str, ...]
    line: int | None
    current: tuple[str, ...]
    present: bool
    wanted: Filters

    @property
    def missing(self) -> list[str]:
        """The patterns of the routes that the template lacks."""
        current = {_meaning(pattern) for pattern in self.current}
        return [pattern for pattern in self.wanted.patterns if _meaning(pattern) not in current]

    @property
    def surplus(self) -> list[str]:
        """The patterns of the template that the routes do not have."""
        wanted = {_meaning(pattern) for pattern in self.wanted.patterns}
        return [pattern for pattern in self.current if _meaning(pattern) not in wanted]

    @property
    def in_step(self) -> bool:
        """Whether both have the same patterns, in any layout and order."""
        return not self.missing and not self.surplus and (self.present or self.wanted.criteria is None)


def mapped_filters(template: TemplateFile, mapping: DeclaredMapping, app: Dispatcher, limit: int) -> MappedFilters:
    """Read the filters of a mapping, and make those of the routes.

    Args:
        template: The template.
        mapping: The mapping.
        app: The app that it invokes.
        limit: The most filters that the mapping may have.

    Raises:
        TemplateError: The template's filters are no list of patterns.
    """
    settings = mapping.settings
    wanted = filters_of(app, keys=keys_of(template, mapping), limit=limit)
    if settings.get("TumblingWindowInSeconds"):
        wanted = Filters((), absent="Lambda allows no filter with a tumbling window")
    event = mapping.name.removeprefix(f"{mapping.function}.")
    inner = (mapping.function, "Properties", "Events", event) if mapping.is_sam_event else (mapping.name,)
    return MappedFilters(
        name=mapping.name,
        path=("Resources", *inner, "Properties"),
        line=mapping.declaration.line_of(PROPERTY),
        current=_patterns(template, mapping),
        present=PROPERTY in settings,
        wanted=wanted,
    )


def rewritten(text: str, place: str, mappings: Sequence[MappedFilters]) -> str:
    """A template's text with the routes' filters in its mappings, otherwise unchanged.

    Args:
        text: The text.
        place: The file, for the error.
        mappings: The mappings; those in step stay unchanged.

    Raises:
        TemplateError: The filters of one cannot be changed without changing other text.
    """
    for each in mappings:
        if each.in_step:
            continue
        try:
            text = spliced(text, each.path, each.wanted.criteria)
        except SpliceError as error:
            msg = f"{place}:{error.line}: found {error} of {each.name}; change it yourself, see router filters"
            raise TemplateError(msg) from None
    return text


def _patterns(template: TemplateFile, mapping: DeclaredMapping) -> tuple[str, ...]:
    criteria = mapping.settings.get(PROPERTY)
    filters = criteria.get("Filters", []) if isinstance(criteria, dict) else [] if criteria is None else criteria
    texts = [each.get("Pattern") if isinstance(each, dict) else None for each in _listed(filters)]
    known = tuple(text for text in texts if isinstance(text, str))
    if len(known) < len(texts):
        place = template.place(mapping.declaration.line_of(PROPERTY))
        msg = f'{place}: found other {PROPERTY} of {mapping.name}, expected {{"Filters": [{{"Pattern": TEXT}}]}}'
        raise TemplateError(msg)
    return known


def _listed(filters: Any) -> list[Any]:
    return filters if isinstance(filters, list) else [filters]


def _meaning(pattern: str) -> str:
    """A text that is equal for patterns that differ only in layout and order."""
    try:
        return json.dumps(_sorted(json.loads(pattern)))
    except ValueError:
        return pattern


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return sorted(map(_sorted, value), key=json.dumps) if isinstance(value, list) else value
