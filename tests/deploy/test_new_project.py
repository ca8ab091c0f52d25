"""The template of a new project: the alarms of the example, and outputs that the runbook names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]  # it has no types

from router.cli import main
from router.local.cloudformation.resources import TemplateFile
from tests.deploy.test_template import ROOT, translated

EXAMPLE = ROOT / "template.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of a project as `router init` makes it."""
    folder = tmp_path_factory.mktemp("init") / "shop"
    assert main(["init", str(folder), "--yes", "--entity", "Order"]) == 0
    return folder / "template.yaml"


def alarms(template: Path) -> dict[str, dict[str, Any]]:
    """The alarms without their texts, as written."""
    found = TemplateFile(template).of_type("AWS::CloudWatch::Alarm")
    return {
        each.name: {name: str(value) for name, value in each.values.items() if name != "AlarmDescription"}
        for each in found
    }


def test_its_alarms_are_those_of_the_example(made: Path) -> None:
    """Metrics, thresholds, periods and the topic are the same, so the runbook is for both."""
    assert alarms(made) == alarms(EXAMPLE)


def test_it_has_the_outputs_of_the_runbook(made: Path) -> None:
    """Each name that the page reads from the stack is an output; the table has the name of the project's."""
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    named = {*re.findall(r"\$\(name (\w+)\)", page)}
    outputs = [{*TemplateFile(template).document["Outputs"]} for template in (EXAMPLE, made)]
    assert (named - outputs[0], named - outputs[1]) == (set(), {"ShopTable"})


def test_cfn_lint_has_no_findings(made: Path) -> None:
    """As written, and after SAM's transformation."""
    text = made.read_text(encoding="utf-8")
    assert lint(text) == []
    assert lint(json.dumps(translated(text.replace("CodeUri: .\n", "CodeUri: s3://bucket/key\n")))) == []
