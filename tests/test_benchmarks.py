"""The benchmarks run, compare equal work, judge the figures and write them into the pages."""

from __future__ import annotations

import asyncio
import gc
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from router.testing import Context
from tests.benchmarks import dispatch, equality, instructions, lanes, rust, scale
from tests.benchmarks.contestants.entry import Entry, Seen
from tests.benchmarks.contestants.floor import floor
from tests.benchmarks.contestants.registry import CONTESTANTS, contestants_of
from tests.benchmarks.docs import FOLDER, MarkerError, spliced
from tests.benchmarks.equality import UnequalWorkError, check_equal_work
from tests.benchmarks.goals import GOALS, Goal
from tests.benchmarks.measuring import Spread, interleaved, ratios, timed
from tests.benchmarks.memory import measure_memory
from tests.benchmarks.page import pythons, table, tables
from tests.benchmarks.plot import plot
from tests.benchmarks.results import InRuntime, Measured, Results
from tests.benchmarks.rust import RustMissingError, rust_handler
from tests.benchmarks.workloads import GROUPS, Workload, event_text, workload_of


def measured(times: dict[str, list[float]]) -> Measured:
    return Measured("insert", "INSERT", records=100, bytes=1000, handled=100, times=times)


def no_rust() -> Callable[[bytes], int]:
    raise RustMissingError("no cargo here")


def text_of(workload: Workload) -> str:
    return event_text(workload, min(workload.records, 40))


@pytest.fixture
def frozen() -> Iterator[None]:
    """Excludes objects of other tests from the garbage collections before each of the measurements."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.slow
@pytest.mark.usefixtures("frozen")
def test_a_quick_run_measures_every_workload(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quick run measures all contestants on all workloads and keeps the figures; without Rust it says so."""
    monkeypatch.setattr(dispatch, "rust_handler", no_rust)
    path = tmp_path / "figures.json"
    dispatch.main(["--quick", "--json", str(path), "--plot", str(tmp_path / "figures.svg")])
    kept = json.loads(path.read_text(encoding="utf-8"))
    found = {workload["key"]: set(workload["contestants"]) for workload in kept["workloads"]}
    wanted = {workload.key: set(contestants_of(workload)) for group in GROUPS.values() for workload in group()}
    assert {key: names & {*CONTESTANTS} for key, names in found.items()} == wanted
    assert [kept[part].keys() for part in ("lanes", "in the runtime client")] == [
        {"app", "powertools", "asyncio"},
        {"app", "powertools", "nothing"},
    ]
    printed = capsys.readouterr()
    assert "one of four entities routed: 4 records" in printed.out
    assert printed.err == "Rust is not measured: no cargo here\n"


@pytest.mark.parametrize("group", [name for name in GROUPS if name != "entities"])
def test_contestants_do_the_same(group: str) -> None:
    """All contestants make equal models in the same order, or find the same number of failures."""
    for workload in GROUPS[group]():
        assert check_equal_work(workload, text_of(workload)) > 0


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda seen: seen.pop(), "called handlers 3 times, expected 4"),
        (lambda seen: seen.append(seen.pop(0)), "other models than the first contestant"),
    ],
    ids=["one less", "another order"],
)
def test_unequal_work_is_an_error(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Seen], Any], message: str) -> None:
    """A contestant that skips a record or changes the order ends the run before the measurement."""

    def lazy(workload: Workload, seen: Seen | None) -> Entry:
        honest = floor(workload, seen)

        def run(ready: Any, context: Any) -> None:
            honest.run(ready, context)
            assert seen is not None
            spoil(seen)

        return Entry(run, honest.failures, honest.prepare)

    monkeypatch.setattr(equality, "contestants_of", lambda _: {"app": CONTESTANTS["app"], "lazy": lazy})
    workload = workload_of("insert")
    with pytest.raises(UnequalWorkError, match=message):
        check_equal_work(workload, event_text(workload, 4))


def test_handlers_that_share_a_model_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contestant that gives the model of one handler to the next does less than the application."""

    def sharing(workload: Workload, seen: Seen | None) -> Entry:
        honest = floor(workload, seen)

        def run(ready: Any, context: Any) -> None:
            honest.run(ready, context)
            assert seen is not None
            seen[1] = ("1", seen[0][1])

        return Entry(run, honest.failures, honest.prepare)

    monkeypatch.setattr(equality, "contestants_of", lambda _: {"sharing": sharing})
    workload = workload_of("two-routes")
    with pytest.raises(UnequalWorkError, match="sharing gave a model to several handlers"):
        check_equal_work(workload, event_text(workload, 4))


def test_a_failure_that_is_not_found_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contestant that does not validate ends the run on a workload of invalid records."""
    monkeypatch.setattr(equality, "contestants_of", lambda _: {"lazy": lambda *_: Entry(lambda *_: None, lambda *_: 0)})
    workload = workload_of("invalid")
    with pytest.raises(UnequalWorkError, match="lazy found 0 invalid records of 4"):
        check_equal_work(workload, event_text(workload, 4))


