"""``router.testing.recorded_events``: the fixture `recorded_event` reads and records events."""

from __future__ import annotations

import json

import pytest

from tests.testing.project import INI, passes, run

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
    """The name may lack `.json`; each call reads the file again, so that a test may change the event."""
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
    """`router_events` is relative to the root folder."""
    project.makeini(INI + "router_events = samples\n")
    project.mkdir("samples").joinpath("one.json").write_text('{"Records": []}', encoding="utf-8")
    passes(project, "def test(recorded_event):\n    assert recorded_event('one')\n")


@pytest.mark.parametrize("content", ['{"dynamodb": {}}', '[{"dynamodb": {}}]'])
def test_a_record_alone_becomes_an_event(project: pytest.Pytester, content: str) -> None:
    """A list of records does too."""
    project.makeini(INI + "router_events = .\n")
    project.path.joinpath("one.json").write_text(content, encoding="utf-8")
    passes(project, "def test(recorded_event):\n    assert recorded_event('one') == {'Records': [{'dynamodb': {}}]}\n")


def test_events_of_other_sources_are_read(project: pytest.Pytester) -> None:
    """A list that only a pipe delivers stays one, and a message alone becomes an event."""
    project.makeini(INI + "router_events = .\n")
    message = {"eventSource": "aws:sqs", "messageId": "m1", "body": "{}"}
    for name, content in {"one": message, "pipe": [message], "queue": {"Records": [message]}}.items():
        project.path.joinpath(f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    passes(
        project,
        """
def test(recorded_event):
    assert recorded_event("one") == recorded_event("queue")
    assert recorded_event("pipe") == recorded_event("queue")["Records"]
""",
    )


SAVED = (
    '{"Records": [{"eventName": "REMOVE", "dynamodb": {"ApproximateCreationDateTime": "2026-01-02T00:00:00+00:00"}, '
    '"userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}}]}'
)


def test_saved_output_of_get_records_is_converted(project: pytest.Pytester) -> None:
    """A TTL delete of it is a TTL delete in the test."""
    project.makeini(INI + "router_events = .\n")
    project.path.joinpath("one.json").write_text(SAVED, encoding="utf-8")
    identity = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    passes(
        project,
        f"def test(recorded_event):\n    assert recorded_event('one')['Records'][0]['userIdentity'] == {identity}\n",
    )


def test_a_missing_event_is_an_error(project: pytest.Pytester) -> None:
    """The message lists the existing events and the option that records."""
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
    ("content", "message"),
    [
        ("{", "found no JSON at line 1, column 2 of *one.json"),
        ("7", "found a value of type int in *one.json, expected an event*"),
    ],
)
def test_a_file_without_an_event_is_an_error(project: pytest.Pytester, content: str, message: str) -> None:
    """The message names the file."""
    project.makeini(INI + "router_events = .\n")
    project.path.joinpath("one.json").write_text(content, encoding="utf-8")
    result = run(project, "def test(recorded_event):\n    recorded_event('one')\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{message}*"])


def test_events_elsewhere_are_not_read(project: pytest.Pytester) -> None:
    """A name leads to a file below the folder."""
    result = run(project, "def test(recorded_event):\n    recorded_event('../one')\n")
    result.stdout.fnmatch_lines(["*found the recorded event '../one', expected a name below *"])


def test_the_default_mode_records_nothing(project: pytest.Pytester) -> None:
    """The default mode is `none`."""
    run(project, WRITES_AND_READS).assert_outcomes(failed=1)
    assert not project.path.joinpath("tests").exists()


def test_once_records_the_stream_of_the_test(project: pytest.Pytester) -> None:
    """Each record is recorded once; then every mode reads the event."""
    passes(project, WRITES_AND_READS, "--record-mode=once")
    recorded = json.loads(project.path.joinpath("tests/events/placed.json").read_text(encoding="utf-8"))
    assert len(recorded["Records"]) == 2
    passes(project, WRITES_AND_READS)


def test_once_keeps_existing_events(project: pytest.Pytester) -> None:
    """The file stays byte for byte."""
    passes(project, WRITES_AND_READS, "--record-mode=once")
    path = project.path / "tests/events/placed.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"5"', '"4"'), encoding="utf-8")
    passes(project, WRITES_AND_READS, "--record-mode=once")
    assert '"4"' in path.read_text(encoding="utf-8")


def test_all_records_anew(project: pytest.Pytester) -> None:
    """An existing event is replaced."""
    passes(project, WRITES_AND_READS, "--record-mode=once")
    path = project.path / "tests/events/placed.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"5"', '"4"'), encoding="utf-8")
    passes(project, WRITES_AND_READS, "--record-mode=all")
    assert '"4"' not in path.read_text(encoding="utf-8")


def test_all_keeps_events_without_new_records(project: pytest.Pytester) -> None:
    """A test that only reads still passes."""
    folder = project.path / "tests/events"
    folder.mkdir(parents=True)
    folder.joinpath("one.json").write_text('{"Records": []}', encoding="utf-8")
    passes(project, "def test(recorded_event):\n    assert recorded_event('one')\n", "--record-mode=all")


def test_a_recording_without_records_is_an_error(project: pytest.Pytester) -> None:
    """The message says what to do."""
    result = run(project, "def test(recorded_event):\n    recorded_event('one')\n", "--record-mode=once")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*there is none; and nothing to record it from: write to the fixture `stream` first,*"]
    )


def test_a_story_runs_only_to_be_recorded(project: pytest.Pytester) -> None:
    """It has a stream of its own; later runs read the file."""
    run(project, STORY).assert_outcomes(failed=1)
    passes(project, STORY, "--record-mode=once")
    passes(project, STORY.replace("def life(stream):", "def life(stream):\n    raise ValueError\n"))


def test_a_story_is_recorded_the_same_each_time(project: pytest.Pytester) -> None:
    """Two recordings differ only if the story does."""
    path = project.path / "tests/events/orders/deleted.json"
    passes(project, STORY, "--record-mode=all")
    first = path.read_bytes()
    passes(project, STORY, "--record-mode=all")
    assert path.read_bytes() == first


def test_another_plugin_may_own_the_option(project: pytest.Pytester) -> None:
    """pytest-recording has a `--record-mode` too, and two plugins cannot add one option."""
    project.makepyfile(
        pytest_recording="""
def pytest_addoption(parser):
    parser.addoption("--record-mode", default=None, choices=["none", "once", "new_episodes", "all", "rewrite"])
"""
    )
    project.syspathinsert()
    options = ["-p", "pytest_recording", "--record-mode=new_episodes"]
    passes(project, WRITES_AND_READS, *options)
