"""``router replay``: an app on recorded events, under a simulated mapping."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from router.testing import failure_document, kinesis_event, pipes_event, sqs_event
from tests.cli.conftest import Run
from tests.cli.shop import APP, CANCELLED, COUPON, PLACED, SHIPPED, Ended, event, line_of, order, record, write

QUEUE = "arn:aws:sqs:us-east-1:123456789012:failures"


@pytest.fixture(autouse=True)
def quiet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logging is off, so standard error has only the output of handlers."""
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")


def document(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_a_good_recording_is_shown_at_a_glance(run: Run) -> None:
    """Files in order, cut into batches anew; exit code 0."""
    first, second = write("1.json", event(PLACED, SHIPPED)), write("2.json", event(COUPON))
    ended = run("replay", first, second, "--batch-size", "2")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "  1  +0 s  attempt 1  records 0-1  4 done",
        "  2  +0 s  attempt 1  record 2  1 unrouted",
        "3 records, 2 invocations; 0 re-executions; 0 discarded",
    ]
    assert ended.err == "placed 1001\n"


def test_a_poison_record_is_shown_to_its_end(run: Run) -> None:
    """Attempts, the failure's place, re-executions, the discard; no value of the item; exit code 1."""
    path = write("event.json", event(PLACED, record("REMOVE", old=order(order_id="secret-1001"), number=2), COUPON))
    ended = run("replay", path, "--maximum-retry-attempts", "1", "--on-failure", QUEUE)
    raised = f"failed  shop.cancel  handler: KeyError at shop.py:{line_of('    raise KeyError(change.old.order_id)')}"
    response = '     response {"batchItemFailures": [{"itemIdentifier": "2"}]}'
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "  1  +0 s  attempt 1  records 0-2  2 done, 1 failed, 2 deferred",
        f"     record 1  {raised} in cancel",
        response,
        "  2  +0 s  attempt 1  records 1-2  1 failed, 2 deferred",
        f"     record 1  {raised} in cancel",
        response,
        "  3  +0.25 s  attempt 2  records 1-2  1 failed, 2 deferred",
        f"     record 1  {raised} in cancel",
        response,
        "Run more than once",
        "  record 1  DELETE  Order  2  shop.cancel  3 times",
        f"Discarded to {QUEUE}",
        "  RetryAttemptsExhausted  records 1-2  after 2 invocations",
        "3 records, 3 invocations; 2 re-executions; 2 discarded",
    ]
    assert "secret" not in ended.out


def test_many_attempts_are_shown_as_the_first_and_the_last(run: Run) -> None:
    """AWS's default tries again for a day; all of it is counted."""
    ended = run("replay", write("event.json", CANCELLED))
    assert ended.code == 1
    lines = [line for line in ended.out.splitlines() if not line.startswith("     ")]
    assert [line.partition("  ")[0] for line in lines[:2]] == ["", ""]
    assert lines[2].startswith("... ")
    assert lines[2].endswith(" more attempts at the same records")
    assert "+86" in lines[3]
    assert lines[5:7] == [
        "  record 0  DELETE  Order  3  shop.cancel  1447 times",
        "Discarded, no on-failure destination",
    ]
    assert lines[7] == "  Trimmed by the stream after 24 hours  record 0  DELETE  Order  3"


def test_bisecting_saves_the_others(run: Run) -> None:
    """The option of the mapping is an option of the command."""
    path = write("event.json", event(CANCELLED, {**COUPON, "eventID": "e5"}))
    bisect = "--bisect-batch-on-function-error"
    found = document(run("replay", path, bisect, "--maximum-retry-attempts", "0", "--json"))
    assert [each["records"] for each in found["invocations"]] == [[0, 1], [0], [1]]
    assert [each["records"] for each in found["discarded"]] == [[0]]


def test_a_failure_that_lambda_is_not_told_is_shown(run: Run) -> None:
    """Without ReportBatchItemFailures Lambda does not retry, and a note says why."""
    ended = run("replay", write("event.json", CANCELLED), "--function-response-types", "")
    assert ended.code == 1
    assert ended.out.splitlines()[-3:] == [
        "Failed and not retried  record 0  DELETE  Order  3",
        "note: function_response_types lacks ReportBatchItemFailures: Lambda ignores what the function returns",
        "1 record, 1 invocation; 0 re-executions; 1 failed; 0 discarded",
    ]


