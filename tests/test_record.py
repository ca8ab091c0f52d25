"""A record has the fields that were delivered, and its repr shows no value of an item."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router import Batch, DecodeError, Event, Record
from router.sources import receive
from tests.strategies import SECRET, images, junk

MOMENT = datetime(2026, 9, 17, 14, 14, 18, 123456, tzinfo=UTC)
SECONDS = 1_789_654_458


def make(raw: Any = None, **body: Any) -> Record:
    return Record({} if raw is None else raw, body, Event.INSERT)


def event_of(keys: list[Any]) -> dict[str, Any]:
    records = [
        {"eventSource": "aws:dynamodb", "eventName": "INSERT", "dynamodb": {"Keys": each, "NewImage": {}}}
        for each in keys
    ]
    return {"Records": records}


def stamped(stamp: Any) -> Record:
    return make(ApproximateCreationDateTime=stamp)


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("eventID", "event_id", "7f1"),
        ("eventName", "event_name", "INSERT"),
    ],
)
class TestText:
    def test_as_delivered(self, name: str, attribute: str, value: str) -> None:
        """A text of the envelope is that delivered."""
        assert getattr(make({name: value}), attribute) == value

    def test_absent(self, name: str, attribute: str, value: str) -> None:
        """A text that the envelope lacks is None."""
        assert getattr(make(), attribute) is None

    @pytest.mark.parametrize("strange", ["", None, 7, ["a"], {}])
    def test_strange(self, name: str, attribute: str, value: str, strange: object) -> None:
        """What is no text, or an empty one, counts as absent."""
        assert getattr(make({name: strange}), attribute) is None


def test_sequence_number() -> None:
    """The sequence number is that delivered, with leading zeros."""
    assert make(SequenceNumber="000700").sequence_number == "000700"


@pytest.mark.parametrize("strange", [None, "", 700, 7.0])
def test_no_sequence_number(strange: object) -> None:
    """A sequence number that is no text, or an empty one, counts as absent."""
    assert make(SequenceNumber=strange).sequence_number is None


def test_raw_is_not_copied() -> None:
    """The record as delivered is the very object of the event."""
    raw: dict[str, Any] = {"eventID": "1"}
    assert make(raw).raw is raw


def test_images() -> None:
    """Images are those of the wire."""
    record = make(NewImage={"a": {"S": "new"}}, OldImage={"a": {"S": "old"}})
    assert (record.new_image, record.old_image) == ({"a": {"S": "new"}}, {"a": {"S": "old"}})


def test_no_images() -> None:
    """Images that the stream does not carry are None."""
    assert (make().new_image, make().old_image) == (None, None)


def test_entity_is_unknown_at_first() -> None:
    """No entity is known before the discriminator has read one."""
    assert make().entity is None


class TestKeys:
    def test_decoded(self) -> None:
        """Keys are Python values."""
        assert make(Keys={"pk": {"S": "ORDER#1"}, "n": {"N": "7"}}).keys == {"pk": "ORDER#1", "n": 7}

    def test_absent(self) -> None:
        """A record without keys has none."""
        assert make().keys == {}

    def test_malformed(self) -> None:
        """Malformed keys are a decode error that says where."""
        with pytest.raises(DecodeError, match="attribute 'pk' of Keys"):
            _ = make(Keys={"pk": {"X": "1"}}).keys

    def test_on_the_wire(self) -> None:
        """Keys on the wire are those delivered."""
        assert make(Keys={"pk": {"S": "1"}}).wire_keys == {"pk": {"S": "1"}}

    @pytest.mark.parametrize("strange", [None, "pk", ["pk"], 1])
    def test_no_object(self, strange: object) -> None:
        """Keys that are no object are none on the wire."""
        assert make(Keys=strange).wire_keys is None


class TestLane:
    def test_same_item(self) -> None:
        """Two records of one item have equal lanes, with their keys in any order."""
        one = make(Keys={"pk": {"S": "1"}, "sk": {"S": "2"}}, NewImage={"a": {"N": "1"}})
        other = make(Keys={"sk": {"S": "2"}, "pk": {"S": "1"}})
        assert (one.lane, hash(one.lane)) == (other.lane, hash(other.lane))

    @pytest.mark.parametrize(
        "keys",
        [
            {"pk": {"S": "1"}, "sk": {"S": "3"}},
            {"pk": {"S": "2"}, "sk": {"S": "1"}},
            {"pk": {"S": "1"}, "sk": {"N": "2"}},
            {"pk": {"S": "1"}},
            {},
        ],
    )
    def test_other_item(self, keys: Any) -> None:
        """Records of two items have unequal lanes, also where only the type of a key differs."""
        assert make(Keys=keys).lane != make(Keys={"pk": {"S": "1"}, "sk": {"S": "2"}}).lane

    def test_without_keys(self) -> None:
        """Records that do not say which item they are of share a lane, so none of them overtakes another."""
        assert make().lane == make(Keys=None).lane

    @given(images(), images())
    def test_equal_where_keys_are(self, one: Any, other: Any) -> None:
        """Lanes are equal where keys are."""
        assert (make(Keys=one).lane == make(Keys=other).lane) == (one == other)

    @given(st.lists(images(), min_size=1, max_size=4))
    def test_of_an_event(self, keys: list[Any]) -> None:
        """The lanes of an event's records are equal where the lanes of the records are."""
        records = receive(event_of(keys)).records
        lanes = records.lanes()
        pairs = set(zip(lanes, [record.lane for record in records], strict=True))
        assert len(pairs) == len(set(lanes)) == len({record.lane for record in records})

    @given(st.lists(junk() | st.lists(junk()) | st.dictionaries(st.text(max_size=3), junk()), max_size=4))
    @example([[True]])
    @example([{"pk": {"S": "1"}}, [0]])
    @example([{1: {"S": "1"}}, {"pk": 1}])
    def test_of_any_event(self, keys: list[Any]) -> None:
        """Keys of any form leave every record with a lane that can be hashed, equal for equal keys."""
        lanes = receive(event_of(keys)).records.lanes()
        assert len(lanes) == len(keys)
        assert all(isinstance(hash(lane), int) for lane in lanes)
        assert lanes == receive(event_of(copy.deepcopy(keys))).records.lanes()

    @given(st.dictionaries(st.text(max_size=3), junk(), max_size=3))
    def test_of_anything(self, keys: Any) -> None:
        """The lane of any keys can be hashed."""
        assert isinstance(hash(make(Keys=keys).lane), int)


