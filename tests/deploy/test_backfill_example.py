"""``examples/backfill``: a Distributed Map over the files of an export, on ministack."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]  # it has no types
from ruamel.yaml import YAML

from tests.builders import Json
from tests.local.backfill.deployments import function, seen
from tests.local.backfill.exports import EXPORT_ID, item_line, upload, write_export
from tests.ministack import Ministack, ministack
from tests.waiting import becomes

__all__ = ["function", "ministack", "seen"]

TEMPLATE = Path(__file__).parents[2] / "examples" / "backfill" / "template.yaml"
ROLE = "arn:aws:iam::000000000000:role/backfill"


def definition() -> Json:
    """The definition of the state machine, with its substitutions left to do."""
    template: Any = YAML().load(TEMPLATE.read_text(encoding="utf-8"))
    found: Json = json.loads(json.dumps(template["Resources"]["Backfill"]["Properties"]["Definition"]))
    return found


def test_the_template_is_clean() -> None:
    """Also its definition of states, of which rule E3601 of cfn-lint knows the language."""
    assert lint(TEMPLATE.read_text(encoding="utf-8")) == []
    broken = TEMPLATE.read_text(encoding="utf-8").replace("StartAt: Page", "StartsAt: Page")
    assert "E3601" in {match.rule.id for match in lint(broken)}


class Deployed:
    """The state machine, with a second in place of the pauses of its retries.

    ministack does not know the fields of a map that read a value from the input, so the values stand in the definition.
    """

    def __init__(self, server: Ministack, function: str, bucket: str, *, tolerated: int = 0) -> None:
        self._states = server.client("stepfunctions")
        results = f"{bucket}-results-{tolerated}"
        server.client("s3").create_bucket(Bucket=results)
        replaced = {
            "${FunctionArn}": f"arn:aws:lambda:us-east-1:000000000000:function:{function}",
            "${ExportBucket}": bucket,
            "${ResultBucket}": results,
            '"MaxConcurrencyPath": "$.concurrency"': '"MaxConcurrency": 4',
            '"ToleratedFailurePercentagePath": "$.toleratedFailurePercentage"': (
                f'"ToleratedFailurePercentage": {tolerated}'
            ),
            '"IntervalSeconds": 30': '"IntervalSeconds": 1',
            '"BackoffRate": 2': '"BackoffRate": 1',
            '"MaxAttempts": 6': '"MaxAttempts": 1',
        }
        text = json.dumps(definition())
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        made = self._states.create_state_machine(name=results, definition=text, roleArn=ROLE)
        self._arn = made["stateMachineArn"]

    def run(self) -> Json:
        """Run it on the export, and describe its end."""
        given = {"manifest": f"AWSDynamoDB/{EXPORT_ID}/manifest-files.json", "table": "shop", "keys": ["pk"]}
        arn = self._states.start_execution(stateMachineArn=self._arn, input=json.dumps(given))["executionArn"]
        described: list[Json] = []

        def has_ended() -> bool:
            described.append(self._states.describe_execution(executionArn=arn))
            return bool(described[-1]["status"] != "RUNNING")

        assert becomes(has_ended)
        return described[-1]


@pytest.mark.slow
def test_the_map_runs_every_item_of_every_file(
    ministack: Ministack, function: str, seen: Callable[[], list[str]], tmp_path: Path
) -> None:
    """By the function, which reads the files from the bucket."""
    write_export(tmp_path / "export", [[item_line("a"), item_line("b")], [], [item_line("c")]])
    upload(ministack.client("s3"), "example1", tmp_path / "export")
    ended = Deployed(ministack, function, "example1").run()
    assert ended["status"] == "SUCCEEDED", ended
    assert sorted(seen()) == ["a", "b", "c"]


@pytest.mark.slow
def test_failed_lines_run_again_until_they_succeed(
    ministack: Ministack, function: str, seen: Callable[[], list[str]], tmp_path: Path
) -> None:
    """Those alone; a file whose line never succeeds fails the map where no failure is tolerated."""
    write_export(tmp_path / "export", [[item_line("a"), item_line("b", total=7)], [item_line("c")]])
    upload(ministack.client("s3"), "example2", tmp_path / "export")
    deployed = Deployed(ministack, function, "example2")
    assert deployed.run()["status"] == "FAILED"
    assert Deployed(ministack, function, "example2", tolerated=50).run()["status"] == "SUCCEEDED"
    (tmp_path / "seen.txt.mended").touch()
    assert deployed.run()["status"] == "SUCCEEDED"
    assert seen().count("b") == 1


def test_the_function_takes_a_file_as_the_map_hands_it_over(
    ministack: Ministack, function: str, seen: Callable[[], list[str]], tmp_path: Path
) -> None:
    """The payload of the state Page, made by its item selector of a line of the manifest."""
    folder = write_export(tmp_path / "export", [[item_line("a"), item_line("b", total=7)]])
    upload(ministack.client("s3"), "example3", tmp_path / "export")
    selector = definition()["States"]["Files"]["ItemSelector"]["backfill"]
    given = {"$.table": "shop", "$.keys": ["pk"]}
    given["$$.Map.Item.Value"] = json.loads((folder / "manifest-files.json").read_text(encoding="utf-8"))
    section = {name.removesuffix(".$"): given.get(value, value) for name, value in selector.items()}
    payload = json.dumps({"backfill": section | {"bucket": "example3"}})
    answer = ministack.client("lambda").invoke(FunctionName=function, Payload=payload)
    found = json.loads(answer["Payload"].read())["backfill"]
    assert {name: found[name] for name in ("finished", "handled", "items", "failed", "outcomes")} == {
        "finished": True,
        "handled": 2,
        "items": 2,
        "failed": [2],
        "outcomes": {"done": 1, "skipped": 2, "failed": 1},
    }
    assert seen() == ["a"]
