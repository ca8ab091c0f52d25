"""Parking places keep records whole and durably, or say that they could not."""

import asyncio
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router import (
    JsonLinesParking,
    MemoryParking,
    Parked,
    ParkingError,
    RegistrationError,
    Reject,
    S3Parking,
    SqsParking,
)
from tests.builders import SUCCESS, Handled, Json, batch, dispatcher, failures, insert, inserts, without


def parked(number: int = 1, **values: Any) -> Parked:
    return parked_record(insert(number, **values))


def parked_record(record: Json, **fields: Any) -> Parked:
    place = Parked(
        record=record,
        entity="Order",
        route="handlers.orders.place",
        stage="handler",
        error="Reject",
        reason="never",
        parked_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    return replace(place, **fields)


def lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_parked_record_is_written_as_a_document() -> None:
    """A parked record becomes a JSON object with why, where, when and the record as delivered."""
    assert parked().to_dict() == {
        "parkedAt": "2026-01-02T03:04:05+00:00",
        "entity": "Order",
        "route": "handlers.orders.place",
        "stage": "handler",
        "error": "Reject",
        "reason": "never",
        "record": insert(1),
    }


def test_a_parked_record_prints_no_values() -> None:
    """A parked record holds the item; its repr, which may end in a log, does not."""
    assert repr(parked(status="s3cret")) == "<Parked 'Order' at handler: Reject>"


def test_memory_keeps_them_in_order() -> None:
    """The place in memory can be counted and looked through."""
    place = MemoryParking()
    place.park(parked(1))
    place.park(parked(2))
    assert ([entry.record["eventID"] for entry in place], len(place)) == (["e1", "e2"], 2)


def test_a_line_is_appended_for_each(tmp_path: Path) -> None:
    """Each parked record is one line of JSON."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    place.park(parked(1))
    place.park(parked(2))
    assert [line["record"]["eventID"] for line in lines(place.path)] == ["e1", "e2"]


def test_the_folder_is_made_with_the_first(tmp_path: Path) -> None:
    """The file and its folder come to be when the first record is parked, not before."""
    place = JsonLinesParking(str(tmp_path / "deep" / "er" / "parked.jsonl"))
    before = place.path.parent.exists()
    place.park(parked())
    assert (before, len(lines(place.path))) == (False, 1)


def test_what_is_there_stays(tmp_path: Path) -> None:
    """Another process's lines, or an earlier one's, are kept."""
    path = tmp_path / "parked.jsonl"
    JsonLinesParking(path).park(parked(1))
    JsonLinesParking(path).park(parked(2))
    assert [line["record"]["eventID"] for line in lines(path)] == ["e1", "e2"]


def test_a_torn_last_line_spoils_nothing(tmp_path: Path) -> None:
    """What a crash cut off in the middle stays a line of its own."""
    path = tmp_path / "parked.jsonl"
    path.write_bytes(b'{"parkedAt": "2026-')
    JsonLinesParking(path).park(parked())
    torn, whole = path.read_text("utf-8").splitlines()
    assert (torn, json.loads(whole)["record"]["eventID"]) == ('{"parkedAt": "2026-', "e1")


def test_an_empty_file_gets_no_empty_line(tmp_path: Path) -> None:
    """A file that is there and empty starts with the record."""
    path = tmp_path / "parked.jsonl"
    path.touch()
    JsonLinesParking(path).park(parked())
    assert len(path.read_text("utf-8").splitlines()) == 1


def test_a_line_break_in_a_value_makes_no_line(tmp_path: Path) -> None:
    """Whatever text an item holds, its record stays on one line."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    place.park(parked(status="one\ntwo\r\u2028three\x85\ud800"))
    (line,) = place.path.read_bytes().split(b"\n")[:-1]
    assert json.loads(line)["record"] == insert(1, status="one\ntwo\r\u2028three\x85\ud800")


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Records parked by several threads at once are each a whole line."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")

    def work(number: int) -> None:
        for turn in range(5):
            place.park(parked(number * 100 + turn, status="x" * 20_000))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"e{number * 100 + turn}" for number in range(4) for turn in range(5)}
    assert {line["record"]["eventID"] for line in lines(place.path)} == expected