def test_a_function_that_takes_too_long_is_tried_again(run: Run) -> None:
    """A time-out is a function error."""
    ended = run("replay", write("event.json", PLACED), "--timeout", "0", "--maximum-retry-attempts", "1")
    assert ended.code == 1
    assert "TimeoutError" in ended.out
    assert "RetryAttemptsExhausted  record 0" in ended.out


def test_the_json_of_a_replay(run: Run) -> None:
    """Everything that the page shows, by position."""
    path = write("events.jsonl", event(PLACED), event(CANCELLED))
    ended = run("replay", path, "--maximum-retry-attempts", "0", "--json")
    found = document(ended)
    assert ended.code == 1
    assert list(found) == [
        "settings_from",
        "records",
        "filtered_out",
        "invocations",
        "reexecutions",
        "discarded",
        "parked",
        "unfinished",
    ]
    assert found["records"][1] == {
        "source": "events.jsonl:2",
        "event": "DELETE",
        "event_id": "e3",
        "sequence_number": "3",
        "entity": "Order",
    }
    first = found["invocations"][0]
    assert (first["records"], first["attempt"], first["time"]) == ([0, 1], 1, 0)
    assert first["statuses"] == {"done": 2, "failed": 1, "deferred": 1}
    assert first["troubles"][0]["handler"] == "shop.cancel"
    assert found["reexecutions"] == [{"record": 1, "handler": "shop.cancel", "times": 2}]
    assert found["discarded"][0]["document"]["DDBStreamBatchInfo"]["batchSize"] == 1
    assert "secret" not in ended.out


def test_an_app_that_raises_is_shown_with_its_error(run: Run, folder: Path) -> None:
    """An invocation that fails as a whole has no outcomes."""
    nameless = {**CANCELLED, "dynamodb": {**CANCELLED["dynamodb"], "SequenceNumber": None}}
    ended = run("replay", write("event.json", nameless), "--maximum-retry-attempts", "0")
    assert ended.code == 1
    assert "     MalformedRecordError: found no SequenceNumber" in ended.out


def test_filters_are_counted(run: Run) -> None:
    """As the mapping would leave records out."""
    ended = run("replay", write("event.json", event(PLACED, COUPON)), "--filter", '{"eventName": ["REMOVE"]}')
    assert (ended.code, ended.out) == (0, "2 records, 0 invocations; 0 re-executions; 2 filtered out; 0 discarded\n")


def test_parked_records_are_counted(run: Run, folder: Path) -> None:
    """They are no failure."""
    shelf = (
        "class Shelf:\n    def park(self, parked): ...\n\n\napp = Dispatcher(routes, parking=Shelf(), on_error=Park())"
    )
    source = APP.replace("app = Dispatcher(routes)", shelf).replace("Modify, Remove", "Modify, Park, Remove")
    (folder / "shop.py").write_text(source, encoding="utf-8")
    ended = run("replay", write("event.json", CANCELLED))
    assert ended.code == 0
    assert ended.out.endswith("1 record, 1 invocation; 0 re-executions; 1 parked; 0 discarded\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--batch-size", "10001"],
            "Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value",
        ),
        (["--batch-size", "0"], "Invalid value for parameter BatchSize, value: 0, valid min value: 1"),
        (["--maximum-batching-window-in-seconds", "301"], "'maximumBatchingWindowInSeconds' failed to satisfy"),
        (["--parallelization-factor", "11"], "'parallelizationFactor' failed to satisfy constraint"),
        (["--maximum-retry-attempts", "-2"], "parameter MaximumRetryAttempts, value: -2, valid min value: -1"),
        (["--maximum-record-age-in-seconds", "59"], "must be either -1 (forever) or between 60 and 604800 (inclusive)"),
        (["--tumbling-window-in-seconds", "901"], "'tumblingWindowInSeconds' failed to satisfy constraint"),
        (["--function-response-types", "Bad"], "Member must satisfy enum value set: [ReportBatchItemFailures]"),
        (["--on-failure", "nowhere"], "Value 'nowhere' at 'destinationConfig.onFailure.destination' failed to satisfy"),
        (["--filter", "{"], "Invalid filter pattern definition. Found the pattern '{': Expecting property name"),
        (["--batch-size", "many"], "invalid value for '--batch-size': Input should be a valid integer"),
        (["--batchsize", "1"], "no such option: --batchsize"),
    ],
)
def test_wrong_settings_are_told_in_awss_words(run: Run, options: list[str], message: str) -> None:
    """One line and exit code 2; nothing runs."""
    ended = run("replay", write("event.json", PLACED), *options)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert message in ended.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"detail": 1}, "event.json: found an event with the keys 'detail', expected"),
        ({"Records": [{"eventSource": "aws:s3"}]}, "event.json: found an event whose record 0 is from 'aws:s3'"),
        ({"Records": [PLACED, 1]}, "event.json: found an event whose record 1 is of type int"),
        (
            sqs_event(PLACED, "no JSON"),
            "event.json: record 1: found a text that is no JSON in sqs, expected a change of a table",
        ),
    ],
)
def test_what_is_no_event_of_a_stream_is_refused(run: Run, content: Any, message: str) -> None:
    """What is no change cannot stand in a stream."""
    ended = run("replay", write("event.json", content))
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert message in ended.err


