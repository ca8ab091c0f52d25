"""The pytest plugin, in real runs of pytest on small projects."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

# By its module where the distribution that is installed does not name it: pytest would refuse it a second time.
PLUGIN = [] if entry_points(group="pytest11", name="router") else ["-p", "router.testing.plugin"]

APP = """
from typing import Annotated, Literal
from pydantic import BaseModel
from router import Depends, Dispatcher, Insert, JsonLinesParking, Modify, Routes, changed

class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    order_id: str
    total: int
    status: str = "PLACED"

class Ledger:
    made = 0

    def __init__(self):
        type(self).made += 1

    def book(self, total):
        if total < 0:
            raise TimeoutError("sec" + "ret")

def get_ledger():
    return Ledger()

routes = Routes()

@routes.on_insert(Order)
def place(change: Insert[Order]):
    pass

@routes.on_insert(Order)
def book(change: Insert[Order], ledger: Annotated[Ledger, Depends(get_ledger, scope="cold_start")]):
    ledger.book(change.new.total)

@routes.on_modify(Order, changed("status"))
def ship(change: Modify[Order]):
    pass

app = Dispatcher(routes)
parking = Dispatcher(routes, parking=JsonLinesParking("/nowhere/parked.jsonl"))
kinds = Dispatcher(routes, discriminator="kind")
"""

INI = """
[pytest]
router_app = shop:app
pythonpath = .
filterwarnings = error
addopts = --strict-markers
"""

BEGINNING = """
import pytest
import router
import shop
from shop import Order

"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with the app ``shop:app``."""
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")
    monkeypatch.delenv("LOG_ERROR_TEXT", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini(INI)
    pytester.makepyfile(shop=APP)
    return pytester


def run(project: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    project.makepyfile(test_shop=BEGINNING + tests)
    return project.runpytest_inprocess(*PLUGIN, *options)


def passes(project: pytest.Pytester, tests: str, *options: str, count: int = 1) -> None:
    run(project, tests, *options).assert_outcomes(passed=count)


def section(result: pytest.RunResult) -> list[str]:
    """What the report of the only failure says of its stream."""
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if "router stream" in line)
    end = next(number for number, line in enumerate(lines[start + 1 :], start + 1) if line.startswith("===="))
    return lines[start + 1 : end]


# ------------------------------------------------------------------------------------------------------- the stream


def test_what_is_written_runs_through_the_app(project: pytest.Pytester) -> None:
    """Outcomes are those of the dispatcher, over all invocations."""
    passes(
        project,
        """
def test(stream):
    stream.put(Order(order_id="1", total=5))
    stream.run()
    stream.update(Order(order_id="1", total=5), status="SHIPPED")
    stream.run()
    assert [(outcome.status, outcome.route.name) for outcome in stream.outcomes] == [
        ("done", "shop.place"), ("done", "shop.book"), ("done", "shop.ship")
    ]
    assert len(stream.invocations) == 2
    assert all(isinstance(outcome, router.Outcome) for outcome in stream.outcomes)
""",
    )


def test_deleted_and_expired_items_differ(project: pytest.Pytester) -> None:
    """As they do in DynamoDB, by the cause."""
    passes(
        project,
        """
def test(stream):
    for number in "12":
        stream.put(Order(order_id=number, total=5))
    stream.delete(Order(order_id="1", total=5))
    stream.expire(Order(order_id="2", total=5))
    stream.run()
    assert [str(outcome.record.event) for outcome in stream.outcomes[-2:]] == ["DELETE", "EXPIRE"]
""",
    )


def test_single_failures_are_reported(project: pytest.Pytester) -> None:
    """ReportBatchItemFailures is on: what comes before the bad record does not run again."""
    passes(
        project,
        """
@pytest.mark.stream(maximum_retry_attempts=0)
def test(stream):
    stream.put(Order(order_id="1", total=5))
    stream.put(Order(order_id="2", total=-1))
    stream.run()
    assert [len(event["Records"]) for event in stream.invocations] == [2, 1]
    assert stream.responses[0]["batchItemFailures"]
    assert len(stream.discarded) == 1
""",
    )


def test_reporting_can_be_switched_off(project: pytest.Pytester) -> None:
    """Then Lambda ignores the response, and so does the stream."""
    passes(
        project,
        """
@pytest.mark.stream(function_response_types=[])
def test(stream):
    stream.put(Order(order_id="1", total=-1))
    stream.run()
    assert len(stream.invocations) == 1
    assert not stream.discarded
""",
    )


def test_the_marker_sets_the_mapping(project: pytest.Pytester) -> None:
    """By the names of `router.testing.Stream`."""
    passes(
        project,
        """
@pytest.mark.stream(batch_size=2)
def test(stream):
    for number in range(3):
        stream.put(Order(order_id=str(number), total=5))
    stream.run()
    assert [len(event["Records"]) for event in stream.invocations] == [2, 1]
""",
    )


def test_the_closest_marker_counts(project: pytest.Pytester) -> None:
    """One on a test comes before one on its module; what it does not name stays."""
    passes(
        project,
        """
pytestmark = pytest.mark.stream(batch_size=1, table_name="Shop")

@pytest.mark.stream(batch_size=2)
def test(stream):
    for number in range(2):
        stream.put(Order(order_id=str(number), total=5))
    stream.run()
    assert len(stream.invocations) == 1
    assert ":table/Shop/" in stream.records[0]["eventSourceARN"]
""",
    )


def test_settings_of_all_streams_stand_in_a_fixture(project: pytest.Pytester) -> None:
    """Which a conftest.py overrides, and the marker overrides that."""
    project.makeconftest(
        """
import pytest

@pytest.fixture
def stream_settings():
    return {"batch_size": 1, "maximum_retry_attempts": 2}
"""
    )
    passes(
        project,
        """
@pytest.mark.stream(maximum_retry_attempts=1)
def test(stream):
    stream.put(Order(order_id="1", total=-1))
    stream.put(Order(order_id="2", total=5))
    stream.run()
    assert [len(event["Records"]) for event in stream.invocations] == [1, 1, 1]
""",
    )


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("batchsize=2", "found the unknown mapping parameter 'batchsize'; did you mean 'batch_size'?"),
        ("batch_size=0", "Invalid value for parameter BatchSize, value: 0, valid min value: 1"),
        ("2", "found a positional argument of @pytest.mark.stream, expected batch_size=2 and such"),
    ],
)
def test_a_wrong_setting_is_refused(project: pytest.Pytester, marker: str, told: str) -> None:
    """In a line that says what is wrong, without a traceback of the plugin."""
    result = run(project, f"@pytest.mark.stream({marker})\ndef test(stream): ...\n")
    result.assert_outcomes(errors=1)
    assert told in result.stdout.str()
    assert "plugin.py" not in result.stdout.str()