def test_places_of_one_file_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Two places that write one file, as two processes would, keep their lines whole."""
    path = tmp_path / "parked.jsonl"

    def work(number: int) -> None:
        place = JsonLinesParking(path)
        for turn in range(5):
            place.park(parked(number * 100 + turn, status="x" * 20_000))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One that comes while another writes may take the half of a line for a torn one: empty lines do no harm.
    whole = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    assert len(whole) == 20


def test_a_record_is_on_the_disk_when_park_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synchronised before parking says that it is done."""
    synced: list[int] = []
    path = tmp_path / "parked.jsonl"
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(path.stat().st_size))
    JsonLinesParking(path).park(parked())
    assert synced == [path.stat().st_size]


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that takes only part of a line at a time is given the rest."""
    from io import FileIO

    class Short(FileIO):
        def write(self, data: Any) -> int:
            return super().write(bytes(data)[:100])

    place = JsonLinesParking(tmp_path / "parked.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda path, mode, buffering: Short(path, mode))
        place.park(parked())
    assert lines(place.path)[0]["record"] == insert(1)


@pytest.mark.parametrize("value", [b"bytes", Decimal(1), {1}, object(), float("nan"), float("inf")])
def test_what_json_does_not_have_is_refused_whole(tmp_path: Path, value: Any) -> None:
    """A record that cannot be written leaves nothing of itself in the file."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    with pytest.raises((TypeError, ValueError)):
        place.park(parked(status={"S": value}))
    assert not place.path.exists()


def test_a_record_that_cannot_be_written_is_failed(tmp_path: Path) -> None:
    """A record that the file does not take is reported, not lost."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    app = dispatcher(Handled({1: Reject()}), parking=place)
    report = app.dispatch(batch(insert(1, extra={"S": float("nan")})))
    (outcome,) = report
    assert (outcome.stage, type(outcome.error), report.response) == ("park", ParkingError, failures(1))


def test_a_path_that_cannot_be_written_fails_the_record(tmp_path: Path) -> None:
    """A place that is no file, or has no room, makes its record fail at stage park."""
    app = dispatcher(Handled({1: Reject()}), parking=JsonLinesParking(tmp_path))
    (outcome,) = app.dispatch(inserts(1))
    assert (outcome.status, outcome.stage) == ("failed", "park")


def test_what_is_parked_can_be_delivered_again(tmp_path: Path) -> None:
    """The records of the file, put into an event, reach the same handler again."""
    place, handled = JsonLinesParking(tmp_path / "parked.jsonl"), Handled({1: Reject()})
    app = dispatcher(handled, parking=place)
    app(inserts(1))
    handled.fail.clear()
    assert (app(batch(*(line["record"] for line in lines(place.path)))), list(handled)) == (SUCCESS, ["1"])


def test_lanes_park_at_the_same_time(tmp_path: Path) -> None:
    """With concurrency every rejected record of a batch is kept."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    app = dispatcher(Handled({number: Reject() for number in range(20)}), parking=place, concurrency=4)
    assert (app(inserts(*range(20))), len(lines(place.path))) == (SUCCESS, 20)


# ---------------------------------------------------------------------------------------------------------------- SQS


