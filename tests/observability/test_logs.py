"""Log lines are JSON, identify the record, and contain no item values."""

import asyncio
import contextlib
import io
import json
import logging
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any

import pytest
import structlog
from pydantic import BaseModel, field_validator
from pydantic import v1 as pydantic_v1

from router import (
    Change,
    Depends,
    Dispatcher,
    Drop,
    MemoryParking,
    Modify,
    Park,
    Parked,
    Routes,
    changed,
    where,
)
from router.discriminators import chain, prefix
from router.observability.logs import log_level, make_logger
from tests.builders import (
    Context,
    Handled,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    modify,
    record,
    remove,
    statuses,
)

Log = structlog.typing.FilteringBoundLogger
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LOG_LEVEL", "LOG_ERROR_TEXT", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def lines(capsys: Capture) -> list[Json]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# ------------------------------------------------------------------------------------------------------- what is written


def test_a_successful_invocation_is_one_line(capsys: Capture) -> None:
    """Records that succeed write no line at INFO: the invocation's line is the only one."""
    dispatcher(Handled())(inserts(*range(20)), Context())
    (line,) = lines(capsys)
    del line["timestamp"]
    assert line == {
        "event": "batch received",
        "level": "info",
        "source": "dynamodb-streams",
        "batch_size": 20,
        "request_id": "req-1",
    }


def test_skipped_records_write_no_line(capsys: Capture) -> None:
    """Records that no condition matches write no line."""
    routes = Routes()

    @routes.on_modify(Order, changed("status"))
    def handler(change: Modify[Order]) -> None: ...

    Dispatcher(routes)(batch(insert(1), modify(2), remove(3)))
    assert len(lines(capsys)) == 1


def test_an_empty_batch_is_logged(capsys: Capture) -> None:
    """An invocation without records logs a batch size of zero."""
    dispatcher(Handled())(batch())
    assert [line["batch_size"] for line in lines(capsys)] == [0]


def test_a_failure_is_one_line_that_identifies_the_record(capsys: Capture) -> None:
    """A failed record writes one line, with entity, event, identifiers, route, stage and error."""
    dispatcher(Handled({2: TimeoutError()}))(inserts(1, 2, 3), Context())
    (line,) = [line for line in lines(capsys) if line["event"] == "record failed"]
    assert {name: line[name] for name in line if name not in ("timestamp", "at")} == {
        "event": "record failed",
        "level": "error",
        "request_id": "req-1",
        "entity": "Order",
        "event_name": "INSERT",
        "event_id": "e2",
        "sequence_number": "2",
        "route": "tests.builders.Handled",
        "stage": "handler",
        "error": "TimeoutError",
    }


def test_a_failure_states_lines_of_code(capsys: Capture) -> None:
    """The line of an error states the lines of code that raised it, and not its text."""
    dispatcher(Handled({1: TimeoutError()}))(inserts(1))
    (line,) = [line for line in lines(capsys) if line["event"] == "record failed"]
    assert "builders.py" in line["at"][-1]
    assert line["at"][-1].endswith("in __call__")


def test_an_error_of_the_framework_has_its_text(capsys: Capture) -> None:
    """The line of an error of the framework contains its text, which names attributes and types only."""
    dispatcher(Handled())(batch(insert(1, total={"N": "abc"})))
    (line,) = [line for line in lines(capsys) if line["event"] == "record failed"]
    assert (line["stage"], line["reason"].partition(":")[0]) == ("decode", "attribute 'total' of NewImage")


def test_a_validation_error_states_places_and_kinds(capsys: Capture) -> None:
    """The line of a ValidationError states the place and the kind of each fault."""
    dispatcher(Handled())(batch(insert(1, total="many", status={"NULL": True})))
    (line,) = [line for line in lines(capsys) if line["event"] == "record failed"]
    assert line["faults"] == ["total: int_parsing", "status: string_type"]


@pytest.mark.parametrize(
    ("policy", "event", "level"), [(Park(), "record parked", "warning"), (Drop(), "record dropped", "warning")]
)
def test_a_parked_or_dropped_record_is_a_warning(policy: Any, event: str, level: str, capsys: Capture) -> None:
    """A parked or dropped record writes a warning."""
    dispatcher(Handled({1: TimeoutError()}), on_error=policy, parking=MemoryParking())(inserts(1))
    assert (event, level) in [(line["event"], line["level"]) for line in lines(capsys)]