def test_the_app_says_what_tells_entities(project: pytest.Pytester) -> None:
    """A model without the attribute gets its class name there."""
    project.makeini(INI.replace("shop:app", "shop:kinds"))
    passes(
        project,
        """
class Customer(shop.BaseModel):
    id: str

def test(stream):
    assert stream.put(Customer(id="1"))["dynamodb"]["NewImage"]["kind"] == {"S": "Customer"}
""",
    )


# ------------------------------------------------------------------------------------------- one test and the next


def test_nothing_is_left_for_the_next_test(project: pytest.Pytester) -> None:
    """Neither items nor what the dispatcher had completed before a failure, though both tests write the same."""
    passes(
        project,
        """
@pytest.mark.parametrize("number", range(2))
@pytest.mark.stream(label="the same", maximum_retry_attempts=1)
def test(stream, number):
    stream.put(Order(order_id="1", total=-1))
    stream.run()
    assert [outcome.status for outcome in stream.outcomes] == ["done", "failed", "skipped", "failed"]
""",
        count=2,
    )


def test_each_test_has_event_ids_of_its_own(project: pytest.Pytester) -> None:
    """Else whatever a handler keeps by event ID would take the second test for a second delivery."""
    passes(
        project,
        """
seen = set()

@pytest.mark.parametrize("number", range(5))
def test(stream, number):
    seen.add(stream.put(Order(order_id="1", total=5))["eventID"])
    assert len(seen) == number + 1
""",
        count=5,
    )


def test_overrides_are_reset(project: pytest.Pytester) -> None:
    """To what they were before the test."""
    passes(
        project,
        """
def get_before(): ...

shop.app.overrides[get_before] = get_before

def test_one(app):
    assert app is shop.app
    app.overrides[shop.get_ledger] = lambda: None
    del app.overrides[get_before]

def test_two(app):
    assert app.overrides == {get_before: get_before}
""",
        count=2,
    )


