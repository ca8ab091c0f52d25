"""No item value leaves the framework, through any exit.

Each case puts a marked secret into every place of an item - values, sets, keys of maps, nested, the item's key, in both
images - and makes a record fail in another way. The exits are listed in ``EXITS``.
"""

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import pytest
import structlog
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from router import (
    Change,
    Depends,
    Dispatcher,
    MemoryParking,
    Metrics,
    Park,
    Parked,
    PartialFailure,
    Reject,
    RouterError,
    Routes,
    SqsParking,
    Tracing,
    discriminators,
)
from router.testing import Stream
from router.testing.app_stream import AppStream
from router.testing.failure_report import stream_report
from tests.builders import Context, Json, batch, record
from tests.sources.deliveries import failure_document, kinesis_record, message, notification, on_kinesis, sns_record

SECRET: Final = "s3cret"


class Line(BaseModel):
    count: int


class Order(BaseModel):
    pk: str
    status: str
    total: int = 0
    tags: set[str] = set()
    mails: dict[str, int] = {}
    days: dict[str, Line] = {}
    numbers: dict[int, str] = {}
    either: Annotated[int | list[Line], Field(union_mode="left_to_right")] = 0


def image(**values: Any) -> Json:
    """An item with the secret in each place."""
    return {
        "EntityType": {"S": "Order"},
        "pk": {"S": f"{SECRET}#1"},
        "status": {"S": SECRET},
        "total": {"N": "1"},
        "tags": {"SS": [SECRET]},
        "mails": {"M": {f"{SECRET}@a.example": {"N": "1"}}},
        "days": {"M": {SECRET: {"M": {"count": {"N": "1"}, SECRET: {"L": [{"S": SECRET}]}}}}},
        "other": {"M": {SECRET: {"L": [{"M": {SECRET: {"B": "czNjcmV0"}}}]}}},
        **values,
    }


def changed_record(new: Json, old: Json) -> Json:
    return record(1, "MODIFY", f"{SECRET}#1", NewImage=new, OldImage=old)


def refuse(change: Change[Order]) -> None:
    """Raise an error that is chained to a pydantic error."""
    try:
        TypeAdapter(dict[str, int]).validate_python({SECRET: SECRET})
    except ValidationError as error:
        raise TimeoutError from error


def refuse_itself(change: Change[Order]) -> None:
    TypeAdapter(dict[str, int]).validate_python({SECRET: SECRET, "a": [SECRET]})


def refuse_in_a_group(change: Change[Order]) -> None:
    try:
        refuse_itself(change)
    except ValidationError as error:
        raise ExceptionGroup("several", [error, TimeoutError()]) from error


def fail_in_part(change: Change[Order]) -> None:
    """Raise an error that is for ``on_batch`` handlers, as a helper of one may do."""
    try:
        refuse_itself(change)
    except ValidationError as error:
        raise PartialFailure({change: error}) from error


def fail_in_part_in_a_group(change: Change[Order]) -> None:
    try:
        fail_in_part(change)
    except PartialFailure as error:
        raise ExceptionGroup("several", [error]) from None


def reject(change: Change[Order]) -> None:
    try:
        refuse_itself(change)
    except ValidationError as error:
        raise Reject("never") from error


def succeed(change: Change[Order]) -> None: ...


def invalid_value() -> Iterator[int]:
    yield 1
    TypeAdapter(list[int]).validate_python([SECRET])


def need(change: Change[Order], value: Annotated[int, Depends(invalid_value, scope="invocation")]) -> None: ...


GOOD: Final = image()
BAD_IMAGES: Final[Mapping[str, Json]] = {
    "value": image(total={"S": SECRET}),
    "absent": {name: value for name, value in image().items() if name != "status"},
    "key of a map": image(mails={"M": {f"{SECRET}@a.example": {"S": SECRET}}}),
    "number as the key of a map": image(numbers={"M": {"860675309": {"N": "860675309"}, SECRET: {"S": ""}}}),
    "nested": image(days={"M": {SECRET: {"M": {"count": {"S": SECRET}}}}}),
    "set": image(tags={"S": SECRET}),
    "union": image(either={"L": [{"M": {"count": {"S": SECRET}, SECRET: {"S": ""}}}]}),
    "malformed value": image(total={"N": SECRET}),
    "malformed value under the key of a map": image(mails={"M": {f"{SECRET}@a.example": {"N": SECRET}}}),
    "malformed nested value": image(days={"M": {SECRET: {"M": {"count": {"N": SECRET}}}}}),
    "malformed tag": image(total={SECRET: SECRET}),
    "several tags": image(total={SECRET: SECRET, "N": "1"}),
}
HANDLERS: Final = (refuse, refuse_itself, refuse_in_a_group, fail_in_part, fail_in_part_in_a_group, reject, need)


