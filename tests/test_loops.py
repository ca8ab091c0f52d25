"""Records that only an own write or another region made are skipped, if the Dispatcher is asked to."""

from typing import Any

import pytest

from router import Change, Dispatcher, RegistrationError, Routes, stamp
from router.loops import STAMP
from tests.builders import Handled, Json, Order, batch, dispatcher, insert, modify, remove

ONE: Json = {STAMP: "1"}
OTHER: Json = {STAMP: "2"}
REP = "aws:rep:update"


def replicated(region: str, time: int, **values: Any) -> Json:
    return {f"{REP}region": region, f"{REP}time": {"N": str(time)}, **values}


OWN: list[tuple[Json, bool]] = [
    (insert(1, **ONE), True),
    (insert(1), False),
    (modify(1, old=ONE, **OTHER), True),
    (modify(1, **ONE), True),
    (modify(1, old=ONE, status="x", **ONE), False),
    (modify(1, old=ONE), False),
    (remove(1, **ONE), False),
]


@pytest.mark.parametrize(("record", "skipped"), OWN)
def test_own_writes(record: Json, *, skipped: bool) -> None:
    """Skipped is what set a new stamp; a later write that leaves the stamp, a removal and an unstamped write run."""
    handled = Handled()
    app = dispatcher(handled, skip_own_writes=True)
    (outcome,) = app.dispatch(batch(record))
    assert (outcome.status, [*handled]) == (("skipped", []) if skipped else ("done", ["1"]))
    assert bool(app.explain(record).matching) != skipped


def test_explanation() -> None:
    """An explanation says why the record is skipped, and no value of the item."""
    app = dispatcher(Handled(), skip_own_writes=True)
    (verdict,) = app.explain(insert(1, **ONE)).verdicts
    assert verdict.reason == "an own write: it set a new routerStamp"


def test_off_by_default() -> None:
    """Without the option a stamped record runs."""
    handled = Handled()
    dispatcher(handled)(batch(insert(1, **ONE)))
    assert [*handled] == ["1"]


def test_stamps_of_another_function() -> None:
    """A function skips the stamps of its own attribute only."""
    handled = Handled()
    dispatcher(handled, skip_own_writes="indexer")(batch(insert(1, "a", **ONE), insert(2, "b", indexer="1")))
    assert [*handled] == ["1"]


def test_fallback() -> None:
    """Own writes do not reach the fallback."""
    routes, ran = Routes(), list[str]()

    @routes.fallback
    def handler(change: Change[dict[str, Any]]) -> None:
        ran.append(change.record.sequence_number or "")

    Dispatcher(routes, skip_own_writes=True)(batch(insert(1, "a", **ONE), insert(2, "b")))
    assert ran == ["2"]


HERE, THERE = "eu-west-1", "us-east-1"


@pytest.mark.parametrize(
    ("record", "skipped"),
    [
        (insert(1, **replicated(THERE, 1)), True),
        (insert(1, **replicated(HERE, 1)), False),
        (modify(1, old=replicated(HERE, 1), **replicated(THERE, 2, status="x")), True),
        (modify(1, old=replicated(THERE, 1), **replicated(THERE, 1, status="x")), False),
        (modify(1, old=replicated(THERE, 1), **replicated(HERE, 2)), True),
        (modify(1, old={"status": "x"}, status="y"), False),
    ],
)
def test_replicated(record: Json, *, skipped: bool) -> None:
    """Skipped is what another region wrote, and what only the replication wrote; a local write on top of it runs."""
    handled = Handled()
    dispatcher(handled, skip_replicated=True)(batch(record))
    assert [*handled] == ([] if skipped else ["1"])


@pytest.mark.parametrize(("region", "ran"), [(HERE, ["1"]), (THERE, [])])
def test_region_attribute(region: str, ran: list[str]) -> None:
    """An attribute may name the region of each write."""
    handled = Handled()
    dispatcher(handled, skip_replicated="writtenIn")(batch(insert(1, writtenIn=region)))
    assert [*handled] == ran


@pytest.mark.parametrize("option", ["skip_own_writes", "skip_replicated"])
@pytest.mark.parametrize("value", ["", None, 1, [], Order])
def test_value_that_is_none(option: str, value: Any) -> None:
    """The options take a bool or the name of an attribute."""
    with pytest.raises(RegistrationError, match=rf"Dispatcher\({option}=\) found .*, expected True, or the name"):
        Dispatcher(**{option: value})


@pytest.mark.parametrize("options", [{"skip_own_writes": "x"}, {"skip_own_writes": True}, {"skip_replicated": True}])
def test_view_without_old_images(options: Json) -> None:
    """Without old images a later write would look like an own one, and be lost."""
    with pytest.raises(RegistrationError, match="found view='NEW_IMAGE', expected a stream with NewImage and OldImage"):
        Dispatcher(view="NEW_IMAGE", **options)


@pytest.mark.parametrize("item", [{}, {"pk": "a"}, {"pk": {"S": "a"}}, {"pk": {"S": "a"}, "n": 1}, {"m": {"x": 1}}])
def test_stamp(item: Json) -> None:
    """A stamp is new at each call, in the form of the item, which is not changed."""
    before = dict(item)
    one, two = stamp(item), stamp(item)
    assert (item, set(one), one != two) == (before, {*item, STAMP}, True)
    assert isinstance(one[STAMP], dict) == (item == {"pk": {"S": "a"}})
