"""The lookup by index gives the same outcomes as the exact lookup, and changes find their records."""

import copy
import gc
import pickle
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import (
    Change,
    DecodeError,
    Dispatcher,
    Insert,
    Modify,
    Outcome,
    RegistrationError,
    Routes,
    all_of,
    any_of,
    became,
    changed,
    not_,
    where,
)
from router.conditions import Condition, required_text
from router.planning.lookup import NO_INDEX
from router.record import Batch
from tests.builders import TTL, Json, Order, batch, dispatcher, insert, inserts, modify, remove, without
from tests.clock import Clock
from tests.examples import examples
from tests.strategies import junk

STATUSES = ("NEW", "PAID", "SHIPPED")


class Picky:
    """A user's own condition."""

    compares = False

    def wire(self, old: Any, new: Any) -> bool | None:
        if new.get("total") == {"N": "13"}:
            raise LookupError("thirteen")
        return None if new.get("total") == {"N": "7"} else True

    def typed(self, change: Any, old: Any, new: Any) -> bool:
        return bool(change.image.status != "NEW")


def conditions() -> st.SearchStrategy[Condition[Any]]:
    statuses = st.sampled_from(STATUSES)
    simple: st.SearchStrategy[Condition[Any]] = st.one_of(
        st.builds(lambda status: changed("status", to=status), statuses),
        st.builds(lambda status: changed("status", from_=status), statuses),
        st.builds(lambda status: became("status", status), statuses),
        st.builds(lambda pk: became("pk", pk), st.sampled_from("ab")),
        st.sampled_from(
            [
                changed("status", "total", to="PAID"),
                changed("total", to=7),
                changed("status", to=None),
                changed("total"),
                where(lambda change: change.image.total > 5),
                where(lambda change: 1 // (change.image.total - 3) != 0),
                Picky(),
            ]
        ),
    )
    return st.recursive(
        simple,
        lambda inner: (
            st.builds(not_, inner)
            | st.lists(inner, min_size=1, max_size=3).map(lambda some: all_of(*some))
            | st.lists(inner, min_size=1, max_size=3).map(lambda some: any_of(*some))
        ),
        max_leaves=4,
    )


Registered = tuple[str, type[Any], Condition[Any] | None]


def routes_of(registered: Sequence[Registered], seen: list[Any]) -> Routes:
    routes = Routes()

    def note(change: Any) -> None:
        seen.append(
            (type(change), repr(change.new), repr(change.old), change.record.sequence_number, change.record.entity)
        )
        if change.image.total == 66:
            raise TimeoutError

    for decorator, model, condition in registered:
        with suppress(RegistrationError):  # a condition that no change can meet
            getattr(routes, decorator)(model, *([] if condition is None else [condition]))(
                _handler(decorator, note, seen)
            )
    return routes


def _handler(decorator: str, note: Callable[[Any], None], seen: list[Any]) -> Any:
    """A handler of its own for each route, as no two routes may be alike."""

    def on_insert(change: Insert[Any]) -> None:
        note(change)

    def on_modify(change: Modify[Any]) -> None:
        note(change)

    def on(change: Change[Any]) -> None:
        note(change)

    def on_batch(changes: Sequence[Change[Any]]) -> None:
        seen.append([change.record.sequence_number for change in changes])

    return {"on_insert": on_insert, "on_modify": on_modify, "on": on, "on_batch": on_batch}[decorator]


def registrations() -> st.SearchStrategy[list[Registered]]:
    return st.lists(
        st.tuples(
            st.sampled_from(["on_insert", "on_modify", "on_modify", "on", "on_batch"]),
            st.just(Order),
            st.none() | conditions(),
        ),
        max_size=5,
    )


@st.composite
def records(draw: st.DrawFn) -> list[Json]:
    found = []
    for number in range(draw(st.integers(1, 6))):
        key, entity = draw(st.sampled_from("ab")), draw(st.sampled_from(["Order", "Order", "Order", "Other", ""]))
        values: Json = {"total": draw(st.sampled_from([1, 3, 6, 7, 13, 66])), "status": draw(st.sampled_from(STATUSES))}
        match draw(st.sampled_from(["insert", "modify", "modify", "remove", "expire", "broken"])):
            case "insert":
                found.append(insert(number, key, entity, **values))
            case "modify":
                found.append(modify(number, key, entity, old={"status": draw(st.sampled_from(STATUSES))}, **values))
            case "remove":
                found.append(remove(number, key, entity, **values))
            case "expire":
                found.append({**remove(number, key, entity, **values), "userIdentity": TTL})
            case _:
                found.append(broken(draw, modify(number, key, entity, **values)))
    return found


def broken(draw: st.DrawFn, raw: Json) -> Json:
    """A modification with one part removed or replaced."""
    raw = copy.deepcopy(raw)
    places: list[tuple[Any, str]] = [
        *((raw, name) for name in ("eventName", "dynamodb", "eventID")),
        *((raw["dynamodb"], name) for name in ("NewImage", "OldImage", "Keys", "SequenceNumber")),
        *(
            (raw["dynamodb"][image], name)
            for image in ("NewImage", "OldImage")
            for name in ("EntityType", "status", "pk")
        ),
    ]
    holder, name = draw(st.sampled_from(places))
    if draw(st.booleans()):
        holder.pop(name, None)
    else:
        holder[name] = draw(
            junk() | st.sampled_from(["INSERT", {}, {"S": "Order"}, {"S": "PAID", "N": "1"}, {"S": []}])
        )
    return raw


def results(app: Dispatcher, event: Json, seen: list[Any]) -> Any:
    """The outcomes, the response and the handlers' notes of an event, without times."""
    seen.clear()
    try:
        report = app.dispatch(copy.deepcopy(event))
    except Exception as error:  # noqa: BLE001 - what there is to compare
        return type(error), str(error), list(seen)
    return [portrait(outcome) for outcome in report], report.response, list(seen)


def portrait(outcome: Outcome) -> Any:
    error, found = outcome.error, outcome.record
    return (
        *(outcome.status, outcome.stage, repr(outcome.route), type(error), str(error)),
        *(found.event, found.entity, found.sequence_number, found.new_image, found.old_image, found.raw),
    )


def fall(change: Change[dict[str, Any]]) -> None: ...


@settings(max_examples=examples(300))
@given(registrations(), records(), st.sampled_from(["skip", "fail"]), st.booleans())
def test_the_index_gives_the_results_of_the_exact_lookup(
    registered: list[Registered], raws: list[Json], unrouted: Any, fallback: bool
) -> None:
    """A dispatcher with an index gives the results of one without it, for any routes and records."""
    seen: list[Any] = []
    routes = routes_of(registered, seen)
    if fallback:
        routes.fallback(fall)
    indexed, exact = (Dispatcher(routes, unrouted=unrouted) for _ in range(2))
    assert indexed._plan.index is not NO_INDEX
    exact._plan = replace(exact._plan, index=NO_INDEX)
    assert results(indexed, batch(*raws), seen) == results(exact, batch(*raws), seen)


@pytest.mark.parametrize(
    ("condition", "required"),
    [
        (changed("status", to="PAID"), ("status", "PAID")),
        (changed("status", from_="NEW", to="PAID"), ("status", "PAID")),
        (became("status", "PAID"), ("status", "PAID")),
        (all_of(where(bool), changed("total"), became("status", "PAID")), ("status", "PAID")),
        (all_of(all_of(changed("status", to="PAID"))), ("status", "PAID")),
        (all_of(Picky(), became("status", "PAID")), None),
        (changed("status"), None),
        (changed("status", to=5), None),
        (changed("status", to=None), None),
        (changed("status", "total", to="PAID"), None),
        (changed("address.city", to="Bonn"), None),
        (any_of(became("status", "PAID")), None),
        (not_(became("status", "PAID")), None),
        (where(bool), None),
        (Picky(), None),
        (None, None),
    ],
)
def test_what_a_condition_requires(condition: Condition[Any] | None, required: tuple[str, str] | None) -> None:
    """A text is required only if no other text can meet the condition."""
    assert required_text(condition) == required


# ------------------------------------------------------------------------------------------------------ what is left


def test_a_changes_record_is_the_one_of_the_batch_and_of_the_outcome() -> None:
    """A change, the batch and the outcome have the same Record object, made on first use."""
    routes, seen = Routes(), []

    @routes.on_insert(Order)
    def note(change: Insert[Order], batch: Batch) -> None:
        seen.append((change.record, batch[-1], change.record.entity, change.keys))

    report = Dispatcher(routes).dispatch(inserts(1, 2))
    (first, last, entity, keys), (second, itself, *_) = seen
    assert last is second is itself
    assert [outcome.record for outcome in report] == [first, second]
    assert (entity, keys) == ("Order", {"pk": "key-1"})
    assert second.entity == "Order"


def keeping(kept: list[Change[Order]]) -> Dispatcher:
    routes = Routes()

    @routes.on_insert(Order)
    def insert(change: Insert[Order]) -> None:
        kept.append(change)

    @routes.on_modify(Order)
    def modify(change: Modify[Order]) -> None:
        kept.append(change)

    return Dispatcher(routes)


def test_a_change_that_is_kept_keeps_no_other_record() -> None:
    """A change that a handler keeps does not keep the other records of its event in memory."""

    class Raw(dict[str, Any]):
        """A dict that can be referred to weakly."""

    kept: list[Change[Order]] = []
    raws = [Raw(insert(number)) for number in (1, 2)]
    other = weakref.ref(raws[1])
    keeping(kept)({"Records": raws})
    del kept[1], raws
    gc.collect()
    assert other() is None
    (change,) = kept
    assert (change.record.sequence_number, change.record.entity, change.keys) == ("1", "Order", {"pk": "a"})
    assert change.record is change.record


@pytest.mark.parametrize("ask", [False, True], ids=["before its record is made", "after that"])
def test_a_change_can_be_copied_and_sent_to_another_process(ask: bool) -> None:
    """A copied or unpickled change has its record."""
    kept: list[Change[Order]] = []
    keeping(kept)(batch(modify(5, old={"total": 1}, total=2)))
    (change,) = kept
    if ask:
        assert change.record.entity == "Order"
    for again in (copy.copy(change), pickle.loads(pickle.dumps(change))):  # noqa: S301 - pickled a moment ago
        assert (again.new, again.old, again.record.sequence_number, again.diff.changed) == (
            *(change.new, change.old),
            *("5", {"total": (1, 2)}),
        )


def test_a_change_made_by_hand_can_be_copied() -> None:
    """A copy of a change without a record has none either."""
    assert repr(copy.copy(Insert("new"))) == "<Insert None>"


def test_each_outcome_has_its_own_duration(clock: Clock) -> None:
    """The duration of a slow handler belongs to its own record, though outcomes are made later."""
    routes = Routes()

    @routes.on_insert(Order)
    def work(change: Insert[Order]) -> None:
        clock.advance(0.02 if change.new.pk == "slow" else 0.001)

    raws = [insert(1, "quick"), insert(2, entity="Other"), insert(3, "slow"), remove(4), insert(5, "quick")]
    durations = [outcome.duration for outcome in Dispatcher(routes).dispatch(batch(*raws))]
    assert durations == pytest.approx([0.001, 0, 0.02, 0, 0.001])


def test_a_modification_without_its_old_image() -> None:
    """A handler of Modify fails without the old image; a handler of Change gets the new one."""
    raw = without(modify(1, total=5), "OldImage")
    routes = Routes()

    @routes.on_modify(Order)
    def both(change: Modify[Order]) -> None: ...

    (outcome,) = Dispatcher(routes).dispatch(batch(raw))
    assert (outcome.stage, type(outcome.error)) == ("decode", DecodeError)
    assert "OldImage" in str(outcome.error)
    seen: list[Any] = []

    def either(change: Change[Order]) -> None:
        seen.append((change.image.total, change.old))

    dispatcher(either)(batch(raw))
    assert seen == [(5, None)]