class QuotingPlace:
    """A parking place that fails with a pydantic error, chained to one that quotes the record."""

    def park(self, parked: Parked) -> None:
        try:
            raise ConnectionError(str(parked.record))
        except ConnectionError as error:
            Line.model_validate({"count": SECRET})
            raise AssertionError from error


class Queue:
    """The client of a queue that keeps what it is sent."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def send_message(self, **message: Any) -> None:
        self.messages.append(message)


class Recorder:
    """A recorder of X-Ray's SDK that keeps names and annotations."""

    def __init__(self) -> None:
        self.disabled = False
        self.provider = self
        self.seen: list[Any] = []

    def begin_subsegment(self, name: str) -> "Recorder":
        self.seen.append(name)
        return self

    def put_annotation(self, key: str, value: Any) -> None:
        self.seen.append((key, value))

    def add_fault_flag(self) -> None: ...
    def end_subsegment(self) -> None: ...
    def set_trace_entity(self, entity: Any) -> None: ...


def shop(handler: Any, *, fallback: bool = False, **options: Any) -> Dispatcher:
    routes = Routes()
    if fallback:

        @routes.fallback
        def fall_back(change: Change[dict[str, Any]]) -> None:
            handler(change)
    else:
        routes.on(Order)(handler)
    return Dispatcher(routes, **options)


def chain_text(error: BaseException) -> str:
    """What Python prints of an error and of all that it is chained to, suppressed or not."""
    links = [link for link in (error.__cause__, error.__context__) if link is not None]
    return "".join([*traceback.format_exception(error), *map(chain_text, links)])


# -------------------------------------------------------------------------------------------------------------- deliveries


def in_queue(body: Any, group: str | None = None) -> Json:
    """A message with the secret in its attributes."""
    attribute = {"stringValue": SECRET, "dataType": "String"}
    return {**message(body, 1, group), "messageAttributes": {SECRET: attribute}, "receiptHandle": SECRET}


def in_parked(raw: Json) -> Json:
    return {"parkedAt": "2026-01-01T00:00:00+00:00", "entity": SECRET, "route": SECRET, "reason": SECRET, "record": raw}


def in_event_bridge(raw: Json) -> Json:
    return {"detail-type": SECRET, "source": SECRET, "detail": raw}


def in_kinesis(raw: Json) -> Json:
    made = on_kinesis(raw, 1)
    made["kinesis"]["partitionKey"] = SECRET
    return made


def in_sns(document: Json) -> Json:
    return {**notification(json.dumps(document)), "Subject": SECRET}


DELIVERIES: Final[Mapping[str, Callable[[Json], Json]]] = {
    "kinesis": in_kinesis,
    "queue": in_queue,
    "FIFO queue": lambda raw: in_queue(raw, SECRET),
    "list in a queue": lambda raw: in_queue([raw, raw]),
    "SNS in a queue": lambda raw: in_queue(in_sns(raw)),
    "EventBridge in a queue": lambda raw: in_queue(in_event_bridge(raw)),
    "parked record in a queue": lambda raw: in_queue(in_parked(raw)),
    "failure document in a queue": lambda raw: in_queue(failure_document(raw)),
    "failure document of Kinesis in a queue": lambda raw: in_queue(failure_document(in_kinesis(raw), payload="object")),
    "failure document in SNS in a queue": lambda raw: in_queue(in_sns(failure_document(raw))),
    "SNS": lambda raw: {"eventSource": "aws:sns", **sns_record(json.dumps(in_sns(raw)))},
}

