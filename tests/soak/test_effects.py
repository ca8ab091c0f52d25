"""The tables of effects are as the changes give them once and in order, while requests fail and containers die."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from router.effects import Cascade, View
from router.effects.once import Markers
from tests.soak.effects_checker import EffectFindings, check_effects
from tests.soak.simulation import Simulation

INJECTED = {f"{what} {when} the effect" for what in ("killed", "raised") for when in ("before", "after")}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")


def soaked(path: Path, source: str = "streams", changes: int = 1_000) -> EffectFindings:
    Simulation(path, changes, seed=3, source=source, by="effects", intensity=6).run()
    return check_effects(path, ordered=source != "sqs", events=True)


@pytest.mark.parametrize(
    "source", ["streams", *(pytest.param(each, marks=pytest.mark.slow) for each in ("fifo", "sqs"))]
)
def test_items_are_as_the_changes_give_them_in_order(source: str, tmp_path: Path) -> None:
    """Views, counters, sums and children have the effect of each change that is not parked, once."""
    found = soaked(tmp_path / "soak.db", source)
    assert (found.wrong, found.compared > 400) == ([], True)
    assert {*found.injected} >= INJECTED


def _write_without_a_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    put: Any = Markers.put

    def without_condition(*arguments: Any) -> Any:
        write = put(*arguments)["Put"]
        return {"Put": {"TableName": write["TableName"], "Item": write["Item"]}}

    monkeypatch.setattr(Markers, "put", without_condition)


def _show_without_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    write: Any = View._write
    any_item = "attribute_exists(pk) OR attribute_not_exists(pk)"

    def without_condition(*arguments: Any, **request: Any) -> Any:
        return write(*arguments, **{**request, "ConditionExpression": any_item})

    monkeypatch.setattr(View, "_write", without_condition)


def _delete_without_a_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    delete: Any = Cascade.delete
    monkeypatch.setattr(Cascade, "delete", lambda *given, **others: delete(*given, **{**others, "parent": None}))


def _stop_after_the_first_page(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: Any = Cascade._pages
    monkeypatch.setattr(Cascade, "_pages", lambda *given, **others: [*pages(*given, **others)][:1])


def _publish_under_new_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.effects.publisher.event_id_of", lambda record: f"{record.event_id}-{uuid4()}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        (_write_without_a_marker, {"COUNT", "LINE", "NOTE", "TOTAL"}),
        (_show_without_a_version, {"VIEW"}),
        (_delete_without_a_parent, {"NOTE"}),
        (_stop_after_the_first_page, {"NOTE"}),
        (_publish_under_new_ids, {"EVENTS"}),
    ],
)
def test_a_broken_effect_is_found(
    damage: Callable[[pytest.MonkeyPatch], None], wrong: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an effect does against a second delivery is needed: without it, its items are wrong, and no others are."""
    damage(monkeypatch)
    found = soaked(tmp_path / "soak.db", changes=600)
    assert {key[1].partition("#")[0] for key in found.wrong} == wrong