def test_an_override_reaches_the_handlers(project: pytest.Pytester) -> None:
    """In the stream of the same test."""
    passes(
        project,
        """
class Fake:
    booked = []

    def book(self, total):
        self.booked.append(total)

def test(app, stream):
    app.overrides[shop.get_ledger] = Fake
    stream.put(Order(order_id="1", total=-7))
    stream.run()
    assert Fake.booked == [-7]
""",
    )


def test_a_cold_start_belongs_to_one_test(project: pytest.Pytester) -> None:
    """What a dependency of that scope made is not there in the next."""
    passes(
        project,
        """
@pytest.mark.parametrize("number", range(2))
def test(stream, number):
    for order_id in "12":
        stream.put(Order(order_id=order_id, total=5))
        stream.run()
    assert shop.Ledger.made == number + 1
""",
        count=2,
    )


def test_parked_records_are_kept_in_a_list(project: pytest.Pytester) -> None:
    """Instead of the place that the app has, which gets nothing."""
    project.makeini(INI.replace("shop:app", "shop:parking"))
    passes(
        project,
        """
def test(stream):
    stream.put({"EntityType": "Order", "order_id": "1", "total": "twelve"})
    stream.run()
    assert [parked.stage for parked in stream.parked] == ["validate", "validate"]
    assert not stream.discarded
""",
    )


def test_without_a_place_nothing_is_parked(project: pytest.Pytester) -> None:
    """As in Lambda, the record fails."""
    passes(
        project,
        """
@pytest.mark.stream(maximum_retry_attempts=0)
def test(stream):
    stream.put({"EntityType": "Order", "order_id": "1", "total": "twelve"})
    stream.run()
    assert not stream.parked
    assert [discarded.condition for discarded in stream.discarded] == ["RetryAttemptsExhausted"]
""",
    )


# ----------------------------------------------------------------------------------------------------------- the app


def test_the_default_app_is_that_of_the_handlers(project: pytest.Pytester) -> None:
    """Found from the root folder, without any setting."""
    project.makeini("[pytest]\n")
    project.makepyfile(**{"handlers/__init__": APP})
    project.makepyfile(test_default="def test(app):\n    import handlers\n    assert app is handlers.app\n")
    project.runpytest_subprocess(*PLUGIN, timeout=60).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("shop:ap", "found no 'ap' in shop for router_app = 'shop:ap', expected a Dispatcher; did you mean shop:app?"),
        ("shop:routes", "found a Routes for router_app = 'shop:routes', expected a Dispatcher; did you mean shop:app?"),
        ("shop.app", "found router_app = 'shop.app', expected module:name such as handlers:app"),
        ("shops:app", "found no module 'shops' from * expected one for router_app = 'shops:app'"),
    ],
)
def test_an_app_that_is_not_there_is_one_line(project: pytest.Pytester, name: str, told: str) -> None:
    """And no traceback of the plugin."""
    project.makeini(INI.replace("shop:app", name))
    result = run(project, "def test(app): ...\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{told.replace('[', '[[]')}*"])
    assert "plugin.py" not in result.stdout.str()


def test_an_app_that_cannot_be_imported_shows_where(project: pytest.Pytester) -> None:
    """That is the user's own traceback, and none of the plugin's lines."""
    project.makeini(INI.replace("shop:app", "broken:app"))
    project.makepyfile(broken="import nothing_of_this_name\n")
    result = run(project, "def test(app): ...\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*No module named 'nothing_of_this_name'*", "broken.py:1*"])
    assert "application.py" not in result.stdout.str()


def test_an_app_may_be_a_fixture(project: pytest.Pytester) -> None:
    """One that overrides `app` is what the stream runs."""
    passes(
        project,
        """
@pytest.fixture
def app():
    return router.Dispatcher(router.Routes())

def test(stream):
    stream.put(Order(order_id="1", total=5))
    assert [outcome.status for outcome in stream.run().outcomes] == ["unrouted"]
""",
    )