BROKEN_BODIES: Final[list[Any]] = [
    SECRET,
    f'{{"{SECRET}": ',
    json.dumps(SECRET),
    {SECRET: SECRET},
    [SECRET, {SECRET: [SECRET]}],
    {"eventSource": "aws:dynamodb", "eventName": SECRET, "dynamodb": {SECRET: SECRET}},
    {"eventSource": "aws:dynamodb", "eventName": "INSERT", "dynamodb": SECRET},
    {
        "eventSource": "aws:dynamodb",
        "eventName": "INSERT",
        "dynamodb": {"NewImage": SECRET, "OldImage": [SECRET]},
    },
    {
        "eventSource": "aws:dynamodb",
        "eventName": "INSERT",
        "dynamodb": {"StreamViewType": SECRET, "Keys": {SECRET: {"S": SECRET}}},
    },
    {"eventSource": "aws:dynamodb", "eventName": "INSERT", "userIdentity": {"Type": SECRET}, "dynamodb": {}},
    in_sns({SECRET: SECRET}),
    {"Type": "Notification", "Message": SECRET},
    in_event_bridge({SECRET: SECRET}),
    in_parked({SECRET: SECRET}),
    {**failure_document(), "payload": SECRET},
    {**failure_document(payload="none"), "DDBStreamBatchInfo": {SECRET: SECRET}},
]
BROKEN: Final[list[Json]] = [
    *map(in_queue, BROKEN_BODIES),
    *(
        kinesis_record(text, 1)
        for text in (SECRET, f'{{"{SECRET}": 1}}', b"\xf3\x89\x9a\xc2" + SECRET.encode(), b"\xff" + SECRET.encode())
    ),
    {"eventSource": "aws:kinesis", "kinesis": {"data": SECRET, "sequenceNumber": "1"}},
    {"eventSource": "aws:sqs", SECRET: SECRET},
]


# ------------------------------------------------------------------------------------------------------------------- exits


Make = Callable[..., Dispatcher]


def through_report(make: Make, raw: Json) -> Iterator[str]:
    report = make().dispatch(batch(raw), Context())
    yield from (json.dumps(report.response), repr(report), repr(report.outcomes))
    for outcome in report:
        if outcome.error is not None:
            yield f"{outcome.error!r} {outcome.error} {chain_text(outcome.error)}"


def through_metrics(make: Make, raw: Json) -> Iterator[str]:
    make(metrics=Metrics("Shop"))(batch(raw), Context())
    yield ""


def through_traces(make: Make, raw: Json) -> Iterator[str]:
    recorder = Recorder()
    make(tracing=Tracing(recorder))(batch(raw), Context())
    assert recorder.seen
    yield repr(recorder.seen)


def through_lanes(make: Make, raw: Json) -> Iterator[str]:
    make(concurrency=4)(batch(raw, {**raw, "eventID": "e2"}), Context())
    yield ""


def through_parking(make: Make, raw: Json) -> Iterator[str]:
    place = MemoryParking()
    make(parking=place, on_error=Park())(batch(raw), Context())
    for parked in place:
        yield json.dumps({name: value for name, value in parked.to_dict().items() if name not in ("record", "entity")})
        yield repr(parked)


def through_message_attributes(make: Make, raw: Json) -> Iterator[str]:
    queue = Queue()
    parking = SqsParking("https://sqs.eu-west-1.amazonaws.com/123456789012/parked.fifo", client=queue)
    make(parking=parking, on_error=Park())(batch(raw), Context())
    yield from (json.dumps({**message, "MessageBody": ""}) for message in queue.messages)


def through_a_broken_place(make: Make, raw: Json) -> Iterator[str]:
    app = make(parking=QuotingPlace(), on_error=Park())
    yield from through_report(lambda: app, raw)


def through_lambda(make: Make, raw: Json) -> Iterator[str]:
    """The error that Lambda prints: with Powertools' processor, and of a record without an identifier."""
    if "dynamodb" in raw:
        without_number = {**raw, "dynamodb": {**raw["dynamodb"], "SequenceNumber": None}}
    else:
        without_number = {name: value for name, value in raw.items() if name not in ("messageId", "eventID")}
    for call in (lambda: make().record_handler(raw, Context()), lambda: make()(batch(without_number), Context())):
        try:
            call()
        except Exception as error:  # noqa: BLE001 - any error
            yield chain_text(error)


def through_pytest(make: Make, raw: Json) -> Iterator[str]:
    stream = AppStream(make(), maximum_retry_attempts=1)
    stream.append(raw)
    stream.run()
    yield stream_report(stream)
    yield repr(Stream(make()))


def through_a_broken_logger(make: Make, raw: Json) -> Iterator[str]:
    def broken(logger: Any, method: str, event: Any) -> Any:
        raise KeyError(f"{SECRET} {event}")

    structlog.configure(processors=[broken])
    yield from through_report(make, raw)


