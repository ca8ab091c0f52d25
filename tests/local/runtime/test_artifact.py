"""The function's package in Lambda's runtime client: the recorded events, on each Python that Lambda has.

Beside the client there is nothing but the package: no site-packages, so what the package lacks is missed.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from router.cli.events import read_events
from router.local.cloudformation.template import read_template
from router.local.event_source_mapping import EventSourceMapping, Invoke, MappingSettings, Returned
from router.local.runtime import FunctionConfiguration, RuntimeFunction, payload_of
from tests.deploy.conftest import shared_artifact
from tests.local.runtime.emulation import emulated
from tests.local.runtime.machine import ROOT, RUNNING, client_for, emulator, interpreter

EVENTS = {Path(given.name).stem: given.event for given in read_events([str(ROOT / "tests" / "events")])}
RECORDED = sorted(EVENTS)

# What the package answers without Lambda: the same Python, the same package, the event from a file.
IN_PROCESS = """
import json, os, sys
from handlers import app
for line in sys.stdin:
    print(json.dumps(app(json.loads(line))), file=sys.stderr)
"""


@pytest.fixture(scope="module", params=[version for version in ("3.11", "3.12", "3.13") if interpreter(version)])
def configuration(
    real: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> FunctionConfiguration:
    """The package for one Python, with the client for it."""
    version: str = request.param
    return FunctionConfiguration(
        handler=read_template(ROOT / "template.yaml").function().handler or "",
        root=shared_artifact(version, tmp_path_factory),
        name="shop",
        timeout=10,
        runtime=f"python{version}",
        python=(interpreter(version) or "", "-S"),  # no site-packages
        environment={
            "PYTHONPATH": str(client_for(version, tmp_path_factory.mktemp("client"))),
            "SHOP_IN_MEMORY": "1",
        },
    )


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """The lines that the function prints."""
    return []


@pytest.fixture(scope="module")
def function(configuration: FunctionConfiguration, lines: list[str]) -> Iterator[RuntimeFunction]:
    """The package as a function, shared by the tests of one Python."""
    lines.clear()
    with RuntimeFunction(configuration, log=lines.append) as running:
        yield running


def test_recorded_events_are_answered_as_without_lambda(
    configuration: FunctionConfiguration, function: RuntimeFunction
) -> None:
    """The responses are the same bytes."""
    events = [payload_of(EVENTS[name]) for name in RECORDED]
    done = subprocess.run(
        [*configuration.python, "-c", f"import sys; sys.path.insert(0, '.')\n{IN_PROCESS}"],
        cwd=configuration.root,
        env={"SHOP_IN_MEMORY": "1"},
        input=b"\n".join(events),
        capture_output=True,
        check=True,
        timeout=60,
    )
    answers = [function.invoke(event) for event in events]
    assert [answer.payload for answer in answers] == done.stderr.splitlines()
    assert {answer.failed for answer in answers} == {False}
    assert b'{"batchItemFailures": []}' in done.stderr.splitlines()


def test_recorded_events_are_answered_as_under_the_emulator(
    configuration: FunctionConfiguration, function: RuntimeFunction
) -> None:
    """AWS's emulator gives the same responses."""
    events = [payload_of(EVENTS[name]) for name in RECORDED]
    with emulated(emulator(), configuration) as emulation:
        theirs = [emulation.invoke(event) for event in events]
    assert [function.invoke(event).payload for event in events] == theirs


def test_a_bad_record_is_named(function: RuntimeFunction) -> None:
    """The second of three records fails, so Lambda delivers from there again."""
    numbers = [each["dynamodb"]["SequenceNumber"] for each in EVENTS["poison"]["Records"]]
    answer = function.invoke(payload_of(EVENTS["poison"]))
    assert json.loads(answer.payload) == {"batchItemFailures": [{"itemIdentifier": numbers[1]}]}


def test_an_unknown_event_is_a_function_error(function: RuntimeFunction) -> None:
    """A function that is wired to a wrong source never reports success."""
    answer = function.invoke(b'{"version": "2.0", "rawPath": "/"}')
    assert (answer.failed, answer.error_type) == (True, "UnknownEventError")


def test_log_lines_bear_the_request_id(function: RuntimeFunction, lines: list[str]) -> None:
    """Each log line is a JSON document with the request ID."""
    del lines[:]
    function.invoke(payload_of(EVENTS["order-lifecycle"]), request_id="r-7")
    assert lines
    assert {json.loads(line)["request_id"] for line in lines} == {"r-7"}


def test_the_mapping_of_the_template_drives_it(function: RuntimeFunction) -> None:
    """Two recorded events in a shard: all their records are handled."""
    settings = read_template(ROOT / "template.yaml").function().settings
    mapping = EventSourceMapping(replace(settings, filter_criteria=MappingSettings().filter_criteria))
    mapping.add_shard("shard")
    records = [*EVENTS["order-lifecycle"]["Records"], *EVENTS["customer"]["Records"]]
    now = max(each["dynamodb"]["ApproximateCreationDateTime"] for each in records)
    mapping.feed("shard", records, now)
    left, results = len(records), []
    while left:
        now += 1
        for invoke in mapping.poll(now):
            if isinstance(invoke, Invoke):
                left -= len(invoke.event["Records"])
                results.append(function(invoke))
                mapping.complete(invoke, results[-1], now)
    assert results == [Returned({"batchItemFailures": []})] * len(results)


def test_this_python_is_among_them() -> None:
    """At least this Python is tested."""
    assert interpreter(RUNNING)