class TestCreatedAt:
    @pytest.mark.parametrize(
        ("stamp", "fraction"),
        [
            (SECONDS, 0),
            (float(SECONDS), 0),
            (SECONDS * 10**3 + 123, 123_000),
            (float(SECONDS * 10**3 + 123), 123_000),
            (SECONDS * 10**6 + 123_456, 123_456),
            (float(SECONDS * 10**6 + 123_456), 123_456),
            (SECONDS * 10**9 + 123_456_000, 123_456),
        ],
    )
    def test_units(self, stamp: float, fraction: int) -> None:
        """Seconds, milliseconds, microseconds and nanoseconds are distinguished, with and without fractions."""
        assert stamped(stamp).created_at == MOMENT.replace(microsecond=fraction)

    @given(st.datetimes(datetime(2004, 1, 1), datetime(2100, 1, 1)), st.sampled_from([1, 10**3, 10**6]))  # noqa: DTZ001 - hypothesis wants them bare
    def test_exact(self, moment: datetime, per_second: int) -> None:
        """A moment of DynamoDB's lifetime comes back exactly, as far as its unit goes."""
        microsecond = moment.microsecond - moment.microsecond % (10**6 // per_second)
        moment = moment.replace(microsecond=microsecond, tzinfo=UTC)
        stamp = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=10**6 // per_second)
        assert stamped(stamp).created_at == moment

    def test_in_utc(self) -> None:
        """The time is in UTC."""
        created = stamped(SECONDS).created_at
        assert created is not None
        assert created.utcoffset() == timedelta(0)

    def test_absent(self) -> None:
        """A record without a time has none."""
        assert make().created_at is None

    @pytest.mark.parametrize("stamp", [None, "1789654458", True, False, [], {}])
    def test_no_number(self, stamp: object) -> None:
        """What is no number is no time."""
        assert stamped(stamp).created_at is None

    @pytest.mark.parametrize("stamp", [float("nan"), float("inf"), -float("inf"), 1e300, -1e300, 10**25, -(10**25)])
    def test_no_time(self, stamp: float) -> None:
        """A number that is no time of any calendar is no time."""
        assert stamped(stamp).created_at is None

    @pytest.mark.parametrize("stamp", [10**400, -(10**400)])
    def test_beyond_floats(self, stamp: int) -> None:
        """An integer beyond the range of floats, which JSON can hold, is no time either."""
        assert stamped(stamp).created_at is None

    @pytest.mark.parametrize("stamp", [0, -1])
    def test_before(self, stamp: int) -> None:
        """The epoch, and what lies before it, are times."""
        assert stamped(stamp).created_at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=stamp)

    @given(st.integers() | st.floats() | junk())
    def test_never_raises(self, stamp: Any) -> None:
        """Any value as the time raises nothing."""
        created = stamped(stamp).created_at
        assert created is None or created.tzinfo is UTC