def test_unrouted_records_are_counted(capsys: Capture) -> None:
    """Unrouted records write one line, with their number and their entities."""
    event = batch(insert(1, entity="B"), insert(2, entity="A"), insert(3, entity="B"), record(4, "REMOVE"))
    dispatcher(Handled())(event)
    (line,) = [line for line in lines(capsys) if line["event"] == "records unrouted"]
    assert (line["count"], line["entities"]) == (4, ["A", "B"])


def test_a_batch_of_which_some_records_are_unrouted_is_no_warning(capsys: Capture) -> None:
    """Records that others route, or nothing does, are usual in a shared table."""
    dispatcher(Handled())(batch(insert(1), insert(2, entity="A")))
    (line,) = [line for line in lines(capsys) if line["event"] == "records unrouted"]
    assert (line["level"], "found" in line) == ("info", False)


@pytest.mark.parametrize(
    ("raws", "found"),
    [
        ([record(1, "INSERT", NewImage={"pk": {"S": "secret"}, "type": {"S": "Order"}})] * 2, "no EntityType"),
        ([record(1, "INSERT", NewImage={"EntityType": {"N": "42"}})], "EntityType is an N"),
        ([insert(1, entity="A"), record(2, "REMOVE")], "attribute('EntityType') reads entities that have no route"),
    ],
)
def test_a_batch_of_which_every_record_is_unrouted_is_a_warning(raws: Any, found: str, capsys: Capture) -> None:
    """It names what stands where the discriminator looked, and no values: the discriminator may be wrong."""
    dispatcher(Handled())(batch(*raws))
    (line,) = [line for line in lines(capsys) if line["event"] == "records unrouted"]
    assert line["level"] == "warning"
    assert found in line["found"]
    assert "secret" not in line["found"]


def test_a_failed_batch_is_logged_record_by_record(capsys: Capture) -> None:
    """Each change of a failed on_batch call writes a line."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        raise TimeoutError

    Dispatcher(routes)(inserts(1, 2))
    failed = [line for line in lines(capsys) if line["event"] == "record failed"]
    assert [line["sequence_number"] for line in failed] == ["1", "2"]


def test_lines_of_lanes_name_their_own_record(capsys: Capture) -> None:
    """With concurrency every line is whole and identifies its own record."""

    async def handler(change: Change[Order], log: Log) -> None:
        await asyncio.sleep(0)
        log.info("hello", key=change.keys["pk"])

    dispatcher(handler, concurrency=4)(inserts(*range(20)))
    hellos = [line for line in lines(capsys) if line["event"] == "hello"]
    assert sorted(line["key"] for line in hellos) == sorted(f"key-{line['sequence_number']}" for line in hellos)
    assert len(hellos) == 20


@pytest.mark.parametrize("request_id", [None, 5, object()])
def test_a_request_id_that_is_no_text_is_left_out(request_id: Any, capsys: Capture) -> None:
    """A context without a request ID that is a text gives no request ID."""
    dispatcher(Handled())(inserts(1), Context(request_id=request_id))
    assert "request_id" not in lines(capsys)[0]


def test_what_json_cannot_express_is_logged_as_its_text(capsys: Capture) -> None:
    """A value that JSON cannot express is logged as Python prints it."""

    def handler(change: Change[Order], log: Log) -> None:
        log.info("hello", value=Decimal("1.50"), data=b"x")

    dispatcher(handler)(inserts(1))
    (line,) = [line for line in lines(capsys) if line["event"] == "hello"]
    assert (line["value"], line["data"]) == ("1.50", "b'x'")


def test_an_identifier_of_half_a_character_is_logged(capsys: Capture) -> None:
    """A lone surrogate, which a JSON event can contain, does not break a line."""
    dispatcher(Handled({1: TimeoutError()}))(batch({**insert(1), "eventID": "\ud800"}))
    assert [line["event_id"] for line in lines(capsys) if "event_id" in line] == ["\ud800"]


# ----------------------------------------------------------------------------------------------------------- configuration


@pytest.mark.parametrize("level", ["WARNING", "warning", "WARN", "ERROR", "CRITICAL"])
def test_the_level_is_that_of_the_environment(level: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """LOG_LEVEL sets the level."""
    monkeypatch.setenv("LOG_LEVEL", level)
    dispatcher(Handled())(inserts(1))
    assert lines(capsys) == []


def test_debug_lines_are_written_when_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A handler's line at DEBUG is written with LOG_LEVEL=DEBUG only."""

    def handler(change: Change[Order], log: Log) -> None:
        log.debug("detail")

    dispatcher(handler)(inserts(1))
    before = [line["event"] for line in lines(capsys)]
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    dispatcher(handler)(inserts(1))
    assert ("detail" in before, "detail" in [line["event"] for line in lines(capsys)]) == (False, True)


