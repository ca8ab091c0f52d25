"""The example's stack on ministack, which has the APIs of CloudFormation, Lambda, CloudWatch, SQS, S3 and DynamoDB."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from router.local.doctor import Finding, by_function, by_stack, examine
from tests.ministack import Ministack
from tests.waiting import becomes

__all__ = ["DeployedStack", "deploy", "stack", "written"]

TEMPLATE = Path(__file__).parents[3] / "template.yaml"
# ministack keeps no MetricsConfig, which a test gives to the answer instead.
_METRICS = """            MetricsConfig:
              Metrics: [EventCount] # the only count of filtered, discarded and lost records
"""
_numbers = itertools.count(1)


class Raw(io.BytesIO):
    """The body of a response, in the form that botocore reads."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """The whole."""
        yield self.read()


class DeployedStack:
    """A stack that is deployed.

    Args:
        name: Its name.
        server: Where it is deployed.
        template: The file that it is deployed from.
    """

    def __init__(self, name: str, server: Ministack, template: Path) -> None:
        self.name = name
        self.server = server
        self.template = template

    def client(self, service: str) -> Any:
        """A client that may write."""
        return self.server.client(service)

    @property
    def ids(self) -> dict[str, str]:
        """Physical IDs by logical ID."""
        listed = self.client("cloudformation").describe_stack_resources(StackName=self.name)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}

    def findings(self, *, template: bool = True) -> list[Finding]:
        """What `router doctor --stack` finds."""
        return examine(by_stack(self.server.aws, self.name, self.template if template else None, None))

    def findings_by_function(self, *, template: bool = True) -> list[Finding]:
        """What `router doctor --function` finds."""
        return examine(by_function(self.server.aws, self.ids["Router"], self.template if template else None))

    @contextmanager
    def answering(self, service: str, operation: str, **values: Any) -> Iterator[None]:
        """Give values to the answers of an operation, which ministack never gives."""
        events, name = self.server.aws.client(service).meta.events, f"after-call.{service}.{operation}"

        def answer(parsed: dict[str, Any], **_: Any) -> None:
            parsed.update(values)

        events.register(name, answer)
        try:
            yield
        finally:
            events.unregister(name, answer)

    @contextmanager
    def refused(self, service: str, operation: str, code: str, times: int | None = None) -> Iterator[list[int]]:
        """Let the service refuse an operation with an error code; boto3's own retries stay.

        Args:
            service: The service, as boto3 names it.
            operation: The operation, as the API names it.
            code: The code.
            times: How many requests; ``None`` for all.
        """
        events, name = self.server.aws.client(service).meta.events, f"before-send.{service}.{operation}"
        calls: list[int] = []

        def refuse(request: Any, **_: Any) -> AWSResponse | None:
            calls.append(1)
            if times is not None and len(calls) > times:
                return None
            body = _error(service, code).encode()
            headers: Any = HTTPHeaders.from_dict({"x-amzn-errortype": code})
            return AWSResponse(request.url, 400, headers, Raw(body))

        events.register_first(name, refuse)
        try:
            yield calls
        finally:
            events.unregister(name, refuse)

    def found(self, check: str) -> list[str]:
        """What the findings of one check say that they found."""
        return [each.found for each in self.findings() if each.check == check]

    def metric(self, namespace: str, name: str, value: float, dimensions: dict[str, str], *, minutes: int = 1) -> None:
        """Put a data point of a metric, some minutes old."""
        data = {
            "MetricName": name,
            "Value": value,
            "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes),
            "Dimensions": [{"Name": key, "Value": each} for key, each in dimensions.items()],
        }
        self.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[data])

    def update_mapping(self, **settings: Any) -> None:
        """Change the mapping beside the stack."""
        self.client("lambda").update_event_source_mapping(UUID=self.ids["RouterChanges"], **settings)

    def update_function(self, **settings: Any) -> None:
        """Change the function beside the stack."""
        name, client = self.ids["Router"], self.client("lambda")
        client.update_function_configuration(FunctionName=name, **settings)
        becomes(lambda: client.get_function_configuration(FunctionName=name)["State"] == "Active")


def written(*, alias: bool = False) -> str:
    """The example's template, with code that is in a bucket.

    Args:
        alias: Whether the mapping invokes the alias that the template publishes with SnapStart.
    """
    text = TEMPLATE.read_text(encoding="utf-8").replace(_METRICS, "")
    text = text.replace("      # AutoPublishAlias", "      AutoPublishAlias") if alias else text
    return text.replace("CodeUri: handlers/", "CodeUri: s3://code/handlers.zip")


def deploy(server: Ministack, template: Path, text: str | None = None, **parameters: str) -> DeployedStack:
    """Deploy a template.

    Args:
        server: Where it is deployed.
        template: The file that gets it.
        text: The template; by default the example's.
        parameters: Values of the template's parameters.
    """
    template.write_text(text or written(), encoding="utf-8")
    made = DeployedStack(f"shop-{next(_numbers)}", server, template)
    _create(made, parameters)
    return made


@pytest.fixture
def stack(ministack: Ministack, tmp_path: Path) -> DeployedStack:
    """The example's stack, deployed for one test, with its alarms in state OK."""
    return deploy(ministack, tmp_path / "template.yaml")


def _error(service: str, code: str) -> str:
    """The body of an error, in the protocol of the service."""
    error = f"<Code>{code}</Code><Message>of a test</Message>"
    if service == "s3":
        return f"<Error>{error}</Error>"
    if service == "cloudformation":
        return f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
    return json.dumps({"__type": code, "code": code, "message": "of a test"})


def _create(made: DeployedStack, parameters: dict[str, str]) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handlers.py", "def app(event, context): return {}")
    made.client("s3").create_bucket(Bucket="code")
    made.client("s3").put_object(Bucket="code", Key="handlers.zip", Body=code.getvalue())
    made.client("cloudformation").create_stack(
        StackName=made.name,
        TemplateBody=made.template.read_text(encoding="utf-8"),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    waiter = made.client("cloudformation").get_waiter("stack_create_complete")
    waiter.wait(StackName=made.name, WaiterConfig={"Delay": 1})
    for name, identity in made.ids.items():
        if name.endswith("Alarm"):
            made.client("cloudwatch").set_alarm_state(AlarmName=identity, StateValue="OK", StateReason="deployed")
