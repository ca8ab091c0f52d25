"""Each command with each package of an extra missing: it runs, or one line says what to install."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from router.cli.program import COMMANDS
from router.extras import EXTRAS
from tests.cli.shop import APP, PLACED, event

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: shop.app
      Runtime: python3.12
      Policies: [{DynamoDBCrudPolicy: {TableName: !Ref Table}}]
      Events:
        Stream:
          Type: DynamoDB
          Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON}
"""

# A command line for each command; nothing listens on port 1.
LINES = {
    "init": "init other --yes",
    "add": "add entity Order",
    "routes": "routes",
    "invoke": "invoke event.json",
    "explain": "explain event.json",
    "parked": "parked s3://shop/parked/",
    "redrive": "redrive s3://shop/parked/",
    "backfill": "backfill --table Shop --endpoint-url http://127.0.0.1:1",
    "record": "record --table Shop --endpoint-url http://127.0.0.1:1 --out events",
    "replay": "replay event.json --batch-size 5",
    "dev": "dev --port 0",
    "dev --runtime": "dev --port 0 --runtime",
    "event": "event Order",
    "event --random": "event Order --random 1",
    "update": "update pk=1 sk=2 --set a=b --endpoint-url http://127.0.0.1:1",
    "delete": "delete pk=1 sk=2 --endpoint-url http://127.0.0.1:1",
    "expire": "expire pk=1 sk=2 --endpoint-url http://127.0.0.1:1",
    "put": 'put Order --json {"pk":"1","sk":"2"} --endpoint-url http://127.0.0.1:1',
    "filters": "filters",
    "template": "template --check",
    "lint": "lint",
    "doctor": "doctor --function shop --profile none",
    "local": "local --help",
    "simulate": "simulate --duration 60",
    "simulate --plot": "simulate --duration 60 --plot plot.svg",
}

# The command lines that need a package.
AWS = {"backfill", "parked", "redrive", "record", "put", "update", "delete", "expire", "doctor"}
IN_TEMPLATE = LINES.keys() - {"init", "parked", "record", "doctor", "local"}
NEEDED_BY = {
    "boto3": AWS,
    "botocore": AWS | {"replay"},
    "ruamel": IN_TEMPLATE,
    "samtranslator": {"lint"},
    "rich": LINES.keys(),
    "typer": LINES.keys(),
    "matplotlib": {"simulate --plot"},
    "awslambdaric": {"dev --runtime"},
    "runtime_client": {"dev --runtime"},
    "ministack": {"dev"},
    "hypercorn": {"dev"},
    "watchfiles": {"dev"},
    "hypothesis": {"event --random"},
    "pytest": set[str](),
    "aws_xray_sdk": set[str](),
}

# Hides a package from every import, as if it were not installed, and runs command lines one after the other.
SCRIPT = """
import contextlib, io, json, sys
hidden, lines = sys.argv[1], json.loads(sys.argv[2])
def hide(find):
    return lambda name, *rest: None if name.partition(".")[0] == hidden else find(name, *rest)
for finder in sys.meta_path:
    finder.find_spec = hide(finder.find_spec)
from router.cli import main
ended = {}
for name, line in lines.items():
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(line.split())
    ended[name] = (code, err.getvalue())
print(json.dumps(ended))
"""


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    errors: str


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an app, a template and an event."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "shop.py").write_text(APP, encoding="utf-8")
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    (folder / "event.json").write_text(json.dumps(event(PLACED)), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def complete(project: Path) -> Mapping[str, Ended]:
    """How the commands that start no engine end where everything is installed."""
    lines = {name: line for name, line in LINES.items() if not line.startswith("dev")}
    return run_without("no_such_package", project, lines)


def run_without(package: str, project: Path, lines: Mapping[str, str]) -> dict[str, Ended]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, package, json.dumps(lines)],
        cwd=project, check=False, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {name: Ended(*ended) for name, ended in json.loads(done.stdout).items()}


def test_every_command_has_a_line() -> None:
    """A new command cannot be left out, and no package of an extra can."""
    assert {line.split()[0] for line in LINES.values()} == {command.__name__ for command in COMMANDS}
    assert NEEDED_BY.keys() == EXTRAS.keys()


@pytest.mark.slow
@pytest.mark.timeout(700)  # two programs that run every command
@pytest.mark.parametrize("package", NEEDED_BY)
def test_commands_without_a_package(project: Path, complete: Mapping[str, Ended], package: str) -> None:
    """Those that need it say so in one line with the command that installs it; the others end as they do with it."""
    needed = NEEDED_BY[package]
    lines = {name: line for name, line in LINES.items() if name in needed or not line.startswith("dev")}
    ended = run_without(package, project, lines)
    installs = f"pip install 'entity-router[{EXTRAS[package]}]'\n"
    for name in needed:
        code, errors = ended[name]
        assert (code, errors.count("\n"), errors[-len(installs) :]) == (2, 1, installs), name
        assert errors.startswith(f"router: found no {package} in {sys.prefix}, which "), name
    others = lines.keys() - needed
    assert {name: ended[name].code for name in others} == {name: complete[name].code for name in others}
    assert not any("Traceback" in found.errors for found in ended.values())