@pytest.mark.parametrize("level", ["", "LOUD", "10", "  "])
def test_a_level_that_is_none_is_info(level: str) -> None:
    """A LOG_LEVEL that is no level means INFO."""
    assert log_level(level) == logging.INFO


def test_a_level_of_another_library(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A LOG_LEVEL that another library has added to logging raises nothing."""
    logging.addLevelName(5, "TRACE")
    try:
        monkeypatch.setenv("LOG_LEVEL", "TRACE")
        dispatcher(Handled())(inserts(1))
        assert len(lines(capsys)) == 1
    finally:
        logging._levelToName.pop(5)
        logging._nameToLevel.pop("TRACE")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_readable_lines() -> None:
    """On a terminal lines are text."""
    terminal = Terminal()
    make_logger(terminal).info("hello", size=5)
    assert "hello" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


def test_lambda_gets_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Lambda lines are JSON, even if standard output claims to be a terminal."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    terminal = Terminal()
    make_logger(terminal).info("hello", size=5)
    assert json.loads(terminal.getvalue())["size"] == 5


def test_a_closed_standard_output_fails_no_invocation(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Where standard output is closed, records are handled, and standard error says that no line was written."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdout", closed)
    assert dispatcher(Handled())(inserts(1)) == {"batchItemFailures": []}
    assert "cannot write a log line" in capsys.readouterr().err


def test_standard_output_is_looked_up_at_each_invocation(capsys: Capture) -> None:
    """A test or a tool may redirect standard output between two invocations."""
    app, redirected = dispatcher(Handled()), io.StringIO()
    app(inserts(1))
    with contextlib.redirect_stdout(redirected):
        app(inserts(1))
    app(inserts(1))
    assert (len(lines(capsys)), len(redirected.getvalue().splitlines())) == (2, 1)


def test_a_users_structlog_is_left_alone(capsys: Capture) -> None:
    """Lines go through the processors that the user configured, and nowhere else."""
    seen: list[Any] = []

    def collect(logger: Any, name: str, fields: Any) -> Any:
        seen.append(dict(fields))
        raise structlog.DropEvent

    structlog.configure(processors=[collect])
    dispatcher(Handled({1: TimeoutError()}))(inserts(1))
    assert ([fields["event"] for fields in seen], capsys.readouterr().out) == (["batch received", "record failed"], "")


def test_a_users_structlog_over_logging_is_used(caplog: pytest.LogCaptureFixture) -> None:
    """If the user's structlog writes to the logging module, so do our lines."""
    structlog.configure(
        processors=[structlog.stdlib.add_logger_name, structlog.processors.JSONRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    with caplog.at_level(logging.INFO):
        dispatcher(Handled())(inserts(1))
    assert [json.loads(message)["logger"] for message in caplog.messages] == ["router"]


LEVELS = ("debug", "info", "msg", "warning", "warn", "error", "critical", "fatal", "exception", "ainfo", "aerror")


@pytest.mark.parametrize("level", LEVELS)
def test_lines_are_those_that_structlog_makes_of_them(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each method of a logger writes what structlog's own processors and writer write, but for the time."""
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")

    def line_of(make: Any) -> str:
        done = getattr(make(stream := io.StringIO()).bind(b=Decimal(2)), level)("found %s", "ü", a=(1, None))
        if done is not None:
            asyncio.run(done)
        return re.sub(r'"timestamp": "[-0-9]+T[:0-9]+\.[0-9]{6}Z"', "", stream.getvalue())

    def standard(stream: io.StringIO) -> Any:
        processors: Any = structlog.processors
        return structlog.wrap_logger(
            structlog.WriteLogger(stream),
            [
                processors.add_log_level,
                processors.TimeStamper(fmt="iso", utc=True),
                processors.JSONRenderer(default=str),
            ],
            structlog.make_filtering_bound_logger("debug"),
        )

    assert line_of(make_logger) == line_of(standard)
    assert line_of(make_logger).endswith(", }\n")


# ------------------------------------------------------------------------------------------------------- nothing of an item

SECRET = "s3cret"


def secretive(number: int, name: str = "INSERT", **values: Any) -> Json:
    """A record with the secret in each of its values, keys included."""
    image = {
        "EntityType": {"S": "Order"},
        "pk": {"S": f"{SECRET}-pk"},
        "total": {"N": "5"},
        "status": {"S": f"{SECRET}-status"},
        "nested": {"M": {"deep": {"L": [{"S": f"{SECRET}-deep"}, {"SS": [f"{SECRET}-set"]}]}}},
        **values,
    }
    images = {"NewImage": image} if name == "INSERT" else {"OldImage": image}
    images = (
        {"NewImage": image, "OldImage": {**image, "status": {"S": f"{SECRET}-old"}}} if name == "MODIFY" else images
    )
    return record(number, name, f"{SECRET}-pk", **images)


def quoting(change: Change[Any]) -> str:
    return f"cannot handle {change.image!r} {change.keys} {change.diff.changed if change.event else ''}"


class QuotingError(Exception):
    """An error that quotes the item in its text, arguments, notes and attributes."""

    def __init__(self, change: Change[Any]) -> None:
        super().__init__(quoting(change), change.image)
        self.add_note(quoting(change))
        self.item = change.image


def fail_in_handler(change: Change[Order]) -> None:
    try:
        raise ValueError(quoting(change))
    except ValueError as cause:
        raise QuotingError(change) from cause


async def fail_in_async_handler(change: Change[Order]) -> None:
    await asyncio.sleep(0)
    raise QuotingError(change)


class Other(BaseModel):
    number: int


def fail_to_validate_inside(change: Change[Order]) -> None:
    Other.model_validate({"number": change.image.status})


class OldModel(pydantic_v1.BaseModel):
    number: int


def fail_to_validate_with_pydantic_1(change: Change[Order]) -> None:
    OldModel.parse_obj({"number": change.image.status})


def fail_to_decode_inside(change: Change[Order]) -> None:
    raise KeyError(change.image.status)


def fail_in_a_group(change: Change[Order]) -> None:
    raise ExceptionGroup(quoting(change), [QuotingError(change)])


HANDLERS = [
    fail_in_handler,
    fail_in_async_handler,
    fail_to_validate_inside,
    fail_to_validate_with_pydantic_1,
    fail_to_decode_inside,
    fail_in_a_group,
]


class QuotingPlace:
    """A parking place whose error quotes the record."""

    def park(self, parked: Parked) -> None:
        raise ConnectionError(f"no room for {parked.record}")


@pytest.fixture
def _everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")


def written(capsys: Capture) -> str:
    captured = capsys.readouterr()
    assert captured.out
    for line in captured.out.splitlines():
        json.loads(line)
    return captured.out + captured.err


@pytest.mark.usefixtures("_everything")
@pytest.mark.parametrize("concurrency", [1, 2])
@pytest.mark.parametrize("parking", [None, MemoryParking(), QuotingPlace()])
@pytest.mark.parametrize("handler", HANDLERS)
def test_no_handlers_error_takes_an_item_into_a_log(
    handler: Any, parking: Any, concurrency: int, capsys: Capture
) -> None:
    """No line contains what a handler's exception quotes, retried, parked or refused by the parking place."""
    options = {"parking": parking, "on_error": Park()} if parking else {}
    app = dispatcher(handler, concurrency=concurrency, **options)
    app(batch(secretive(1), secretive(2, "MODIFY"), secretive(3, "REMOVE")))
    assert SECRET not in written(capsys)


BROKEN: list[Json] = [
    secretive(1, total={"S": SECRET}),
    secretive(1, total={"N": SECRET}),
    secretive(1, total={"N": SECRET, "S": SECRET}),
    secretive(1, total={"BS": [SECRET]}),
    secretive(1, total={"L": [{"N": SECRET}]}),
    secretive(1, total={"M": {"a": {"B": f"?{SECRET}"}}}),
    secretive(1, total=SECRET),
    secretive(1, EntityType={"S": "Order"}, status={"NULL": True}, pk={"N": SECRET}),
    {**secretive(1), "dynamodb": {**secretive(1)["dynamodb"], "NewImage": [SECRET]}},
    {**secretive(1), "dynamodb": {**secretive(1)["dynamodb"], "NewImage": SECRET}},
    {**secretive(1), "dynamodb": {"SequenceNumber": "1", "Keys": SECRET, "NewImage": {"x": {"S": SECRET}}}},
    {**secretive(1), "eventName": "MODIFY"},
    {**secretive(1), "userIdentity": {"type": SECRET}},
]


@pytest.mark.usefixtures("_everything")
@pytest.mark.parametrize("unrouted", ["skip", "fail"])
@pytest.mark.parametrize("bad", BROKEN)
def test_no_malformed_record_gets_into_a_log(bad: Json, unrouted: Any, capsys: Capture) -> None:
    """The line of a malformed image states places and types."""
    dispatcher(Handled(), unrouted=unrouted)(batch(bad))
    assert SECRET not in written(capsys)


class Quoted(BaseModel):
    EntityType: str
    status: str

    @field_validator("status")
    @classmethod
    def refuse(cls, value: str) -> str:
        raise ValueError(f"no {value}")


def quoting_predicate(change: Modify[Order]) -> bool:
    raise QuotingError(change)


def quoting_factory() -> int:
    raise KeyError(SECRET)


def quoting_clean_up() -> Iterator[int]:
    yield 1
    raise KeyError(SECRET)


routes = {name: Routes() for name in ("predicate", "validator", "factory", "clean-up", "end", "both", "batch")}


@routes["predicate"].on_modify(Order, where(quoting_predicate))
def _predicate(change: Modify[Order]) -> None: ...


@routes["validator"].on(Quoted, entity="Order")
def _validator(change: Change[Quoted]) -> None: ...


@routes["factory"].on(Order)
def _factory(change: Change[Order], value: Annotated[int, Depends(quoting_factory)]) -> None: ...


@routes["clean-up"].on(Order)
def _clean_up(change: Change[Order], value: Annotated[int, Depends(quoting_clean_up)]) -> None: ...


@routes["end"].on(Order)
def _end(change: Change[Order], value: Annotated[int, Depends(quoting_clean_up, scope="invocation")]) -> None: ...


@routes["both"].on(Order)
def _both(change: Change[Order], value: Annotated[int, Depends(quoting_clean_up)]) -> None:
    raise QuotingError(change)


@routes["batch"].on_batch(Order)
def _batch(changes: Sequence[Change[Order]]) -> None:
    raise QuotingError(changes[0])


@pytest.mark.usefixtures("_everything")
@pytest.mark.parametrize("where_it_fails", routes)
def test_no_users_code_on_the_way_takes_an_item_into_a_log(where_it_fails: str, capsys: Capture) -> None:
    """No line contains what predicates, validators, factories, clean-ups and batch handlers quote in their errors."""
    assert Dispatcher(routes[where_it_fails])(batch(secretive(1, "MODIFY"))) == failures(1)
    assert SECRET not in written(capsys)


@pytest.mark.usefixtures("_everything")
def test_no_middleware_takes_an_item_into_a_log(capsys: Capture) -> None:
    """The line of a middleware's error states its type."""

    def middleware(call: Any) -> Any:
        def around(change: Any) -> None:
            raise QuotingError(change)

        return around

    assert dispatcher(Handled(), middleware=[middleware])(batch(secretive(1))) == failures(1)
    assert SECRET not in written(capsys)


@pytest.mark.usefixtures("_everything")
def test_no_discriminators_error_takes_an_item_into_a_log(capsys: Capture) -> None:
    """The line of a discriminator's error states its type."""

    def broken(image: Any) -> str:
        raise KeyError(str(image))

    dispatcher(Handled(), discriminator=broken)(batch(secretive(1)))
    assert SECRET not in written(capsys)


@pytest.mark.usefixtures("_everything")
@pytest.mark.parametrize("concurrency", [1, 2])
def test_no_base_exception_takes_an_item_into_a_log(concurrency: int, capsys: Capture) -> None:
    """An invocation that ends with a BaseException writes no item value."""

    class Stop(BaseException):
        pass

    async def handler(change: Change[Order]) -> None:
        raise Stop(quoting(change))

    with pytest.raises(Stop):
        dispatcher(handler, concurrency=concurrency)(
            batch(secretive(1), record(2, "INSERT", "other", NewImage=secretive(2)["dynamodb"]["NewImage"]))
        )
    assert SECRET not in written(capsys)


def test_texts_of_errors_on_request(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """LOG_ERROR_TEXT=1 adds the text of every error."""
    monkeypatch.setenv("LOG_ERROR_TEXT", "1")
    dispatcher(fail_in_handler)(batch(secretive(1)))
    (line,) = [line for line in lines(capsys) if line["event"] == "record failed"]
    assert f"{SECRET}-status" in line["reason"]


@pytest.mark.parametrize("text", ["0", "", "true", "no"])
def test_texts_of_errors_need_the_value_1(text: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Only the value 1 of LOG_ERROR_TEXT adds texts."""
    monkeypatch.setenv("LOG_ERROR_TEXT", text)
    dispatcher(fail_in_handler)(batch(secretive(1)))
    assert SECRET not in written(capsys)


def test_an_error_whose_text_raises(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """With LOG_ERROR_TEXT=1 an exception whose str() raises still fails its record only."""

    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    monkeypatch.setenv("LOG_ERROR_TEXT", "1")
    dispatcher(Handled({1: UnprintableError()}))(inserts(1))
    assert [line["error"] for line in lines(capsys) if "error" in line] == ["UnprintableError"]


# ------------------------------------------------------------------------------------------------------------------ bounds


def test_many_faults_make_a_short_line(capsys: Capture) -> None:
    """The line of an item with 40,000 bad elements states ten of them, and counts the others."""

    class Many(BaseModel):
        lines: list[int]

    routes = Routes()

    @routes.on(Many, entity="Order")
    def handler(change: Change[Many]) -> None: ...

    Dispatcher(routes)(batch(insert(1, lines={"L": [{"S": "x"}] * 40_000})))
    (line,) = [line for line in lines(capsys) if line["event"] == "record failed"]
    assert (len(line["faults"]), line["faults"][-1]) == (11, "and 39,990 more")
    assert len(json.dumps(line)) < 2_000


@pytest.mark.parametrize("options", [{}, {"unrouted": "fail"}])
def test_long_texts_make_a_short_line(options: Any, capsys: Capture) -> None:
    """Entities and identifiers are cut in every line."""
    long = "x" * 100_000
    raw = {**insert(1, entity=long), "eventID": long, "eventName": "INSERT"}
    raw["dynamodb"]["SequenceNumber"] = long
    dispatcher(Handled(), **options)(batch(raw, raw), Context(request_id=long))
    assert all(len(json.dumps(line)) < 2_000 for line in lines(capsys))


def test_many_unrouted_entities_make_a_short_line(capsys: Capture) -> None:
    """Of the entities without a route, ten are stated."""
    dispatcher(Handled())(batch(*(insert(number, f"k{number}", f"{number}{'x' * 9_999}") for number in range(100))))
    (line,) = [line for line in lines(capsys) if line["event"] == "records unrouted"]
    assert (line["count"], len(line["entities"])) == (100, 10)
    assert len(json.dumps(line)) < 2_000


# ------------------------------------------------------------------------------------------------------- keys as entities


@pytest.mark.parametrize("discriminator", [prefix("pk"), "pk", chain("kind", "pk"), lambda image: image["pk"]["S"]])
@pytest.mark.parametrize("options", [{}, {"unrouted": "fail"}, {"unrouted": "park", "parking": MemoryParking()}])
def test_entity_that_is_a_part_of_the_key(discriminator: Any, options: Any, capsys: Capture) -> None:
    """An entity without a route that was read from the item's key is not shown: it may be any value."""
    dispatcher(Handled(), discriminator=discriminator, **options)(batch(insert(1, f"{SECRET}#1")))
    found = capsys.readouterr().out
    assert "<key>" in found
    assert SECRET not in found


def test_registered_entity_in_the_key(capsys: Capture) -> None:
    """An entity that a route names is shown, wherever it was read from."""
    dispatcher(Handled({1: TimeoutError()}), discriminator=prefix("pk"))(batch(insert(1, "Order#1")))
    assert [line["entity"] for line in lines(capsys) if "entity" in line] == ["Order"]


# -------------------------------------------------------------------------------------------------------- broken processors


def test_a_processor_that_raises(capsys: Capture) -> None:
    """A processor of the user's that raises fails no record, and its error takes no value out."""

    def broken(logger: Any, method: str, event: Any) -> Any:
        raise KeyError(SECRET)

    structlog.configure(processors=[broken])
    app = dispatcher(Handled({1: KeyError(SECRET)}), parking=MemoryParking(), on_error=Park())
    report = app.dispatch(batch(insert(1), insert(2, "b"), insert(3, "c", entity="Other")))
    assert statuses(report) == ["parked", "done", "unrouted"]
    captured = capsys.readouterr()
    assert set(captured.err.splitlines()) == {"cannot write a log line: the logger raised KeyError"}
    assert SECRET not in captured.out