@pytest.mark.parametrize(
    "content",
    [
        kinesis_event(PLACED, SHIPPED),
        sqs_event(PLACED, SHIPPED),
        sqs_event(failure_document(PLACED, SHIPPED)),
        pipes_event(*kinesis_event(PLACED, SHIPPED)["Records"]),
        failure_document(PLACED, SHIPPED),
    ],
)
def test_the_changes_of_every_source_are_replayed(run: Run, content: Any) -> None:
    """The mapping delivers what is inside, as a table's stream would."""
    ended = run("replay", write("event.json", content), "--batch-size", "1")
    assert (ended.code, ended.err) == (0, "placed 1001\n")
    assert ended.out.splitlines() == [
        "  1  +0 s  attempt 1  record 0  2 done",
        "  2  +0 s  attempt 1  record 1  2 done",
        "2 records, 2 invocations; 0 re-executions; 0 discarded",
    ]


def test_a_change_of_kinesis_fails_with_its_number(run: Run) -> None:
    """The mapping of the replay reports by sequence number, which the change itself lacks."""
    content = kinesis_event(PLACED, CANCELLED)
    ended = run("replay", write("event.json", content), "--maximum-retry-attempts", "0")
    number = content["Records"][1]["kinesis"]["sequenceNumber"]
    assert ended.code == 1
    assert f"record 1  DELETE  Order  {number}  shop.cancel  2 times" in ended.out


def test_a_missing_file_is_refused(run: Run) -> None:
    """As by the other commands."""
    ended = run("replay", "missing.json")
    assert (ended.code, ended.err) == (
        2,
        "router: found no file or folder missing.json, expected one that holds events\n",
    )


def test_records_that_were_never_delivered_say_so(run: Run) -> None:
    """AWS's document counts one invocation; none was made."""
    old = {**PLACED, "dynamodb": {**PLACED["dynamodb"], "ApproximateCreationDateTime": 1_767_312_000.0}}
    new = {**COUPON, "dynamodb": {**COUPON["dynamodb"], "ApproximateCreationDateTime": 1_767_312_900.0}}
    ended = run("replay", write("event.json", event(old, new)), "--maximum-record-age-in-seconds", "60")
    assert "  RecordAgeExceeded  record 0  never delivered\n" in ended.out


def test_the_page_shows_what_the_command_prints() -> None:
    """The example of docs/record-replay.md, on the example application."""
    root = Path(__file__).parents[3]
    page = root.joinpath("docs", "record-replay.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```console\n\$ (.*?)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[-1]
    command, printed = shown
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=root,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, printed)


# ---------------------------------------------------------------------------------------------------- the template

MAPPING = """
Resources:
  Shop: {Type: AWS::DynamoDB::Table, Properties: {StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}}}
  Router:
    Type: AWS::Serverless::Function
    Properties:
      Handler: shop.app
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Shop.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: 2
            MaximumRetryAttempts: 0
            FunctionResponseTypes: [ReportBatchItemFailures]
"""
THREE = (PLACED, SHIPPED, COUPON)
WITH_A_FAILURE = (PLACED, SHIPPED, CANCELLED, COUPON)