class TestAge:
    def test_in_seconds(self) -> None:
        """The age is in seconds."""
        assert stamped(SECONDS).age(datetime.fromtimestamp(SECONDS + 90.5, UTC)) == 90.5

    def test_now(self) -> None:
        """The age is that of now unless another time is given."""
        age = stamped((datetime.now(UTC) - timedelta(hours=1)).timestamp()).age()
        assert age is not None
        assert 3600 <= age < 3660

    def test_unknown(self) -> None:
        """The age is unknown where the time is."""
        assert make().age() is None


@given(images(), images(), images())
def test_repr_without_values(keys: Any, new: Any, old: Any) -> None:
    """Printing a record shows identity and event, and nothing of the item."""
    record = make({"eventID": "e1", "dynamodb": {}}, Keys=keys, NewImage=new, OldImage=old, SequenceNumber="7")
    record.entity = "Order"
    assert repr(record) == "<Record INSERT entity='Order' sequence_number='7'>"


def test_repr_of_a_long_sequence_number() -> None:
    """Printing a record has a bound."""
    assert len(repr(make(SequenceNumber="9" * 5000))) < 200


def test_repr_of_a_strange_record() -> None:
    """A record of no known event prints too."""
    assert repr(Record({}, {"Keys": {"pk": {"S": SECRET}}}, Event(0))) == (
        "<Record Event(0) entity=None sequence_number=None>"
    )


def test_batch_is_a_sequence() -> None:
    """A batch is a sequence of its records."""
    records: list[Any] = ["first", "second"]
    batch = Batch(records)
    assert (batch.size, len(batch)) == (2, 2)
    assert batch[0] is records[0]
    assert batch[1:] == records[1:]
    assert list(batch) == records


@pytest.mark.parametrize(
    ("entity", "shown"), [(None, None), ("Order", "Order"), ("s3cret", "<key>"), ("7", "<key>"), ("x" * 100, 64)]
)
def test_shown_entity(entity: str | None, shown: Any) -> None:
    """An entity that is a part of the item's key is not shown, and a long one is cut."""
    body = {"Keys": {"pk": {"S": "s3cret#1"}, "sk": {"N": "17"}, "odd": None}}
    made = Record({}, body, Event.INSERT)
    made.entity = entity
    assert made.shown_entity == shown or len(made.shown_entity or "") == shown
    assert "s3cret" not in repr(made)