def test_starting_pytest_does_not_import_the_app() -> None:
    """Nor boto3, nor hypothesis, nor the command line."""
    code = (
        "import sys, router.testing.plugin; "
        "print({'handlers', 'boto3', 'hypothesis', 'typer', 'moto', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


# -------------------------------------------------------------------------------------------------------- the context


def test_the_time_that_is_left_can_be_set(project: pytest.Pytester) -> None:
    """With less than the reserve nothing starts."""
    passes(
        project,
        """
from router.testing import event, inserted

def test(app, lambda_context):
    assert lambda_context.get_remaining_time_in_millis() == 60_000
    lambda_context.remaining = 0.2
    report = app.dispatch(event(inserted(Order(order_id="1", total=5))), lambda_context)
    assert [outcome.status for outcome in report] == ["deferred"]
""",
    )


# ---------------------------------------------------------------------------------------------------- recorded events

WRITES_AND_READS = """
def test(stream, recorded_event):
    stream.put(Order(order_id="1", total=5))
    stream.put(Order(order_id="2", total=6))
    event = recorded_event("placed")
    assert [record["eventName"] for record in event["Records"]] == ["INSERT", "INSERT"]
"""

STORY = """
def life(stream):
    stream.put(Order(order_id="1", total=5))
    stream.delete(Order(order_id="1", total=5))

def test(recorded_event):
    names = [record["eventName"] for record in recorded_event("orders/deleted", life)["Records"]]
    assert names == ["INSERT", "REMOVE"]
"""


def test_a_recorded_event_is_read(project: pytest.Pytester) -> None:
    """With or without the file's ending, below `tests/events`; each time anew, so that a test may change it."""
    project.mkdir("tests")
    project.mkdir("tests/events").joinpath("one.json").write_text('{"Records": []}', encoding="utf-8")
    passes(
        project,
        """
def test(recorded_event):
    recorded_event("one")["Records"].append("changed")
    assert recorded_event("one.json") == {"Records": []}
""",
    )


def test_the_folder_of_events_is_an_option(project: pytest.Pytester) -> None:
    """`router_events`, from the root folder."""
    project.makeini(INI + "router_events = samples\n")
    project.mkdir("samples").joinpath("one.json").write_text('{"Records": []}', encoding="utf-8")
    passes(project, "def test(recorded_event):\n    assert recorded_event('one')\n")


@pytest.mark.parametrize("content", ['{"dynamodb": {}}', '[{"dynamodb": {}}]'])
def test_a_record_alone_becomes_an_event(project: pytest.Pytester, content: str) -> None:
    """So does a list of records."""
    project.makeini(INI + "router_events = .\n")
    project.path.joinpath("one.json").write_text(content, encoding="utf-8")
    passes(project, "def test(recorded_event):\n    assert recorded_event('one') == {'Records': [{'dynamodb': {}}]}\n")


def test_a_missing_event_names_what_is_there(project: pytest.Pytester) -> None:
    """And what records it."""
    project.makeini(INI + "router_events = samples\n")
    folder = project.mkdir("samples")
    folder.joinpath("orders").mkdir()
    for name in ("placed", "orders/deleted"):
        folder.joinpath(f"{name}.json").write_text("{}", encoding="utf-8")
    result = run(project, "def test(recorded_event):\n    recorded_event('placd')\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*found no recorded event 'placd' in *samples: there are orders/deleted, placed; did you mean 'placed'?; "
            "--record-mode=once records what is missing"
        ]
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "found no JSON at line 1, column 2 of *one.json"),
        ("7", "found a value of type int in *one.json, expected an event*"),
    ],
)
def test_a_file_that_holds_no_event_is_told(project: pytest.Pytester, content: str, told: str) -> None:
    """With its name."""
    project.makeini(INI + "router_events = .\n")
    project.path.joinpath("one.json").write_text(content, encoding="utf-8")
    result = run(project, "def test(recorded_event):\n    recorded_event('one')\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{told}*"])


def test_events_elsewhere_are_not_read(project: pytest.Pytester) -> None:
    """A name leads to a file below the folder."""
    result = run(project, "def test(recorded_event):\n    recorded_event('../one')\n")
    result.stdout.fnmatch_lines(["*found the recorded event '../one', expected a name below *"])


def test_nothing_is_recorded_unasked(project: pytest.Pytester) -> None:
    """The mode is `none` unless the command line says otherwise."""
    run(project, WRITES_AND_READS).assert_outcomes(failed=1)
    assert not project.path.joinpath("tests").exists()


def test_once_records_what_the_test_wrote(project: pytest.Pytester) -> None:
    """All of it, each record once; then the event is there for every mode."""
    passes(project, WRITES_AND_READS, "--record-mode=once")
    recorded = json.loads(project.path.joinpath("tests/events/placed.json").read_text(encoding="utf-8"))
    assert len(recorded["Records"]) == 2
    passes(project, WRITES_AND_READS)


def test_once_leaves_alone_what_is_there(project: pytest.Pytester) -> None:
    """Byte for byte."""
    passes(project, WRITES_AND_READS, "--record-mode=once")
    path = project.path / "tests/events/placed.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"5"', '"4"'), encoding="utf-8")
    passes(project, WRITES_AND_READS, "--record-mode=once")
    assert '"4"' in path.read_text(encoding="utf-8")