def test_the_sample_has_the_size_of_its_event() -> None:
    """The sample has records of 586 bytes of JSON."""
    assert round(len(event_text(workload_of("sample"))) / 1000) == 586


def test_realistic_items_share_no_text() -> None:
    """Each item has texts and numbers of its own, as in a table, but for names, the entity and the status."""
    records = json.loads(event_text(workload_of("realistic"), 40))["Records"]
    texts = Counter(
        text
        for record in records
        for name, value in record["dynamodb"]["NewImage"].items()
        if name not in ("EntityType", "status", "note", "payment")
        for text in re.findall(r'"(?:S|N)": "([^"]{5,})"', json.dumps({name: value}))
    )
    assert len(texts) > 40 * 10
    assert max(texts.values()) == 1


def test_each_run_has_an_event_of_its_own() -> None:
    """What is measured gets another event each time, parsed before the measurement began."""
    events: list[Any] = []
    runs = [timed(partial(json.loads, '{"Records": []}'), events.append) for _ in range(2)]
    assert len(runs) == len({id(event) for event in events}) == 2


def test_each_is_measured_in_each_round() -> None:
    """Each contestant is measured once in each round, in orders that differ."""
    order: list[str] = []

    def run(name: str) -> float:
        order.append(name)
        return 1.0

    runs = {name: partial(run, name) for name in "abc"}
    times = interleaved(runs, 4)
    rounds = [tuple(order[start : start + 3]) for start in range(0, 12, 3)]
    assert {name: len(each) for name, each in times.items()} == dict.fromkeys("abc", 4)
    assert all(sorted(each) == list("abc") for each in rounds)
    assert len(set(rounds)) > 1


def test_ratios_are_of_one_round() -> None:
    """Ratios are taken within a round, so a round that is slow for both sides does not count."""
    assert ratios([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]) == Spread(2.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("at_least", "at_most", "verdict"),
    [(2, None, "met"), (2.1, None, "not met"), (None, 2, "met"), (None, 1.9, "not met")],
)
def test_a_goal_is_met_at_its_bound(at_least: float | None, at_most: float | None, verdict: str) -> None:
    """A figure equal to the bound meets the goal."""
    assert Goal("", lambda _: 2.0, at_least, at_most).verdict(Results(1)) == verdict


def test_what_was_not_measured_is_not_judged() -> None:
    """A goal whose workload was not measured has the verdict "not measured"."""
    assert {goal.verdict(Results(1)) for goal in GOALS} == {"not measured"}


def test_goals_look_at_the_right_times() -> None:
    """With three times Powertools' speed at twice the floor's time, one goal is met and the other is not."""
    times = {"app": [2.0], "powertools": [6.0], "floor": [1.0]}
    results = Results(1, {"realistic": measured(times)})
    assert [(goal.found(results), goal.verdict(results)) for goal in GOALS[:2]] == [(3.0, "met"), (2.0, "not met")]


def test_a_goal_has_its_ratio_in_instructions_beside_it() -> None:
    """The same ratio is taken from the counts, which the load of the machine does not change."""
    counts = {("realistic", "app"): 10.0, ("realistic", "powertools"): 25.0}
    assert [goal.in_instructions(Results(1, instructions=counts)) for goal in GOALS[:2]] == ["2.50", "-"]


def test_a_million_changes_cost_what_lambda_charges() -> None:
    """10 ms of a processor at a quarter of it are 40 ms, of 442 MB; 10,000 such invocations, and their requests."""
    measured = InRuntime({100: [0.010, 0.010]}, pause=0)
    results = Results(1, in_runtime={"app": measured, "powertools": measured})
    assert scale.billed(measured, 100, memory=442) == pytest.approx(0.041)  # rounded up
    assert next(iter(scale.time_rows(results)))[-1] == "1.7 min / 1.7 min"
    # 100 s at 1,769 MB: 172.75 GB-seconds, and 10,000 requests.
    assert [row[-1] for row in scale.money_rows(results)] == ["$0.0049 / $0.0049", "$0.0043 / $0.0043"]


def test_memory_is_small_and_nothing_is_kept() -> None:
    """Handling an event needs less than a quarter of the event's memory in addition, and leaves no objects."""
    memory = measure_memory(500_000)["app"]
    assert memory.share < 0.25
    assert memory.kept == 0


