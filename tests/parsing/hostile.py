"""Models whose names, aliases, literals, enums and defaults would break source code that contained them unquoted."""

from enum import Enum
from typing import Any, Final, Literal, cast

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

__all__ = ["HOSTILE_TEXTS", "Printing", "Tricky", "attributes_of", "enum_member", "hostile_models_and_images"]


class Printing(str):
    """A text that prints as code, and as another text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'a'] if exit() else image['b'"

    def __str__(self) -> str:
        return "another"

    def __format__(self, spec: str) -> str:
        return "{another}"


class Tricky(Printing):
    """A text that equals nothing but itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def enum_member(text: str) -> Any:
    """A member of a ``(str, Enum)`` with this value."""
    make: Any = Enum
    return make("Column", {"MEMBER": text}, type=str).MEMBER


HOSTILE_TEXTS: Final = (
    *("it's", 'a"b', "'''", '"""', "{x}", "{", "}}", "a\nb", "a\r", "a\\", "\\n", "#", "%s", "\x00", "\u2028", "a b"),
    *("class", "None", "__class__", "__dict__", "__x__", "image", "name", "constant0", "value1", "wire1"),
    *("fields_set1", "parse_exactly", "value_of", "Decimal", "ключ", "ﬁ", "fi", "💥", "a.b", "a[0]", "", " "),
    *("\ud800", "\udc80"),
)

_TEXTS: Final = st.sampled_from(HOSTILE_TEXTS) | st.text(st.characters(), max_size=3)
_OWN_CLASS: Final = _TEXTS.map(Printing) | _TEXTS.map(enum_member)
_NAMES: Final[st.SearchStrategy[Any]] = st.one_of(_TEXTS, _TEXTS, _TEXTS, _OWN_CLASS, _OWN_CLASS, _TEXTS.map(Tricky))
_ALIASES: Final[st.SearchStrategy[dict[str, Any]]] = st.one_of(
    st.just({}),
    st.builds(dict, alias=_NAMES),
    st.builds(dict, validation_alias=_NAMES),
    st.builds(dict, validation_alias=st.builds(AliasPath, _NAMES)),
    st.builds(dict, validation_alias=st.builds(AliasChoices, _NAMES, _NAMES)),
    st.builds(dict, validation_alias=st.builds(AliasChoices, _NAMES, st.builds(AliasPath, _NAMES, _NAMES))),
)
"""Arguments of ``Field``."""
_DEFAULTS: Final[st.SearchStrategy[dict[str, Any]]] = st.sampled_from(
    [{}, {"default": None}, {"default": Tricky("d")}, {"default_factory": list}]
)


@st.composite
def _types_and_values(draw: st.DrawFn) -> Any:
    """The type of a field, and an attribute value that it takes."""
    texts = draw(st.lists(_TEXTS, min_size=1, max_size=3, unique=True))
    members = {f"m{position}": text for position, text in enumerate(texts)}
    inner: Any = _created({"a": (int, Field(0, **draw(_ALIASES))), "b": (str, "b")}, ConfigDict())
    text, number = {"S": texts[0]}, {"N": "5"}
    item = {"M": {name: number for name in attributes_of(inner) if name != "b"}}
    return draw(
        st.sampled_from(
            [
                *((str, text), (int, number), (list[str], {"L": [text]}), (dict[str, int], {"M": {texts[0]: number}})),
                *((inner, item), (list[inner], {"L": [item]}), (inner | None, item)),
                (Literal[tuple(texts)], text),
                (Literal[tuple(map(Tricky, texts))], text),
                (Literal[enum_member(texts[0])], text),
                (Enum("Plain", members), text),
                (Enum("Text", members, type=str), text),
                (Enum("Own", {name: Tricky(text) for name, text in members.items()}), text),
            ]
        )
    )


@st.composite
def hostile_models_and_images(draw: st.DrawFn) -> tuple[type[BaseModel], dict[str, Any]]:
    """A model that pydantic accepts, and an image with some of its attributes."""
    generated = draw(st.dictionaries(_TEXTS, _NAMES, max_size=2))
    config = ConfigDict(
        populate_by_name=draw(st.booleans()),
        use_enum_values=draw(st.booleans()),
        alias_generator=(lambda name: generated.get(name, name)) if generated else None,
    )
    names = st.one_of(*[_TEXTS] * 9, _TEXTS.map(Printing))
    fields: dict[str, Any] = {}
    values: list[dict[str, Any]] = []
    for name in draw(st.lists(names, min_size=1, max_size=3, unique_by=str.__str__)):
        kind, value = draw(_types_and_values())
        fields[name] = (kind, Field(**{**draw(_DEFAULTS), **draw(_ALIASES)}))
        values.append(value)
    model = _created(fields, config)
    image: dict[str, Any] = draw(st.dictionaries(_TEXTS, st.sampled_from(values), max_size=3))
    for field, value in zip(model.model_fields.items(), values, strict=True):
        for attribute in _read_from(*field):
            if draw(st.integers(0, 3)):
                image[attribute] = value if draw(st.integers(0, 9)) else {"NULL": True}
    return model, image


def _created(fields: Any, config: ConfigDict) -> type[BaseModel]:
    create: Any = create_model
    try:
        return cast("type[BaseModel]", create("Hostile", __config__=config, **fields))
    except Exception:
        assume(False)  # pydantic refuses some names, in one way or another
        raise


def attributes_of(model: type[BaseModel]) -> list[str]:
    """The names that the fields may be read from, as plain texts."""
    return [attribute for field in model.model_fields.items() for attribute in _read_from(*field)]


def _read_from(name: str, field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    names: list[Any] = [choice.path[0] if isinstance(choice, AliasPath) else choice for choice in choices]
    return [str.__str__(each) for each in (*names, name) if isinstance(each, str)]
