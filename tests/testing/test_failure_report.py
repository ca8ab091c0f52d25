"""The report of a failed test lists the stream's failed records without item values."""

from __future__ import annotations

import pytest

from tests.testing.project import run


def section(result: pytest.RunResult) -> list[str]:
    """The section about the stream in the report of the only failure."""
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if "router stream" in line)
    end = next(number for number, line in enumerate(lines[start + 1 :], start + 1) if line.startswith("===="))
    return lines[start + 1 : end]


BOOKS = """
@pytest.mark.stream(maximum_retry_attempts=1)
def test(stream):
    stream.put(Order(order_id="private", total=5))
    stream.put(Order(order_id="hidden", total=-13))
    stream.run()
    assert not stream.discarded
"""


def test_a_failed_test_shows_the_record_that_failed(project: pytest.Pytester) -> None:
    """Its attributes by name and type, its outcome, the place of the error, and why its routes match."""
    result = run(project, BOOKS)
    result.assert_outcomes(failed=1)
    report = section(result)
    assert report[0] == "2 records in the stream, 3 invocations: 1 discarded, 1 shown below"
    assert report[2].startswith("INSERT  sequence number ")
    assert report[3:11] == [
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
    """Many people can read the logs of a CI."""
    report = "\n".join(section(run(project, BOOKS)))
    assert not [value for value in ("private", "hidden", "13", "secret", "PLACED") if value in report]


def test_an_unrouted_record_is_explained(project: pytest.Pytester) -> None:
    """The test may expect its handler to run."""
    report = section(
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
    assert "  unrouted" in report
    assert "  - on_insert(Order) shop.place: it takes entity 'Order'" in report


def test_a_stream_that_never_ran_says_so(project: pytest.Pytester) -> None:
    """The report names stream.run()."""
    report = section(
        run(project, "def test(stream):\n    stream.put(Order(order_id='1', total=5))\n    assert stream.outcomes\n")
    )
    assert report == ["1 record in the stream, 0 invocations: stream.run() delivers what was written"]


def test_good_records_are_only_counted(project: pytest.Pytester) -> None:
    """They do not explain a failure."""
    report = section(
        run(
            project,
            "def test(stream):\n    stream.put(Order(order_id='1', total=5))\n    stream.run()\n    assert stream.parked\n",
        )
    )
    assert report == ["1 record in the stream, 1 invocation: every record that was delivered is done"]


def test_an_event_that_the_app_refused_is_reported(project: pytest.Pytester) -> None:
    """Its records have no outcome."""
    report = section(
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
    assert report[1].startswith("1 invocation failed as a whole: UnknownEventError: ")


def test_many_records_are_not_all_shown(project: pytest.Pytester) -> None:
    """The report shows ten, and the number of the others."""
    report = section(
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
    assert report[-1] == "... and 2 more records"


def test_records_deferred_by_a_failure_are_only_counted(project: pytest.Pytester) -> None:
    """The failed record explains them."""
    report = section(
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
    assert report[0].endswith(": 2 discarded, 1 deferred by a failure, 1 shown below")
    assert len([line for line in report if line.startswith("INSERT")]) == 1


def test_malformed_records_are_shown(project: pytest.Pytester) -> None:
    """An image may have any type."""
    report = section(
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
    assert "  Keys: a list, not a map of attributes" in report
    assert "  NewImage: EntityType S, total (int)" in report


def test_a_passed_test_shows_nothing(project: pytest.Pytester) -> None:
    """A failed test without the stream shows nothing either."""
    result = run(project, BOOKS.replace("not ", "") + "\ndef test_other():\n    assert False\n")
    result.assert_outcomes(passed=1, failed=1)
    assert "router stream" not in result.stdout.str()


def test_a_discarded_batch_is_short_in_an_assertion(project: pytest.Pytester) -> None:
    """It shows the condition and the number of records, not the document."""
    run(project, BOOKS).stdout.fnmatch_lines(["E*assert not [[]<Discarded RetryAttemptsExhausted: 1 record>]"])


def test_a_failing_report_hides_no_failure(project: pytest.Pytester) -> None:
    """The test's own failure is shown."""
    report = run(
        project,
        """
def test(stream):
    stream.put(Order(order_id="1", total=5))
    stream.run()
    stream.reports[0].outcomes[0].record = None
    assert not stream.outcomes
""",
    )
    report.assert_outcomes(failed=1)
    assert section(report) == ["cannot report the outcomes of the records: AttributeError"]


def test_trimmed_records_are_counted(project: pytest.Pytester) -> None:
    """Also where nothing was delivered."""
    report = section(
        run(
            project,
            """
import datetime
from router.testing import inserted

@pytest.mark.filterwarnings("ignore::router.testing.TrimmedRecordsWarning")
@pytest.mark.stream(start=datetime.datetime(2026, 1, 1))
def test(stream):
    stream.append(inserted(Order(order_id="2", total=5), created_at=1_588_334_400))
    stream.run()
    assert stream.outcomes
""",
        )
    )
    assert report == ["1 record in the stream, 0 invocations: 1 trimmed"]


def test_a_mapping_that_is_not_enabled_says_so(project: pytest.Pytester) -> None:
    """Its records wait, and none is lost."""
    result = run(
        project,
        """
@pytest.mark.stream(enabled=False)
def test(stream):
    stream.put(Order(order_id="1", total=5))
    stream.run()
""",
    )
    result.stdout.fnmatch_lines(["*: 1 record in the stream, 0 invocations: nothing was delivered"])


IDLE = {
    "stream.put(Order(order_id='1', total=5))": "1 record in the stream, 0 invocations: stream.run() delivers what was "
    "written",
    "stream.run()": "0 records in the stream, 0 invocations: nothing was written",
    "stream.update({'order_id': '1'}, kind='Book'); stream.run()": "1 record in the stream, 0 invocations: 1 filtered "
    "out",
}


@pytest.mark.parametrize(("body", "expected"), IDLE.items(), ids=["not run", "nothing written", "filtered out"])
def test_a_test_without_an_invocation_says_so(project: pytest.Pytester, body: str, expected: str) -> None:
    """What it asserts of every outcome holds for none."""
    pattern = '{"dynamodb": {"NewImage": {"EntityType": {"S": ["Order"]}}}}'
    result = run(
        project,
        f"""
@pytest.mark.stream(filter_criteria={{"Filters": [{{"Pattern": {pattern!r}}}]}})
def test(stream):
    {body}
    assert all(outcome.status == "done" for outcome in stream.outcomes)
""",
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*passed without an invocation of the app*", f"test_shop.py::test: {expected}"])


@pytest.mark.parametrize(
    "body",
    ["pass", "stream.put(Order(order_id='1', total=5)); stream.run()", "assert stream.now"],
    ids=["unused", "invoked", "read"],
)
def test_other_tests_are_not_named(project: pytest.Pytester, body: str) -> None:
    """A test that does nothing with its stream asserts nothing of it."""
    result = run(project, f"def test(stream):\n    {body}\n")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*without an invocation*")


def test_recorded_events_without_an_invocation_are_named(project: pytest.Pytester) -> None:
    """Each was trimmed, or no filter matched it."""
    result = run(
        project,
        """
@pytest.mark.stream(filter_criteria={"Filters": [{"Pattern": '{"eventName": ["REMOVE"]}'}]})
def test(stream, recorded_event):
    for record in recorded_event("order", lambda story: story.put(Order(order_id="1", total=5)))["Records"]:
        stream.append(record)
    stream.run()
    assert not [outcome for outcome in stream.outcomes if outcome.status != "done"]
""",
        "--record-mode=once",
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["test_shop.py::test: 1 record in the stream, 0 invocations: 1 filtered out"])


def test_a_test_that_records_its_writes_is_not_named(project: pytest.Pytester) -> None:
    """The fixture recorded_event reads them, or their file."""
    result = run(
        project,
        """
def test(stream, recorded_event):
    stream.put(Order(order_id="1", total=5))
    assert recorded_event("order")["Records"]
""",
        "--record-mode=once",
    )
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*without an invocation*")