def test_the_same_figures_draw_the_same_picture(tmp_path: Path) -> None:
    """The picture has no date and no random parts."""
    results = Results(2, {"insert": measured({name: [1.0, 2.0] for name in CONTESTANTS})})
    for name in ("one.svg", "two.svg"):
        plot(results, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_figures_go_between_their_markers() -> None:
    """New figures replace those between the markers, and the text around them stays."""
    page = "before\n<!-- a -->\n\nold\n\n<!-- /a -->\nafter\n"
    assert spliced(page, {"a": "new"}) == page.replace("old", "new")


@pytest.mark.parametrize("figures", [{}, {"b": ""}, {"a": "", "b": ""}])
def test_other_markers_are_an_error(figures: dict[str, str]) -> None:
    """A figure without markers, or markers without a figure, is an error."""
    with pytest.raises(MarkerError, match="found markers a, expected"):
        spliced("<!-- a -->\n<!-- /a -->\n", figures)


def test_pages_have_a_place_for_each_figure() -> None:
    """The pages have the markers of ``--write-docs``."""
    page = FOLDER.joinpath("benchmarks.md").read_text(encoding="utf-8")
    assert spliced(page, {**tables(Results(1)), "pythons": ""})
    page = FOLDER.joinpath("scale.md").read_text(encoding="utf-8")
    assert spliced(page, dict.fromkeys(("time", "money", "shard", "simulated", "commands"), ""))


def test_pythons_stand_beside_each_other() -> None:
    """The table has a row for each workload and cold start and a column for each Python, with time and ratios."""
    times = {"app": [1e-4], "powertools": [3e-4], "powertools-models": [4e-4], "floor": [5e-5]}
    results = Results(1, {"insert": measured(times)})
    cold_start = {"milliseconds": {"median": 120.4}, "times Powertools": 0.9}
    results.cold_starts = {"shop": cold_start, "Powertools": cold_start}
    kept = [{**results.to_dict(), "python": version} for version in ("3.11.7", "3.13.0")]
    assert pythons(kept).splitlines() == [
        "| workload | Python 3.11 | Python 3.13 |",
        "| --- | --- | --- |",
        "| INSERT | 1.00 µs: 3.00 0.50 | 1.00 µs: 3.00 0.50 |",
        "| cold start, shop | 120 ms: 0.90 | 120 ms: 0.90 |",
    ]


def test_the_page_on_scale_shows_what_is_simulated() -> None:
    """The commands on the page give the figures on the page, on any machine."""
    page = FOLDER.joinpath("scale.md").read_text(encoding="utf-8")
    assert table(scale.SIMULATED, scale.simulated_rows()) in page
    assert scale.commands() in page


@pytest.mark.parametrize("arguments", [["--quick"], ["--workload", "flat"]])
def test_docs_are_written_by_whole_runs_only(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """``--write-docs`` is refused for a part of the workloads or for few records."""
    with pytest.raises(SystemExit, match="2"):
        dispatch.main([*arguments, "--write-docs"])
    assert "is for a whole run" in capsys.readouterr().err


def test_rust_needs_cargo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without cargo and without an earlier build, the error names cargo."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(rust, "LIBRARY", tmp_path / "nothing.so")
    with pytest.raises(RustMissingError, match="found no cargo"):
        rust_handler()


def test_instructions_need_valgrind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without valgrind, one line says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="2"):
        instructions.main(["--workload", "insert", "--contestant", "floor"])
    assert capsys.readouterr().err.startswith("found no valgrind")


def test_an_unknown_workload_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the known ones."""
    with pytest.raises(SystemExit, match="2"):
        instructions.main(["--workload", "inserts"])
    assert "found no workload 'inserts', expected one of sample, realistic" in capsys.readouterr().err


@pytest.mark.parametrize("name", lanes.WAITING)
def test_all_lanes_wait_at_the_same_time(name: str) -> None:
    """Handlers wait in rounds, in each of which every item has one: the same work on both sides."""
    arrived, rounds = Counter[str](), list[int]()
    together = asyncio.Condition()

    async def wait(item: str) -> None:
        arrived[item] += 1
        turn = arrived[item]
        async with together:
            if all(count >= turn for count in arrived.values()) and len(arrived) == lanes.ITEMS:
                rounds.append(turn)
                together.notify_all()
            else:  # until the last of all items has come
                await together.wait_for(lambda: turn in rounds)

    response = lanes.WAITING[name](wait)(json.loads(lanes.event_of_items()), Context(remaining=900))
    assert response == {"batchItemFailures": []}
    assert rounds == [*range(1, lanes.RECORDS // lanes.ITEMS + 1)]
