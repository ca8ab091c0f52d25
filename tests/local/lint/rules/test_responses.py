"""``router.local.lint.rules.responses``: how Lambda reads the response."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from models.order import Order
from router import Dispatcher, Routes, Window
from router.local.cloudformation.mappings import function_mappings
from router.local.cloudformation.resources import TemplateFile
from router.local.lint import Deployment, lint
from router.local.lint.handler_lookup import DeclaredHandler
from tests.local.lint.deployments import ATTEMPTS, BISECT, REPORTS, Check, ids, line_of, shop


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        (REPORTS, "", "no-partial-failures", "Changes:"),
        ("[ReportBatchItemFailures]", "[]", "no-partial-failures", "FunctionResponseTypes: []"),
        (BISECT, "", "no-bisect", "Changes:"),
        (
            ATTEMPTS,
            f"{ATTEMPTS}            TumblingWindowInSeconds: 60\n",
            "unused-window",
            "TumblingWindowInSeconds: 60",
        ),
    ],
)
def test_a_wrong_setting_is_the_only_finding(check: Check, old: str, new: str, rule: str, line: str) -> None:
    """At the line of the setting, or of the mapping, function or table that lacks it."""
    findings = check((old, new))
    assert ids(findings) == [rule]
    assert line_of(findings[0]).startswith(line)


OTHER_SOURCE = """
Resources:
  Changes: {Type: AWS::Kinesis::Stream}
  Queue: {Type: AWS::SQS::Queue}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: shop.app
      Timeout: 60
      Events:
        Changes:
          Type: EVENT
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "/aws/lambda/${Fn}", RetentionInDays: 30}}
"""


@pytest.mark.parametrize(
    "event",
    [
        "Kinesis\n          Properties:\n            Stream: !GetAtt Changes.Arn\n            StartingPosition: LATEST",
        "SQS\n          Properties:\n            Queue: !GetAtt Queue.Arn",
    ],
)
@pytest.mark.parametrize("reports", [True, False])
def test_other_sources_need_the_report_too(tmp_path: Path, event: str, reports: bool) -> None:
    """A message or a record of Kinesis that the app reports is lost as well; rules about tables' streams are silent."""
    path = tmp_path / "template.yaml"
    more = "\n            FunctionResponseTypes: [ReportBatchItemFailures]" if reports else ""
    path.write_text(OTHER_SOURCE.replace("EVENT", f"{event}{more}"), encoding="utf-8")
    template, app = TemplateFile(path), shop()
    (mapping,) = function_mappings(template, None)
    handler = DeclaredHandler("shop.app", f"{path}:8", found=app)
    findings = list(lint(Deployment(template, mapping, handler, app, 0.05)).findings)
    assert ids(findings) == ([] if reports else ["no-partial-failures"])


class Totals(BaseModel):
    count: int = 0


def test_a_handler_of_windows_needs_a_mapping_that_has_them(check: Check) -> None:
    """An app with an on_window route is an error where the mapping has no tumbling window."""
    routes = Routes()

    @routes.on_window(Order, state=Totals)
    def total(window: Window[Order, Totals]) -> None: ...

    found = {finding.rule: finding for finding in check(app=Dispatcher(routes))}
    assert "on_window(Order, state=Totals)" in found["tumbling-window"].why
