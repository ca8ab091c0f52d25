"""Changes promise the images that their event guarantees, and a diff is exactly what differs between two images."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import Change, DecodeError, Diff, Event, Insert, Modify, Record, Remove, RouterError
from router.wire.decode import decode_image
from tests.strategies import SECRET, scalars

PLAIN_NAMES = st.text("abc", min_size=1, max_size=2)


def images() -> st.SearchStrategy[dict[str, Any]]:
    """Images whose names hold no dots or brackets, which a written path could not tell from its own."""
    few: st.SearchStrategy[dict[str, Any]] = st.builds(dict, N=st.sampled_from(["1", "1.0", "2"]))
    values: st.SearchStrategy[dict[str, Any]] = st.recursive(
        few | scalars(),
        lambda inner: (
            st.builds(dict, M=st.dictionaries(PLAIN_NAMES, inner, max_size=3))
            | st.builds(dict, L=st.lists(inner, max_size=3))
        ),
        max_leaves=6,
    )
    return st.dictionaries(PLAIN_NAMES, values, max_size=5)


def record(event: Event = Event.MODIFY, **body: Any) -> Record:
    return Record({}, body, event)


# -------------------------------------------------------------------------------------------------------------- changes


@pytest.mark.parametrize(
    ("change", "new", "old", "image"),
    [
        (Insert("new"), "new", None, "new"),
        (Modify("new", "old"), "new", "old", "new"),
        (Remove("old"), None, "old", "old"),
        (Change("new", "old"), "new", "old", "new"),
        (Change("new", None), "new", None, "new"),
        (Change(None, "old"), None, "old", "old"),
        (Change("", "old"), "", "old", ""),
    ],
)
def test_images(change: Change[str], new: str | None, old: str | None, image: str) -> None:
    """A change has the images of its event, and its image is the new one wherever there is one."""
    assert (change.new, change.old, change.image) == (new, old, image)


@pytest.mark.parametrize("change", [Insert(1), Modify(1, 2), Remove(2)])
def test_each_is_a_change(change: object) -> None:
    """An insert, a modification and a removal are changes."""
    assert isinstance(change, Change)


@pytest.mark.parametrize("attribute", ["new", "old", "image", "record", "event", "keys", "diff"])
def test_read_only(attribute: str) -> None:
    """A handler cannot change what later handlers of the record are given."""
    with pytest.raises(AttributeError):
        setattr(Modify(1, 2, record()), attribute, 3)


def test_record() -> None:
    """A change knows the record that carried it."""
    carried_by = record()
    assert Modify(1, 2, carried_by).record is carried_by


@pytest.mark.parametrize(
    ("change", "name"),
    [(Insert(1), "Insert"), (Modify(1, 2), "Modify"), (Remove(2), "Remove"), (Change(1, 2), "Change")],
)
def test_without_record(change: Change[int], name: str) -> None:
    """A change made by hand raises when its record is needed, and says how to pass one."""
    with pytest.raises(RouterError) as caught:
        _ = change.record
    assert str(caught.value) == f"this {name} was made without a record; give it one: {name}(..., record)"


def test_event() -> None:
    """The event is the record's."""
    assert Remove(1, record(Event.EXPIRE)).event is Event.EXPIRE


def test_keys() -> None:
    """The keys are the record's, as Python values."""
    assert Insert(1, record(Keys={"pk": {"S": "ORDER#1"}})).keys == {"pk": "ORDER#1"}


@pytest.mark.parametrize(("event", "expired"), [(Event.EXPIRE, True), (Event.DELETE, False)])
def test_expired(event: Event, expired: bool) -> None:
    """A removal says whether the item's time to live ran out."""
    assert Remove(1, record(event)).expired is expired


def test_diff_of_a_change() -> None:
    """A change's diff is that of the record's two images."""
    change = Modify(1, 2, record(OldImage={"a": {"N": "1"}}, NewImage={"a": {"N": "2"}}))
    assert change.diff == Diff({}, {}, {"a": (1, 2)})


def test_diff_of_an_insert() -> None:
    """On an insert everything is added."""
    assert Insert(1, record(Event.INSERT, NewImage={"a": {"N": "1"}})).diff == Diff({"a": 1}, {}, {})


def test_diff_of_a_removal() -> None:
    """On a removal everything is removed."""
    assert Remove(1, record(Event.DELETE, OldImage={"a": {"N": "1"}})).diff == Diff({}, {"a": 1}, {})


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (Insert(SECRET), "<Insert None>"),
        (Modify(SECRET, SECRET, record()), "<Modify <Record MODIFY entity=None sequence_number=None>>"),
    ],
)
def test_repr_of_a_change(change: Change[str], text: str) -> None:
    """Printing a change shows its record's identity and nothing of the item."""
    assert repr(change) == text


