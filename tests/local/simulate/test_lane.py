"""``router.local.simulate.lane`` against results by hand and by queueing theory."""

import math

import pytest

from router.local.event_source_mapping import MappingSettings, back_off
from router.local.simulate import SimulatedFunction
from router.local.simulate.arrivals import Arrivals, poisson, regular
from router.local.simulate.lane import SimulatedLane, most_records
from router.local.simulate.load import Segment
from router.local.simulate.rng import random_for
from router.local.simulate.series import TimeSeries

REPORTS = ["ReportBatchItemFailures"]


POLL = 0.25


SECOND = 1 / POLL


QUICK = SimulatedFunction(invocation_time=1 / 64, record_time=1 / 1024, cold_start=0)


def run(arrivals: Arrivals, poison: list[int], how: SimulatedFunction = QUICK, **settings: object) -> SimulatedLane:
    lane = SimulatedLane(arrivals, poison, MappingSettings.of(settings), how, random_for(1))
    lane.run()
    return lane


def test_what_a_poll_reads_is_a_batch() -> None:
    """Without a window nothing waits: each poll that reads something is an invocation."""
    lane = run(Arrivals([3, 0, 5, 0], POLL), [])
    assert lane.log.starts == [1.0, 3.0]
    assert lane.log.taken == [3, 8]


def test_a_window_gathers() -> None:
    """The window starts with the first record, or, if that is later, with the end of the invocation before."""
    how = SimulatedFunction(invocation_time=0.5, record_time=0, cold_start=0)
    lane = run(Arrivals([1] * 16, POLL), [], how, maximum_batching_window_in_seconds=1)
    first, second = lane.log.starts[:2]
    assert first == 1 + SECOND
    assert second == first + 0.5 * SECOND + SECOND


def test_a_full_batch_ends_its_window() -> None:
    """As many records as fit need not wait any longer."""
    lane = run(Arrivals([2] * 8, POLL), [], maximum_batching_window_in_seconds=300, batch_size=6)
    assert lane.log.starts == [3.0, 6.0]


@pytest.mark.parametrize("retries", [0, 1, 4])
def test_poison_blocks_its_lane_for_a_known_time(retries: int) -> None:
    """All attempts and the waits between them; then the next records follow."""
    arrivals = Arrivals([1, 1, *[0] * 400], POLL)
    lane = run(arrivals, [0], maximum_retry_attempts=retries)
    blocked = (retries + 1) * QUICK.duration(1) + sum(back_off(number + 1) for number in range(retries))
    assert len(lane.log.starts) == retries + 2
    assert lane.log.starts[-1] == pytest.approx(max(2.0, 1 + blocked * SECOND))
    assert (lane.counters.exhausted, lane.counters.documents, lane.counters.handled) == (1, 1, 1)


def test_bisecting_finds_the_one_that_is_poison() -> None:
    """Of eight records the third fails: 8, 4, 2, 2, 1, then the rest; one record is lost."""
    lane = run(Arrivals([8, 0], POLL), [2], bisect_batch_on_function_error=True, maximum_retry_attempts=0)
    assert lane.counters.invocations == 7
    assert lane.counters.failures == 4
    assert (lane.counters.exhausted, lane.counters.healthy, lane.counters.handled) == (1, 0, 7)
    # The handler stops at the third record: it came to 3, 3, 2, 1, 1, 1 and 4.
    assert (lane.counters.executions, lane.counters.re_executions) == (15, 7)


def test_without_bisecting_the_rest_of_the_batch_is_lost_too() -> None:
    """Reporting saves the records before the poison, and none behind it."""
    lane = run(Arrivals([8, 0], POLL), [2], function_response_types=REPORTS, maximum_retry_attempts=0)
    assert (lane.counters.handled, lane.counters.exhausted, lane.counters.healthy) == (2, 6, 5)


def test_an_invocation_that_takes_too_long_fails() -> None:
    """A batch that no time-out is long enough for is halved until it is."""
    how = SimulatedFunction(invocation_time=0.0, record_time=0.5, timeout=1, cold_start=0)
    lane = run(Arrivals([4, *[0] * 100], POLL), [], how, bisect_batch_on_function_error=True)
    # Four time out, then two and two are in time.
    assert [duration * POLL for duration in lane.log.durations] == [1.0, 1.0, 1.0]
    assert (lane.counters.failures, lane.counters.handled, lane.counters.exhausted) == (1, 4, 0)


def test_what_is_too_old_is_discarded_before_it_is_tried() -> None:
    """Records older than the limit go to the destination, as many to a document as to a batch."""
    how = SimulatedFunction(invocation_time=100.0, record_time=0, timeout=900, cold_start=0)
    lane = run(Arrivals([1, 25, *[0] * 1000], POLL), [], how, maximum_record_age_in_seconds=60, batch_size=10)
    assert (lane.counters.invocations, lane.counters.aged, lane.counters.documents, lane.counters.healthy) == (
        1,
        25,
        3,
        25,
    )