class Raw(io.BytesIO):
    """A response's body, as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Sqs:
    """A queue of ministack's behind a real client: requests are validated and serialised, but reach no network."""

    def __init__(self, name: str = "parked", **attributes: str) -> None:
        import boto3
        from ministack.services import sqs  # type: ignore[import-untyped]  # it has no types

        sqs.reset()
        self._service = sqs
        self.client: Any = boto3.client(
            "sqs", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.client.meta.events.register("before-send.sqs", self._answer)
        self.url: str = self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.parking = SqsParking(self.url, client=self.client)

    def _answer(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        names = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        status, headers, content = asyncio.run(self._service.handle_request("POST", "/", names, body, {}))
        return AWSResponse(
            request.url, status, headers, Raw(content if isinstance(content, bytes) else content.encode())
        )

    def messages(self) -> list[Json]:
        received = self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        )
        found: list[Json] = received.get("Messages", [])
        return found

    def told(self) -> list[dict[str, str]]:
        return [
            {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
            for message in self.messages()
        ]


FIFO = {"FifoQueue": "true"}


@pytest.fixture
def sqs() -> Iterator[Sqs]:
    queue = Sqs()
    yield queue
    queue._service.reset()


@pytest.fixture
def fifo() -> Iterator[Sqs]:
    queue = Sqs("parked.fifo", **FIFO)
    yield queue
    queue._service.reset()


def test_a_message_holds_the_document(sqs: Sqs) -> None:
    """As it would stand in a file, so that whoever reads one reads the other."""
    sqs.parking.park(parked(status="Grüße \x00 \ufffe"))
    (message,) = sqs.messages()
    assert json.loads(message["Body"]) == parked(status="Grüße \x00 \ufffe").to_dict()


def test_a_consumer_can_filter_by_attributes(sqs: Sqs) -> None:
    """By entity, by route and by the stage at which it went wrong."""
    sqs.parking.park(parked())
    assert sqs.told() == [{"entity": "Order", "route": "handlers.orders.place", "stage": "handler"}]


def test_a_record_without_a_route_has_no_attributes(sqs: Sqs) -> None:
    """Its entity is whatever stood in the item."""
    dispatcher(Handled(), unrouted="park", parking=sqs.parking)(batch(insert(1, entity="s3cret")))
    (message,) = sqs.messages()
    assert ("MessageAttributes" in message, json.loads(message["Body"])["entity"]) == (False, "s3cret")


@pytest.mark.parametrize("entity", ["", "a" * 257, "a\x00b", "\ud800"])
def test_an_entity_that_sqs_would_refuse_is_no_attribute(sqs: Sqs, entity: str) -> None:
    """A message that is never taken would hold up its shard."""
    sqs.parking.park(parked_record(insert(), entity=entity))
    assert sqs.told() == [{"route": "handlers.orders.place", "stage": "handler"}]


def test_what_is_parked_on_sqs_lets_the_stream_move_on(sqs: Sqs) -> None:
    """Through the whole dispatcher."""
    app = dispatcher(Handled({2: Reject("never")}), parking=sqs.parking)
    assert app(inserts(1, 2, 3)) == SUCCESS
    assert [json.loads(message["Body"])["record"]["eventID"] for message in sqs.messages()] == ["e2"]


def test_a_record_too_big_for_a_message_failed(sqs: Sqs) -> None:
    """It is not cut off, and not lost: Lambda delivers it again, and in the end to the failure destination."""
    app = dispatcher(Handled({1: Reject("never")}), parking=sqs.parking)
    report = app.dispatch(batch(insert(1, status="x" * 1_048_576)))
    (outcome,) = report
    assert (report.response, outcome.stage, sqs.messages()) == (failures(1), "park", [])
    assert isinstance(outcome.error, ParkingError)
    assert str(outcome.error.__cause__).endswith("expected at most 1,048,576, as SQS takes no more")


def test_a_record_that_just_fits_is_sent(sqs: Sqs) -> None:
    """The limit is SQS's own, for the text and the attributes together."""
    empty = len(json.dumps(parked(status="").to_dict())) + len("entityStringOrder")
    empty += len("routeStringhandlers.orders.place") + len("stageStringhandler")
    sqs.parking.park(parked(status="x" * (1_048_576 - empty)))
    assert len(sqs.messages()) == 1
    with pytest.raises(ParkingError):
        sqs.parking.park(parked(status="x" * (1_048_577 - empty)))


def test_a_queue_that_is_gone_takes_nothing(sqs: Sqs) -> None:
    """What SQS refuses is a failure of the record."""
    sqs.client.delete_queue(QueueUrl=sqs.url)
    app = dispatcher(Handled({1: Reject("never")}), parking=sqs.parking)
    assert app(inserts(1)) == failures(1)


def test_a_fifo_queue_keeps_an_item_in_order(fifo: Sqs) -> None:
    """The records of one item are one group, those of others are others; the group tells nothing of the keys."""
    for number, key in enumerate(["s3cret", "b", "s3cret"]):
        fifo.parking.park(parked_record(insert(number, key)))
    groups = [message["Attributes"]["MessageGroupId"] for message in fifo.messages()]
    assert (len(groups), len(set(groups)), "s3cret" in str(groups)) == (3, 2, False)


def test_a_fifo_queue_keeps_a_record_once(fifo: Sqs) -> None:
    """A delivery after a time-out parks again what it had parked before, at another time."""
    fifo.parking.park(parked(1))
    fifo.parking.park(parked_record(insert(1), parked_at=datetime(2026, 1, 2, 3, 5, tzinfo=UTC)))
    fifo.parking.park(parked(2))
    assert len(fifo.messages()) == 2


def test_two_routes_of_a_record_are_two_messages(fifo: Sqs) -> None:
    """Each failed by itself, and is mended by itself."""
    fifo.parking.park(parked(1))
    fifo.parking.park(parked_record(insert(1), route="handlers.orders.ship"))
    assert len(fifo.messages()) == 2


def test_records_that_nothing_tells_apart_are_all_kept(fifo: Sqs) -> None:
    """Without an event ID two equal records may still be two."""
    for _ in range(2):
        fifo.parking.park(parked_record(without(insert(1), "eventID", "SequenceNumber", "Keys")))
    assert len(fifo.messages()) == 2


def test_any_record_has_a_name(fifo: Sqs) -> None:
    """Even one that is no record of a stream."""
    fifo.parking.park(parked_record({"eventID": "e1", "dynamodb": None}))
    assert len(fifo.messages()) == 1


@pytest.mark.parametrize("url", ["parked", "arn:aws:sqs:eu-west-1:123456789012:parked", "", None, 5])
def test_what_is_no_url_is_refused(url: Any) -> None:
    """The name and the ARN are easily taken for it."""
    with pytest.raises(RegistrationError, match=r"SqsParking\(\) found .*, expected a URL"):
        SqsParking(url)


@pytest.mark.parametrize("make", [lambda: SqsParking("https://sqs/1/parked"), lambda: S3Parking("parked")])
def test_without_boto3_it_says_so(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    """At once, and not when the first record is to be parked."""
    monkeypatch.setattr("router.parking.find_spec", lambda name: None)
    with pytest.raises(RegistrationError, match=r"found no boto3, .*pip install boto3"):
        make()


def test_boto3_is_imported_when_something_is_parked() -> None:
    """Most containers never park anything."""
    code = "import router, sys; router.SqsParking('https://sqs/1/parked'); print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_client_of_its_own_gives_up_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3's minutes are longer than most functions; and it is made once, whichever lane comes first."""
    import boto3

    made: list[Any] = []

    class Client:
        def send_message(self, **_: Any) -> None: ...

    def client(service: str, config: Any) -> Client:
        made.append((service, config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]))
        return Client()

    monkeypatch.setattr(boto3, "client", client)
    place = SqsParking("https://sqs/1/parked")
    threads = [threading.Thread(target=place.park, args=(parked(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [("sqs", 2, 5, 2)]


# ----------------------------------------------------------------------------------------------------------------- S3


class Bucket:
    """A client that checks what it is given as botocore does, and keeps it."""

    def __init__(self) -> None:
        import boto3
        from botocore.stub import Stubber

        self.client: Any = boto3.client(
            "s3", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.stubber = Stubber(self.client)
        self.stubber.activate()
        self.objects: dict[str, Any] = {}
        self.client.meta.events.register_first("before-parameter-build.s3.PutObject", self._keep)

    def _keep(self, params: Json, **_: Any) -> None:
        self.objects[f"{params['Bucket']}/{params['Key']}"] = json.loads(params["Body"])

    def park(self, *places: Parked) -> None:
        for place in places:
            self.stubber.add_response("put_object", {})
            S3Parking("shop", client=self.client).park(place)


def test_an_object_holds_the_document() -> None:
    """Under the day on which it was parked."""
    bucket = Bucket()
    bucket.park(parked())
    ((key, document),) = bucket.objects.items()
    assert (key.startswith("shop/parked/2026/01/02/"), key.endswith(".json")) == (True, True)
    assert document == parked().to_dict()


def test_an_object_is_there_once() -> None:
    """However often the record was parked that day; other records are other objects."""
    bucket = Bucket()
    bucket.park(parked(1), parked(1), parked(2))
    assert len(bucket.objects) == 2


def test_a_bucket_that_refuses_takes_nothing() -> None:
    """What S3 refuses is a failure of the record."""
    bucket = Bucket()
    bucket.stubber.add_client_error("put_object", "AccessDenied")
    app = dispatcher(Handled({1: Reject("never")}), parking=S3Parking("shop", client=bucket.client))
    assert app(inserts(1)) == failures(1)


def test_places_print_as_they_were_written() -> None:
    """With what says where they are."""
    assert [repr(SqsParking("https://sqs/1/parked")), repr(S3Parking("shop", prefix="p/"))] == [
        "SqsParking('https://sqs/1/parked')",
        "S3Parking('shop', prefix='p/')",
    ]
