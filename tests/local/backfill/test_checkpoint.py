"""``router.local.backfill.checkpoint``: what is done is on the disk before anything depends on it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from router.context import Clock, running_on
from router.local.backfill.checkpoint import Checkpoint, FailedItem, forget
from router.local.backfill.existing_items import BackfillError

IDENTITY = {"table": "shop"}
FAILED = FailedItem("0", {"pk": {"S": "a"}}, "shop.place: handler: TimeoutError")


def opened(folder: Path, **identity: str) -> Checkpoint:
    return Checkpoint(folder / "backfill.json", {**IDENTITY, **identity})


def test_a_new_one_knows_nothing(tmp_path: Path) -> None:
    """Every part begins at its beginning."""
    with closing(opened(tmp_path)) as checkpoint:
        assert (checkpoint.position("0"), checkpoint.is_finished("0"), checkpoint.failures) == (None, False, [])


def test_the_next_run_knows_what_the_last_one_wrote(tmp_path: Path) -> None:
    """Positions, ends, counts and failures."""
    with closing(opened(tmp_path)) as checkpoint:
        checkpoint.advance("0", {"pk": {"S": "b"}}, 2, {"done": 1, "failed": 1}, [FAILED])
        checkpoint.finish("1")
    with closing(opened(tmp_path)) as checkpoint:
        assert checkpoint.position("0") == {"pk": {"S": "b"}}
        assert (checkpoint.is_finished("0"), checkpoint.is_finished("1")) == (False, True)
        assert (checkpoint.items, checkpoint.outcomes, checkpoint.failures) == (2, {"done": 1, "failed": 1}, [FAILED])


def test_a_failure_is_on_the_disk_before_its_position(tmp_path: Path) -> None:
    """A process that is killed between the two runs the item again, and loses none."""
    with running_on(Clock(lambda: 1000.0, lambda: 0.0)):  # the positions are written after half a second
        checkpoint = opened(tmp_path)
        checkpoint.advance("0", 1, 1, {"failed": 1}, [])
        checkpoint.advance("0", 2, 1, {"failed": 1}, [FAILED])
    assert json.loads(checkpoint.path.read_text(encoding="utf-8"))["positions"] == {"0": 1}  # not yet written
    assert FAILED.reason in checkpoint.failures_path.read_text(encoding="utf-8")
    checkpoint._file.close()  # as the end of the process does
    with closing(opened(tmp_path)) as again:
        assert (again.position("0"), again.failures) == (1, [FAILED])


def test_a_failure_that_is_noted_twice_counts_once(tmp_path: Path) -> None:
    """As after a kill between the failure and its position."""
    with closing(opened(tmp_path)) as checkpoint:
        checkpoint.advance("0", 1, 1, {}, [FAILED])
        checkpoint.advance("0", 1, 1, {}, [FAILED])
    with closing(opened(tmp_path)) as checkpoint:
        assert checkpoint.failures == [FAILED]


def test_a_line_that_was_not_finished_is_forgotten(tmp_path: Path) -> None:
    """Its part goes on before the item."""
    with closing(opened(tmp_path)) as checkpoint:
        checkpoint.advance("0", 1, 1, {}, [FAILED])
    with checkpoint.failures_path.open("ab") as file:
        file.write(b'["0", {"pk"')
    with closing(opened(tmp_path)) as checkpoint:
        assert checkpoint.failures == [FAILED]
        checkpoint.advance("0", 2, 1, {}, [FAILED._replace(part="1")])
    with closing(opened(tmp_path)) as checkpoint:
        assert len(checkpoint.failures) == 2


def test_an_item_that_was_sent_again_waits_no_more(tmp_path: Path) -> None:
    """One that failed again does, with its new reason."""
    other, again = FAILED._replace(position=2), FAILED._replace(position=2, reason="other")
    with closing(opened(tmp_path)) as checkpoint:
        checkpoint.advance("0", 2, 2, {}, [FAILED, other])
        checkpoint.settle([FAILED, other], [again], {"done": 1, "failed": 1})
    with closing(opened(tmp_path)) as checkpoint:
        assert checkpoint.failures == [again]


def test_no_file_of_failures_stays_without_failures(tmp_path: Path) -> None:
    """It would look as if there were some."""
    with closing(opened(tmp_path)) as checkpoint:
        checkpoint.advance("0", 1, 1, {}, [FAILED])
        checkpoint.settle([FAILED], [], {})
    assert [path.name for path in tmp_path.iterdir()] == ["backfill.json"]


def test_another_backfill_is_refused(tmp_path: Path) -> None:
    """Its positions mean nothing here."""
    with closing(opened(tmp_path)) as checkpoint:
        checkpoint.advance("0", 1, 1, {}, [])
    with pytest.raises(BackfillError, match=r"backfill\.json of a backfill with another table, expected this one's"):
        opened(tmp_path, table="store")


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    """Rather than replaced: it may be a file of the user's."""
    (tmp_path / "backfill.json").write_text("[]", encoding="utf-8")
    with pytest.raises(BackfillError, match="is no checkpoint"):
        opened(tmp_path)


def test_two_processes_do_not_share_it(tmp_path: Path) -> None:
    """Each would undo the positions of the other."""
    with closing(opened(tmp_path)), pytest.raises(BackfillError, match="another router backfill at work"):
        opened(tmp_path)


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    """Keys of items are data."""
    with closing(opened(tmp_path)) as checkpoint:
        checkpoint.advance("0", 1, 1, {}, [FAILED])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_forgetting_removes_its_files(tmp_path: Path) -> None:
    """Also where there are none."""
    with closing(opened(tmp_path)) as checkpoint:
        checkpoint.advance("0", 1, 1, {}, [FAILED])
    forget(checkpoint.path)
    forget(checkpoint.path)
    assert not [*tmp_path.iterdir()]
