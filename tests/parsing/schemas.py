"""Models of random schemas, each with images that fit it, nearly fit it, or are hostile."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, Generic, Literal, NamedTuple, Self, TypeVar

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import (
    BaseModel,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    TypeAdapter,
    create_model,
    model_validator,
)

from tests.parsing.comparing import portrait
from tests.parsing.drawn_containers import CALLS, alias, lists, maps, optional, sets, tuples, unions, validated
from tests.parsing.drawn_scalars import (
    Colour,
    Kind,
    numbers,
    scalars,
    texts,
)
from tests.strategies import attribute_values, junk

__all__ = ["CALLS", "schemas_and_images"]


@cache
def _kinds(depth: int) -> SearchStrategy[Kind]:
    if depth == 0:
        return scalars()
    inner = _kinds(depth - 1)
    containers = (lists(inner), sets(), maps(inner), tuples(inner), optional(inner), unions(inner))
    models = _models(depth - 1).map(_of_model)
    return st.one_of(scalars(), *containers, models, _tagged(depth), validated(inner), _generic(inner), alias(inner))


# -------------------------------------------------------------------------------------------------------------- models

T = TypeVar("T")


class Holder(BaseModel, Generic[T]):
    """A generic model."""

    held: T
    more: list[T] = []


def _generic(inner: SearchStrategy[Kind]) -> SearchStrategy[Kind]:
    holder: Any = Holder

    def of(kind: Kind) -> Kind:
        wires = kind.wires.map(lambda wire: {"M": {"held": wire, "more": {"L": [wire]}}})
        return Kind(_buildable(lambda: holder[kind.type]), wires)

    return inner.map(of)


def _buildable(make: Callable[[], Any]) -> Any:
    """Make a model; discard the example if pydantic does not build it, because its parts do not fit together."""
    try:
        return make()
    except Exception:
        assume(False)
        raise


class Counted(BaseModel):
    """Has private attributes, and validators of the finished instance."""

    _made: list[str] = PrivateAttr(default_factory=list)

    def model_post_init(self, context: Any, /) -> None:
        self._made.append("made")

    @model_validator(mode="after")
    def note(self) -> Self:
        CALLS.append(("model", repr(portrait(self))))
        self._made.append(repr(sorted(self.model_fields_set)))
        return self


class Tagged(BaseModel):
    """A field of its own before those of a model."""

    own: int = 0


_CONFIGS: Final[dict[str, tuple[Any, ...]]] = {
    "strict": (True, False),
    "extra": ("ignore", "ignore", "forbid", "allow"),
    "frozen": (True,),
    "str_strip_whitespace": (True,),
    "str_to_lower": (True,),
    "str_to_upper": (True,),
    "str_max_length": (3,),
    "str_min_length": (1,),
    "coerce_numbers_to_str": (True,),
    "use_enum_values": (True,),
    "defer_build": (True,),
    "validate_default": (True,),
    "populate_by_name": (True,),
    "allow_inf_nan": (False,),
    "from_attributes": (True,),
    "revalidate_instances": ("always", "subclass-instances"),
    "alias_generator": (str.upper,),
    "validate_assignment": (True,),
    "arbitrary_types_allowed": (True,),
    "title": ("Titled",),
    "regex_engine": ("python-re",),
    "val_temporal_unit": ("milliseconds",),
    "hide_input_in_errors": (True,),
}


class Drawn(NamedTuple):
    """A model, and images that mostly fit it."""

    model: type[BaseModel]
    images: SearchStrategy[dict[str, Any]]


@st.composite
def _models(draw: st.DrawFn, depth: int, fixed: Mapping[str, Any] = {}) -> Drawn:
    names = draw(st.lists(st.sampled_from(["a", "b", "sku", "it's", "kind"]), unique=True, min_size=1, max_size=3))
    settings = draw(st.lists(st.sampled_from(sorted(_CONFIGS)), unique=True, max_size=2))
    config = {name: draw(st.sampled_from(_CONFIGS[name])) for name in settings}
    upper = "alias_generator" in config
    fields: dict[str, Any] = {}
    wires: dict[str, SearchStrategy[dict[str, Any]]] = {}
    optional: dict[str, SearchStrategy[dict[str, Any]]] = {}
    for name in names:
        if name in fixed:
            continue
        kind = draw(_kinds(depth))
        options = draw(st.sampled_from(_DEFAULTS))
        alias = draw(st.sampled_from([None, None, None, f"other {name}"]))
        field: Any = Field
        fields[name] = (kind.type, field(**options, **({"alias": alias} if alias else {})))
        attribute = alias or (name.upper() if upper else name)
        (optional if options else wires)[attribute] = kind.wires
    fields.update(fixed)
    bases: list[type[BaseModel]] = [BaseModel, BaseModel, Counted, Tagged]
    made = _created(fields, config, draw(st.sampled_from(bases)))
    return Drawn(made, st.fixed_dictionaries(wires, optional={**optional, "pk": attribute_values()}))


_DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    *({}, {}, {}, {}, {"default": None}, {"default": "a"}, {"default": 5}, {"default": []}, {"default_factory": list}),
    *({"default": 5, "validate_default": True}, {"default": " A ", "validate_default": True}),
)


def _created(fields: Mapping[str, Any], config: Mapping[str, Any], base: type[BaseModel]) -> type[BaseModel]:
    made: Any = create_model
    parent: Any = type("Configured", (base,), {"__module__": __name__, "model_config": config})

    def make() -> Any:
        found = made("Drawn", __base__=parent, **fields)
        found.model_rebuild(force=True)  # builds what ``defer_build`` defers
        TypeAdapter(found)
        return found

    model: type[BaseModel] = _buildable(make)
    return model


def _of_model(drawn: Drawn) -> Kind:
    return Kind(drawn.model, drawn.images.map(lambda image: {"M": image}))


@cache
def _tagged(depth: int) -> SearchStrategy[Kind]:
    @st.composite
    def tagged(draw: st.DrawFn) -> Kind:
        tags: list[Any] = draw(
            st.sampled_from([["card", "cash"], [1, 2], [Colour.RED, Colour.BLUE], ["card", 1], ["card", Colour.RED]])
        )
        drawn = [draw(_models(depth - 1, {"kind": (Literal[tag], Field())})) for tag in tags]
        wires = [_with_tag(each, tag) for each, tag in zip(drawn, tags, strict=True)]
        models = [each.model for each in drawn]
        if draw(st.integers(0, 4)) == 0:
            card: Any = Annotated[models[0], Tag("card")]
            choices: Any = card | Annotated[models[1], Tag("cash")]
            return Kind(Annotated[choices, Discriminator(_kind_of)], st.one_of(*wires))
        found: Any = models[0] | models[1]
        if draw(st.integers(0, 4)):
            found = Annotated[found, Field(discriminator="kind")]
        return Kind(found, st.one_of(*wires))

    return tagged()


def _kind_of(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else None


def _with_tag(drawn: Drawn, tag: Any) -> SearchStrategy[dict[str, Any]]:
    value = tag.value if isinstance(tag, Enum) else tag
    wire = {"S": value} if isinstance(value, str) else {"N": str(value)}
    wrong = st.sampled_from([{"S": "card"}, {"N": "1"}, {"N": "1.0"}, {"BOOL": True}, {"S": "red"}, {"NULL": True}])
    name = "KIND" if drawn.model.model_config.get("alias_generator") else "kind"
    tags = st.one_of(st.just(wire), st.just(wire), st.just(wire), st.just(wire), wrong)
    return st.builds(lambda image, tag: {"M": {**image, name: tag}}, drawn.images, tags)


# -------------------------------------------------------------------------------------------------------------- images


@st.composite
def schemas_and_images(draw: st.DrawFn) -> tuple[type[BaseModel], list[Any]]:
    """A model, and some images: two as they are drawn for it, and one of which a part is replaced."""
    drawn = draw(_models(2))
    images = [copy.deepcopy(draw(drawn.images)) for _ in range(3)]
    return drawn.model, [*images[:2], _broken(draw, images[2])]


def _broken(draw: st.DrawFn, image: Any) -> Any:
    """Replace one part of an image, at any depth."""
    places: list[tuple[Any, Any]] = []
    _collect(image, places)
    if places:
        holder, place = draw(st.sampled_from(places))
        holder[place] = draw(st.one_of(junk(), attribute_values(), texts(), numbers(), st.sampled_from(_ODD)))
    return image


def _collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, inner in items:
        places.append((value, place))
        _collect(inner, places)


_ODD: Final[tuple[Any, ...]] = (
    *({"S": "a", "N": "1"}, {"NULL": False}, {"NULL": None}, {"SS": []}, {"SS": ["a", "a"]}, {"NS": ["1", "1.0"]}),
    *(
        {"L": ()},
        {"M": []},
        {"BOOL": 1},
        {"S": Colour.RED},
        {"S": b"a"},
        {},
        {"X": 1},
        None,
        [],
        1,
        {"M": {1: {"S": ""}}},
    ),
)
