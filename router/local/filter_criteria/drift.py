"""The FilterCriteria that a template's mappings have, beside those that follow from the routes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from router.app import Dispatcher
from router.local.cloudformation.edit import PROPERTY, SpliceError, spliced
from router.local.cloudformation.intrinsics import StreamOf
from router.local.cloudformation.resources import MappedStream, Stack, TemplateError
from router.local.filter_criteria.clauses import Keys
from router.local.filter_criteria.criteria import Filters, filters_of

__all__ = ["MappedFilters", "mapped_filters", "rewritten"]


@dataclass(frozen=True, slots=True)
class MappedFilters:
    """The filters of one mapping.

    Args:
        name: The mapping, as the template calls it: ``Router.Changes``.
        path: The keys that lead to its properties.
        line: The line of its FilterCriteria, or else of the mapping, if that is known.
        current: The patterns that it has, as they are written.
        stands: Whether it has FilterCriteria, even if they hold no pattern.
        wanted: The filters that it should have.
    """

    name: str
    path: tuple[str, ...]
    line: int | None
    current: tuple[str, ...]
    stands: bool
    wanted: Filters

    @property
    def missing(self) -> list[str]:
        """The patterns that it should have and has not."""
        current = {_meaning(pattern) for pattern in self.current}
        return [pattern for pattern in self.wanted.patterns if _meaning(pattern) not in current]

    @property
    def surplus(self) -> list[str]:
        """The patterns that it has and should not have."""
        wanted = {_meaning(pattern) for pattern in self.wanted.patterns}
        return [pattern for pattern in self.current if _meaning(pattern) not in wanted]

    @property
    def in_step(self) -> bool:
        """Whether it has what it should, however that is laid out."""
        return not self.missing and not self.surplus and (self.stands or self.wanted.criteria is None)


def mapped_filters(stack: Stack, mapped: MappedStream, app: Dispatcher, limit: int) -> MappedFilters:
    """Read what filters a mapping has, and tell which it should have.

    Args:
        stack: The template.
        mapped: The mapping.
        app: The dispatcher that it invokes.
        limit: How many filters there may be.

    Raises:
        TemplateError: Its filters are written in a way that cannot be understood.
    """
    settings, said = mapped.settings, mapped.said
    wanted = filters_of(app, keys=keys_of(stack, mapped), limit=limit)
    if settings.get("TumblingWindowInSeconds"):
        wanted = Filters((), absent="Lambda takes no filter beside a tumbling window")
    event = said.name.removeprefix(f"{mapped.function}.")
    inner = (mapped.function, "Properties", "Events", event) if mapped.event else (said.name,)
    return MappedFilters(
        name=said.name,
        path=("Resources", *inner, "Properties"),
        line=said.line_of(PROPERTY),
        current=_patterns(stack, mapped),
        stands=PROPERTY in settings,
        wanted=wanted,
    )


def keys_of(stack: Stack, mapped: MappedStream) -> Keys:
    """The key attributes of a mapping's table, if the template tells.

    Args:
        stack: The template.
        mapped: The mapping.
    """
    table = stack.resources.get(mapped.stream.logical_id) if isinstance(mapped.stream, StreamOf) else None
    schema = table.values.get("KeySchema") if table else None
    if not isinstance(schema, list) or not schema:
        return None
    names = [each.get("AttributeName") if isinstance(each, dict) else None for each in schema]
    known = [name for name in names if isinstance(name, str)]
    return known if len(known) == len(names) else None


def rewritten(text: str, place: str, mappings: Sequence[MappedFilters]) -> str:
    """A template's text with the filters that its mappings should have, and otherwise as it is.

    Args:
        text: The text.
        place: The file, for the error.
        mappings: The mappings; what is in step is left as it stands.

    Raises:
        TemplateError: One of them cannot be changed without changing more.
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


def _patterns(stack: Stack, mapped: MappedStream) -> tuple[str, ...]:
    criteria = mapped.settings.get(PROPERTY)
    filters = criteria.get("Filters", []) if isinstance(criteria, dict) else [] if criteria is None else criteria
    texts = [each.get("Pattern") if isinstance(each, dict) else None for each in _listed(filters)]
    known = tuple(text for text in texts if isinstance(text, str))
    if len(known) < len(texts):
        place = stack.place(mapped.said.line_of(PROPERTY))
        msg = f'{place}: found other {PROPERTY} of {mapped.said.name}, expected {{"Filters": [{{"Pattern": TEXT}}]}}'
        raise TemplateError(msg)
    return known


def _listed(filters: Any) -> list[Any]:
    return filters if isinstance(filters, list) else [filters]


def _meaning(pattern: str) -> str:
    """What is equal for patterns that differ in layout and order only."""
    try:
        return json.dumps(_sorted(json.loads(pattern)))
    except ValueError:
        return pattern


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return sorted(map(_sorted, value), key=json.dumps) if isinstance(value, list) else value