def test_all_records_anew(project: pytest.Pytester) -> None:
    """What is there is replaced."""
    passes(project, WRITES_AND_READS, "--record-mode=once")
    path = project.path / "tests/events/placed.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"5"', '"4"'), encoding="utf-8")
    passes(project, WRITES_AND_READS, "--record-mode=all")
    assert '"4"' not in path.read_text(encoding="utf-8")


def test_all_keeps_what_nothing_can_be_recorded_from(project: pytest.Pytester) -> None:
    """A test that only reads goes on reading."""
    folder = project.path / "tests/events"
    folder.mkdir(parents=True)
    folder.joinpath("one.json").write_text('{"Records": []}', encoding="utf-8")
    passes(project, "def test(recorded_event):\n    assert recorded_event('one')\n", "--record-mode=all")


def test_nothing_to_record_from_is_told(project: pytest.Pytester) -> None:
    """With what would help."""
    result = run(project, "def test(recorded_event):\n    recorded_event('one')\n", "--record-mode=once")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*there is none; and nothing to record it from: write to the fixture `stream` first,*"]
    )


def test_a_story_is_played_only_to_be_recorded(project: pytest.Pytester) -> None:
    """On a stream of its own; later runs read the file."""
    run(project, STORY).assert_outcomes(failed=1)
    passes(project, STORY, "--record-mode=once")
    passes(project, STORY.replace("def life(stream):", "def life(stream):\n    raise ValueError\n"))


def test_a_story_is_recorded_the_same_each_time(project: pytest.Pytester) -> None:
    """So that a difference between two recordings is one of the story."""
    path = project.path / "tests/events/orders/deleted.json"
    passes(project, STORY, "--record-mode=all")
    first = path.read_bytes()
    passes(project, STORY, "--record-mode=all")
    assert path.read_bytes() == first


def test_another_plugin_may_own_the_option(project: pytest.Pytester) -> None:
    """pytest-recording has a `--record-mode` of its own, and two plugins cannot add one option."""
    project.makepyfile(
        pytest_recording="""
def pytest_addoption(parser):
    parser.addoption("--record-mode", default=None, choices=["none", "once", "new_episodes", "all", "rewrite"])
"""
    )
    project.syspathinsert()
    options = ["-p", "pytest_recording", "--record-mode=new_episodes"]
    passes(project, WRITES_AND_READS, *options)


# ------------------------------------------------------------------------------------------------------ failed tests

BOOKS = """
@pytest.mark.stream(maximum_retry_attempts=1)
def test(stream):
    stream.put(Order(order_id="private", total=5))
    stream.put(Order(order_id="hidden", total=-13))
    stream.run()
    assert not stream.discarded
"""


def test_a_failed_test_shows_the_record_that_failed(project: pytest.Pytester) -> None:
    """Its attributes by name and type, what became of it, where the error was raised, and why it went where it went."""
    result = run(project, BOOKS)
    result.assert_outcomes(failed=1)
    told = section(result)
    assert told[0] == "2 records in the stream, 3 invocations: 1 discarded, 1 shown below"
    assert told[2].startswith("INSERT  sequence number ")
    assert told[3:11] == [
        "  Keys: order_id S",
        "  NewImage: EntityType S, order_id S, total N, status S",
        "  done in shop.place",
        "  failed at handler in shop.book: TimeoutError: at shop.py:19 in book (3 times)",
        "  skipped in shop.place (2 times)",
        "  discarded: RetryAttemptsExhausted",
        "  attribute('EntityType') reads entity 'Order' from NewImage; the event is INSERT",
        "  + on_insert(Order) shop.place: entity and event match",
    ]


def test_a_failed_test_shows_no_values(project: pytest.Pytester) -> None:
    """Reports go to logs of a CI that many can read."""
    told = "\n".join(section(run(project, BOOKS)))
    assert not [value for value in ("private", "hidden", "13", "secret", "PLACED") if value in told]


def test_a_record_that_no_route_took_is_explained(project: pytest.Pytester) -> None:
    """It may be just what the test waited for."""
    told = section(
        run(
            project,
            """
def test(stream):
    stream.put({"EntityType": "Ordre", "order_id": "1"})
    stream.run()
    assert stream.outcomes[0].status == "done"
""",
        )
    )
    assert "  unrouted" in told
    assert "  - on_insert(Order) shop.place: it takes entity 'Order'" in told