def test_cold_starts_come_first_and_after_idle_times() -> None:
    """An environment that is idle for longer than keep_warm is removed."""
    how = SimulatedFunction(invocation_time=0.5, record_time=0, cold_start=2.0, keep_warm=60)
    lane = run(Arrivals([1, *[0] * 300, 1, *[0] * 99, 1], POLL), [], how)
    assert [duration * POLL for duration in lane.log.durations] == [2.5, 2.5]
    assert lane.counters.cold_starts == 2


def test_every_invocation_is_billed_in_whole_milliseconds() -> None:
    """Two invocations of 10.2 ms are paid for as 22."""
    lane = run(Arrivals([1, 1, 0], POLL), [], SimulatedFunction(invocation_time=0.0102, record_time=0, cold_start=0))
    assert lane.counters.billed == 22


@pytest.mark.parametrize("factor", [1.5, 3.0])
def test_an_overloaded_lane_grows_old_at_a_known_rate(factor: float) -> None:
    """Of each second of writes only a part is worked off: the rest is how much older its iterator is."""
    most = most_records(MappingSettings(), 1_000)
    rate, seconds = factor * most / QUICK.duration(most), 600
    lane = run(regular([Segment(0, seconds, 1.0)], rate, POLL), [])
    middle = len(lane.log.starts) // 2
    slope = (lane.log.ages[-1] - lane.log.ages[middle]) / (lane.log.starts[-1] - lane.log.starts[middle])
    assert slope == pytest.approx(1 - 1 / factor, rel=0.01)


def test_a_lane_that_is_not_overloaded_stays_young() -> None:
    """At nine tenths of its capacity, no record waits much longer than a poll and an invocation."""
    most = most_records(MappingSettings(), 1_000)
    rate = 0.9 * most / QUICK.duration(most)
    lane = run(regular([Segment(0, 600, 1.0)], rate, POLL), [])
    assert max(lane.log.ages) * POLL < POLL + QUICK.duration(most)


RATE, SERVICE = 40.0, 0.02  # a server that is busy for four fifths of the time


@pytest.fixture(scope="module")
def queue() -> tuple[Arrivals, SimulatedLane]:
    """A queue of the textbook: writes by chance, one at a time, always equally long, polled all the time."""
    arrivals = poisson([Segment(0, 3600, 1.0)], RATE, 0.002, random_for(7))
    how = SimulatedFunction(invocation_time=SERVICE, record_time=0, cold_start=0)
    return arrivals, run(arrivals, [], how, batch_size=1)


def test_waiting_times_are_those_of_the_textbook(queue: tuple[Arrivals, SimulatedLane]) -> None:
    """The mean wait in an M/D/1 queue, by the formula of Pollaczek and Khinchine, and half a poll."""
    arrivals, lane = queue
    busy = RATE * SERVICE
    wait = busy * SERVICE / (2 * (1 - busy)) + arrivals.poll / 2
    assert sum(lane.log.ages) / len(lane.log.ages) * arrivals.poll == pytest.approx(wait, rel=0.05)


def test_little_s_law(queue: tuple[Arrivals, SimulatedLane]) -> None:
    """Records that wait, counted every second, are as many as are written while one of them waits."""
    arrivals, lane = queue
    series = TimeSeries(3600, 1, 1)
    series.add(arrivals, lane.log, 1)
    waiting = math.fsum(bucket.backlog for bucket in series.buckets()) / 3600
    wait = sum(lane.log.ages) / len(lane.log.ages) * arrivals.poll
    assert waiting == pytest.approx(RATE * wait, rel=0.05)


def test_concurrency_is_the_share_of_time_in_which_it_is_busy(queue: tuple[Arrivals, SimulatedLane]) -> None:
    """Invocations a second times their length."""
    arrivals, lane = queue
    series = TimeSeries(3600, 60, 1)
    series.add(arrivals, lane.log, 1)
    mean = math.fsum(bucket.concurrency for bucket in series.buckets()) / 60
    assert mean == pytest.approx(arrivals.total / 3600 * SERVICE, rel=0.001)


def test_times_that_vary_make_waits_longer() -> None:
    """An M/G/1 queue waits longer than an M/D/1 queue, by one and the square of the coefficient of variation."""
    arrivals = poisson([Segment(0, 3600, 1.0)], RATE, 0.002, random_for(7))
    how = SimulatedFunction(invocation_time=0.01, record_time=0, cold_start=0, spread=1.0)
    lane = run(arrivals, [], how, batch_size=1)
    busy = RATE * 0.01
    wait = 2 * busy * 0.01 / (2 * (1 - busy)) + arrivals.poll / 2
    assert sum(lane.log.ages) / len(lane.log.ages) * arrivals.poll == pytest.approx(wait, rel=0.1)