EXITS: Final = (
    through_report,
    through_metrics,
    through_traces,
    through_lanes,
    through_parking,
    through_message_attributes,
    through_a_broken_place,
    through_lambda,
    through_pytest,
    through_a_broken_logger,
)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.delenv("LOG_ERROR_TEXT", raising=False)
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@contextmanager
def watched(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Collect texts, and refuse a secret in them and in what is written to standard output and error meanwhile."""
    texts: list[str] = []
    yield texts
    texts += capsys.readouterr()
    assert any(texts)
    assert [text for text in texts if SECRET in text or "860675309" in text or "czNjcmV0" in text] == []


@pytest.mark.parametrize("leave", EXITS)
@pytest.mark.parametrize("case", BAD_IMAGES)
@pytest.mark.parametrize("in_old", [False, True], ids=["new", "old"])
def test_a_bad_image(leave: Any, case: str, in_old: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """A malformed or invalid image, new or old, takes no value out."""
    images = (GOOD, BAD_IMAGES[case]) if in_old else (BAD_IMAGES[case], GOOD)
    with watched(capsys) as texts:
        texts.extend(leave(lambda **options: shop(succeed, **options), changed_record(*images)))


@pytest.mark.parametrize("leave", EXITS)
@pytest.mark.parametrize("handler", HANDLERS)
def test_a_failing_handler(leave: Any, handler: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A handler's error takes out no value that it is chained to."""
    with watched(capsys) as texts:
        texts.extend(leave(lambda **options: shop(handler, **options), changed_record(GOOD, GOOD)))


@pytest.mark.parametrize("leave", [leave for leave in EXITS if leave is not through_pytest])  # it explains the entity
@pytest.mark.parametrize("discriminator", [discriminators.prefix("pk"), discriminators.AWS_LAMBDA_STREAM, "pk"])
@pytest.mark.parametrize("options", [{}, {"fallback": True}, {"unrouted": "fail"}])
def test_an_entity_in_the_key(leave: Any, discriminator: Any, options: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """An entity without a route that was read from the item's key takes no value out."""
    raw = changed_record(GOOD, GOOD)
    raw["dynamodb"]["Keys"]["sk"] = raw["dynamodb"]["NewImage"]["sk"] = {"S": SECRET}
    with watched(capsys) as texts:
        texts.extend(leave(lambda **more: shop(reject, discriminator=discriminator, **options, **more), raw))


@pytest.mark.parametrize("leave", [leave for leave in EXITS if leave is not through_pytest])  # of streams
@pytest.mark.parametrize("delivered", DELIVERIES)
@pytest.mark.parametrize("handler", [succeed, *HANDLERS])
def test_another_source(leave: Any, delivered: str, handler: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry of another source takes out no value, neither of the change inside nor of what is around it."""
    raw = DELIVERIES[delivered](changed_record(GOOD if handler is not succeed else BAD_IMAGES["nested"], GOOD))
    with watched(capsys) as texts:
        texts.extend(through(leave, handler, raw))


def through(leave: Any, handler: Any, raw: Json) -> Iterator[str]:
    """Texts of an exit, with that of an event which fails as a whole: without any change, or of SNS."""
    try:
        yield from leave(lambda **options: shop(handler, **options), raw)
    except RouterError as error:
        yield chain_text(error)


@pytest.mark.parametrize("leave", [leave for leave in EXITS if leave is not through_pytest])
@pytest.mark.parametrize("entry", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_change(leave: Any, entry: Json, capsys: pytest.CaptureFixture[str]) -> None:
    """What another source delivers in place of a change takes out no value, alone and beside a change."""
    beside = {**entry, "body": [changed_record(GOOD, GOOD), entry.get("body")]}
    beside["body"] = json.dumps(beside["body"])
    with watched(capsys) as texts:
        for each in (entry, beside):
            texts.extend(through(leave, refuse, each))


app = shop(succeed)


@pytest.mark.parametrize("command", ["invoke", "explain", "replay --maximum-retry-attempts 0"])
@pytest.mark.parametrize("flags", [[], ["--json"]])
@pytest.mark.parametrize("case", BAD_IMAGES)
def test_a_command(
    command: str, flags: list[str], case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands that run an app on an event print no value."""
    from router.cli import main

    event = tmp_path / "event.json"
    event.write_text(json.dumps(batch(changed_record(BAD_IMAGES[case], GOOD))), encoding="utf-8")
    with watched(capsys):
        main([*command.split(), str(event), *flags, "--app", "tests.test_secrets:app"])