def test_a_stream_that_never_ran_says_so(project: pytest.Pytester) -> None:
    """The commonest of all mistakes."""
    told = section(
        run(project, "def test(stream):\n    stream.put(Order(order_id='1', total=5))\n    assert stream.outcomes\n")
    )
    assert told == ["1 record in the stream, 0 invocations: stream.run() delivers what was written"]


def test_good_records_are_only_counted(project: pytest.Pytester) -> None:
    """Nothing of them explains a failure."""
    told = section(
        run(
            project,
            "def test(stream):\n    stream.put(Order(order_id='1', total=5))\n    stream.run()\n    assert stream.parked\n",
        )
    )
    assert told == ["1 record in the stream, 1 invocation: every record that was delivered is done"]


def test_an_event_that_the_app_refused_is_told(project: pytest.Pytester) -> None:
    """No record of it has an outcome."""
    told = section(
        run(
            project,
            """
@pytest.mark.stream(maximum_retry_attempts=0)
def test(stream):
    stream.append({"dynamodb": {"SequenceNumber": "5"}, "eventSource": "aws:elsewhere"})
    stream.run()
    assert stream.outcomes
""",
        )
    )
    assert told[1].startswith("1 invocation failed as a whole: UnknownEventError: ")


def test_many_records_are_not_all_shown(project: pytest.Pytester) -> None:
    """Ten of them, and how many more."""
    told = section(
        run(
            project,
            """
def test(stream):
    for number in range(12):
        stream.put({"EntityType": "Other", "order_id": str(number)})
    stream.run()
    assert not stream.outcomes
""",
        )
    )
    assert told[-1] == "... and 2 more records"


def test_records_that_waited_for_a_failure_are_only_counted(project: pytest.Pytester) -> None:
    """What failed says all there is to say."""
    told = section(
        run(
            project,
            """
@pytest.mark.stream(maximum_retry_attempts=0)
def test(stream):
    stream.put(Order(order_id="1", total=-1))
    stream.put(Order(order_id="2", total=5))
    stream.run()
    assert not stream.outcomes
""",
        )
    )
    assert told[0].endswith(": 2 discarded, 1 never started because of what failed, 1 shown below")
    assert len([line for line in told if line.startswith("INSERT")]) == 1


def test_broken_records_can_be_shown(project: pytest.Pytester) -> None:
    """Whatever stands where an image should."""
    told = section(
        run(
            project,
            """
@pytest.mark.stream(maximum_retry_attempts=0)
def test(stream):
    stream.append({
        "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": "5", "Keys": [], "NewImage": {"EntityType": {"S": "Order"}, "total": 7}},
    })
    stream.run()
    assert not stream.outcomes
""",
        )
    )
    assert "  Keys: a list, not a map of attributes" in told
    assert "  NewImage: EntityType S, total (int)" in told


def test_a_passed_test_shows_nothing(project: pytest.Pytester) -> None:
    """Nor does one that failed without the stream."""
    result = run(project, BOOKS.replace("not ", "") + "\ndef test_other():\n    assert False\n")
    result.assert_outcomes(passed=1, failed=1)
    assert "router stream" not in result.stdout.str()


def test_a_discarded_batch_is_short_in_an_assertion(project: pytest.Pytester) -> None:
    """Why and how many, instead of the whole document."""
    run(project, BOOKS).stdout.fnmatch_lines(["E*assert not [[]<Discarded RetryAttemptsExhausted: 1 record>]"])


def test_a_report_that_cannot_be_written_hides_no_failure(project: pytest.Pytester) -> None:
    """The test's own failure is still shown."""
    told = run(
        project,
        """
def test(stream):
    stream.put(Order(order_id="1", total=5))
    stream.run()
    stream.reports[0].outcomes[0].record = None
    assert not stream.outcomes
""",
    )
    told.assert_outcomes(failed=1)
    assert section(told) == ["cannot tell what became of the records: AttributeError"]


# -------------------------------------------------------------------------------------------------------- the manual


def test_the_tests_of_the_manual_pass(project: pytest.Pytester) -> None:
    """All of them, on the app of the same page."""
    page = Path(__file__).parents[2].joinpath("docs", "testing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    project.makeini("[pytest]\nrouter_app = test_page:app\naddopts = --strict-markers\n")
    project.makepyfile(test_page="\n".join(blocks))
    result = project.runpytest_inprocess(*PLUGIN, "--record-mode=once")
    result.assert_outcomes(passed="\n".join(blocks).count("\ndef test_"))