# ----------------------------------------------------------------------------------------------------------------- diff


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        ({}, {}, Diff({}, {}, {})),
        ({}, {"a": {"S": "x"}}, Diff({"a": "x"}, {}, {})),
        ({"a": {"S": "x"}}, {}, Diff({}, {"a": "x"}, {})),
        ({"a": {"S": "x"}}, {"a": {"S": "y"}}, Diff({}, {}, {"a": ("x", "y")})),
        ({"a": {"S": "1"}}, {"a": {"N": "1"}}, Diff({}, {}, {"a": ("1", 1)})),
        ({"a": {"N": "1"}}, {"a": {"N": "1.0"}}, Diff({}, {}, {})),
        ({"a": {"S": "x"}}, {"a": {"NULL": True}}, Diff({}, {}, {"a": ("x", None)})),
        ({}, {"a": {"NULL": True}}, Diff({"a": None}, {}, {})),
        (
            {"a": {"M": {"b": {"N": "1"}, "c": {"N": "1"}}}},
            {"a": {"M": {"b": {"N": "2"}, "d": {"N": "1"}}}},
            Diff({"a.d": 1}, {"a.c": 1}, {"a.b": (1, 2)}),
        ),
        (
            {"a": {"L": [{"M": {"b": {"N": "1"}}}, {"N": "5"}]}},
            {"a": {"L": [{"M": {"b": {"N": "2"}}}]}},
            Diff({}, {"a[1]": 5}, {"a[0].b": (1, 2)}),
        ),
        ({"a": {"M": {}}}, {"a": {"L": []}}, Diff({}, {}, {"a": ({}, [])})),
    ],
)
def test_between(old: Any, new: Any, diff: Diff) -> None:
    """A diff tells what was added, removed and changed by path, as Python values."""
    assert Diff.between(old, new) == diff


def test_malformed() -> None:
    """A malformed value that differs is a decode error."""
    with pytest.raises(DecodeError):
        Diff.between({"a": {"N": "1"}}, {"a": {"N": "one"}})


@given(images())
def test_of_equal_images(image: Any) -> None:
    """Nothing differs between an image and itself."""
    diff = Diff.between(image, image)
    assert (bool(diff), list(diff)) == (False, [])


@given(images(), images())
def test_applied(old: Any, new: Any) -> None:
    """The old image with what the diff says is the new image."""
    diff = Diff.between(old, new)
    assert applied(diff, decode_image(old)) == decode_image(new)


@given(images(), images())
def test_turned_round(old: Any, new: Any) -> None:
    """The diff of the way back adds what this one removes, and removes what it adds."""
    there, back = Diff.between(old, new), Diff.between(new, old)
    assert Diff(there.removed, there.added, {path: (b, a) for path, (a, b) in there.changed.items()}) == back


def applied(diff: Diff, image: dict[str, Any]) -> dict[str, Any]:
    # The highest positions of a list go first, so that the others stay where they are.
    for path in sorted(diff.removed, key=steps, reverse=True):
        *way, last = steps(path)
        del walked(image, way)[last]
    for path in sorted((*diff.added, *diff.changed), key=steps):
        *way, last = steps(path)
        container = walked(image, way)
        value = diff.added[path] if path in diff.added else diff.changed[path][1]
        if isinstance(container, list) and last == len(container):
            container.append(value)
        else:
            container[last] = value
    return image


def steps(path: str) -> list[Any]:
    parts = path.replace("[", ".[").split(".")
    return [int(part[1:-1]) if part.startswith("[") else part for part in parts]


def walked(container: Any, way: list[Any]) -> Any:
    for step in way:
        container = container[step]
    return container


def test_length() -> None:
    """A diff is as long as the number of places that differ."""
    assert len(Diff({"a": 1}, {"b": 1}, {"c": (1, 2), "d": (1, 2)})) == 4


def test_iteration() -> None:
    """A diff gives the paths that differ: added, removed, changed."""
    assert list(Diff({"a": 1}, {"b": 1}, {"c": (1, 2)})) == ["a", "b", "c"]


@pytest.mark.parametrize(("path", "there"), [("a", True), ("b", True), ("c", True), ("d", False), (1, False)])
def test_contains(path: object, there: bool) -> None:
    """A path is in a diff if something differs there."""
    assert (path in Diff({"a": 1}, {"b": 1}, {"c": (1, 2)})) is there


@pytest.mark.parametrize("other", [Diff({}, {"a": 1}, {}), Diff({}, {}, {}), {"a": 1}, None])
def test_unequal(other: object) -> None:
    """A diff equals nothing but a diff of the same places and values."""
    assert Diff({"a": 1}, {}, {}) != other


def test_not_hashable() -> None:
    """A diff, which holds dicts, cannot be hashed."""
    with pytest.raises(TypeError):
        hash(Diff({}, {}, {}))


def test_repr_without_values() -> None:
    """Printing a diff shows paths and no value."""
    diff = Diff({"a.b": SECRET}, {"c": SECRET}, {"d[0]": (SECRET, SECRET)})
    assert repr(diff) == "Diff(added=['a.b'], removed=['c'], changed=['d[0]'])"