def template(*settings: str, name: str = "template.yaml") -> None:
    Path(name).write_text(MAPPING + "".join(f"            {line}\n" for line in settings), encoding="utf-8")


def batches(ended: Ended) -> list[list[int]]:
    return [each["records"] for each in document(ended)["invocations"]]


def test_the_mapping_is_the_templates(run: Run) -> None:
    """Its batch size and its retries; the last line names the template."""
    template()
    ended = run("replay", write("event.json", event(*WITH_A_FAILURE)), "--json")
    assert batches(ended) == [[0, 1], [2, 3]]
    assert document(ended)["settings_from"] == "template.yaml, function Router"
    assert [each["condition"] for each in document(ended)["discarded"]] == ["RetryAttemptsExhausted"]
    shown = run("replay", write("event.json", PLACED))
    assert shown.out.splitlines()[-1] == "settings from template.yaml, function Router"


def test_an_option_replaces_one_setting_of_the_template(run: Run) -> None:
    """The others stay."""
    template()
    ended = run("replay", write("event.json", event(*WITH_A_FAILURE)), "--batch-size", "100", "--json")
    assert batches(ended) == [[0, 1, 2, 3], [2, 3]]
    assert document(ended)["discarded"]


def test_the_filters_are_the_templates(run: Run) -> None:
    """An empty option is no filter."""
    template('FilterCriteria: {Filters: [{Pattern: \'{"eventName": ["REMOVE"]}\'}]}')
    path = write("event.json", event(PLACED, SHIPPED))
    assert document(run("replay", path, "--json"))["filtered_out"] == [0, 1]
    assert document(run("replay", path, "--filter", "", "--json"))["filtered_out"] == []


def test_no_template_gives_the_defaults(run: Run) -> None:
    """With ReportBatchItemFailures."""
    template()
    ended = run("replay", write("event.json", event(*THREE)), "--template", "", "--json")
    assert batches(ended) == [[0, 1, 2]]
    assert document(ended)["settings_from"] == "defaults"


def test_a_template_without_reporting_is_followed(run: Run) -> None:
    """A replay shows what production does: Lambda ignores the response, and a note says so."""
    template()
    Path("template.yaml").write_text(
        Path("template.yaml").read_text(encoding="utf-8").replace("[ReportBatchItemFailures]", "[]"), encoding="utf-8"
    )
    ended = run("replay", write("event.json", CANCELLED))
    assert ended.code == 1
    assert "note: function_response_types lacks ReportBatchItemFailures" in ended.out


def test_an_unknown_setting_is_named_and_has_awss_default(run: Run) -> None:
    """Standard error has the place."""
    template("ParallelizationFactor: !ImportValue lanes")
    ended = run("replay", write("event.json", PLACED))
    assert ended.code == 0
    assert (
        "router: template.yaml:17: found !ImportValue as ParallelizationFactor of Router.Changes, which is not known here; "
        "the setting has AWS's default\n" in ended.err
    )


def test_a_faulty_template_is_named_if_no_option_names_it(run: Run) -> None:
    """The replay goes on with AWS's defaults."""
    template("TumblingWindowInSeconds: 901")
    ended = run("replay", write("event.json", event(*THREE)))
    assert ended.code == 0
    assert "3 records, 1 invocation" in ended.out
    assert "router: template.yaml:9: found settings of Router.Changes that Lambda refuses: 1 validation" in ended.err
    assert "the mapping has AWS's defaults" in ended.err


def test_a_faulty_template_that_is_named_is_an_error(run: Run) -> None:
    """One line, exit code 2."""
    template("TumblingWindowInSeconds: 901", name="other.yaml")
    ended = run("replay", write("event.json", PLACED), "--template", "other.yaml")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "other.yaml:9: found settings of Router.Changes that Lambda refuses" in ended.err


def test_an_option_that_does_not_fit_the_template_is_an_error_that_names_both(run: Run) -> None:
    """Alone each is valid."""
    template("ParallelizationFactor: 2")
    ended = run("replay", write("event.json", PLACED), "--tumbling-window-in-seconds", "10")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "router: Parallelization factor must be equal to 1 when tumbling window period is configured; the options beside "
        "the settings of template.yaml, function Router; --template '' reads no template\n"
    )
