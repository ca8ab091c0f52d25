"""docs/operate.md: it has a section for each alarm and each metric, and what it shows is so."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
from typing import Any

import pytest

from router.cli import main
from router.local.cloudformation.resources import TemplateFile
from router.local.doctor import CHECKS, NOT_CHECKED
from router.local.doctor.aws import action_of
from tests.deploy.test_template import AWS_METRICS, shown, translated
from tests.docs.blocks import ROOT, blocks
from tests.docs.console import commands, differs
from tests.local.doctor.stacks import DeployedStack
from tests.local.doctor.test_aws import everything

PAGE = ROOT / "docs" / "operate.md"
TEXT = PAGE.read_text(encoding="utf-8")

# Commands that the CLI of AWS adds to the operations of the API, with the options that the page uses.
ADDED = {("logs", "tail"): {"since", "filter-pattern"}, ("s3", "ls"): {"recursive"}}
EVERYWHERE = {"query", "output"}


def sections(chapter: str) -> list[str]:
    """The names in the headings of a chapter."""
    text = re.split(rf"^## {chapter}$", TEXT, flags=re.MULTILINE)[1]
    headings = re.findall(r"^### (.+)$", re.split(r"^## ", text, flags=re.MULTILINE)[0], re.MULTILINE)
    return [name for heading in headings for name in heading.split(", ")]


def lines() -> list[str]:
    """The commands of the page, in blocks and in its text, without variables of the shell."""
    in_blocks = [line for block in blocks(PAGE) if block.language == "console" for line, _ in commands(block.text)]
    in_text = re.findall(r"`((?:aws|router) [a-z0-9-]+ [^`]+)`", TEXT)
    in_functions = re.findall(r"\{ (aws .+?); \}", TEXT, re.DOTALL)
    return [line.replace("\\\n", " ") for line in (*in_blocks, *in_text, *in_functions)]


def of(program: str) -> list[str]:
    found = [line for line in dict.fromkeys(lines()) if line.startswith(f"{program} ")]
    assert found
    return found


def test_each_alarm_has_a_section() -> None:
    """The alarms of the template are the sections of the chapter."""
    alarms = [each.name for each in TemplateFile(ROOT / "template.yaml").of_type("AWS::CloudWatch::Alarm")]
    assert sorted(sections("Alarms")) == sorted(alarms)


def test_sections_are_of_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    """A section names metrics that AWS or the router has; each of the router's and of the dashboard's has one."""
    stages = ("Envelope", "Decode", "Validate", "Handler", "Park", "Unrouted")
    ours = {"Records", "Routed", "Unrouted", "Parked", "Dropped", "Deferred", "Failed", "HandlerDuration", "RecordAge"}
    ours |= {f"Failed{stage}" for stage in stages}
    of_aws = {name for names in AWS_METRICS.values() for name in names.split()}
    found = sections("Metrics")
    assert len(found) == len(set(found))
    assert set(found) <= ours | of_aws
    body = translated((ROOT / "template.yaml").read_text(encoding="utf-8"))["Resources"]["Dashboard"]
    dashboard = json.loads(body["Properties"]["DashboardBody"]["Fn::Sub"])
    assert set(found) >= ours | {name for _, _, name in shown(dashboard)}


def test_each_finding_is_explained() -> None:
    """The table of findings has each check once, with its severity."""
    rows = re.findall(r"^\| (`[a-z`, -]+`) \| (.+?) \|", TEXT, re.MULTILINE)
    found = {name: severity for names, severity in rows for name in re.findall(r"`([a-z-]+)`", names)}
    assert sorted(found) == sorted([*(each.id for each in CHECKS), NOT_CHECKED])
    for each in CHECKS:
        said = re.search(rf"`{each.id}` (\w+)", found[each.id])
        assert (said[1] if said else found[each.id].split(",")[0]) == each.severity, each.id


def test_the_policy_allows_what_doctor_calls(stack: DeployedStack) -> None:
    """The policy of the page has the actions of the calls, and no other."""
    (policy,) = (json.loads(block.text) for block in blocks(PAGE) if block.language == "json")
    called = (each.split(":") for each in everything(stack))
    assert policy["Statement"][0]["Action"] == sorted(action_of(service, operation) for service, operation in called)


def test_doctor_prints_what_is_shown(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first block is what the command prints for such a stack."""
    stack.update_mapping(Enabled=False)
    stack.update_function(Timeout=90)
    ((command, printed),) = commands(next(block for block in blocks(PAGE) if block.language == "console").text)
    arguments = command.replace("--stack shop", f"--stack {stack.name}").split()[1:]
    monkeypatch.chdir(stack.template.parent)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main([*arguments, "--endpoint-url", stack.server.endpoint_url]) == 1
    plain = output.getvalue().replace(stack.ids["RouterChanges"], "1f2e3d4c-0000-4000-8000-000000000000")
    plain = plain.replace(stack.ids["Router"], "shop-Router-A1B2C3").replace(f"stack {stack.name},", "stack shop,")
    line = re.compile(r"template\.yaml:\d+")  # any
    assert differs([line.sub("template.yaml", each) for each in printed], line.sub("template.yaml", plain)) == ""


@pytest.mark.parametrize("line", of("router"))
def test_commands_of_router_exist(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command of the page exists, and has its options."""
    _, command, *rest = shlex.split(line)
    assert main([command, "--help"]) == 0
    known = re.findall(r"--[a-z-]+", capsys.readouterr().out)
    assert [each for each in rest if each.startswith("--") and each not in known] == []


@pytest.mark.parametrize("line", of("aws"))
def test_commands_of_aws_exist(line: str) -> None:
    """A command of the page is an operation of the API, its options are parameters, and none is missing."""
    import botocore.session
    from botocore import xform_name

    _, service, command, *rest = shlex.split(line)
    given = {each.removeprefix("--") for each in rest if each.startswith("--")} - EVERYWHERE
    if (service, command) in ADDED:
        assert given <= ADDED[service, command]
        return
    model: Any = botocore.session.get_session().get_service_model({"s3api": "s3"}.get(service, service))
    operation = model.operation_model(next(n for n in model.operation_names if xform_name(n, "-") == command))
    shape = operation.input_shape
    known = {xform_name(name, "-"): member.type_name for name, member in shape.members.items()}
    switches = {f"no-{name}" for name, kind in known.items() if kind == "boolean"}
    assert given <= known.keys() | switches
    assert {xform_name(name, "-") for name in shape.required_members} <= given
