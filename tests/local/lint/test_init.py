"""``router.local.lint``: all rules on one deployment, and the report."""

from pathlib import Path

import pytest

from router.local.cloudformation.mappings import stream_mappings
from router.local.cloudformation.resources import TemplateFile
from router.local.lint import RULES, Deployment, lint
from router.local.lint.handler_lookup import DeclaredHandler
from router.parking import SqsParking
from tests.local.lint.deployments import BISECT, POLICY, Check, ids, shop


def test_a_correct_deployment_has_no_findings(check: Check) -> None:
    """The other tests break one thing of it each, so each rule is silent once its mistake is corrected."""
    assert check() == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            BISECT,
            BISECT.replace("true", "!ImportValue b"),
            "BisectBatchOnFunctionError is !ImportValue: no-bisect.",
        ),
        (
            "Timeout: 60",
            "Timeout: !Ref T",
            "Timeout is !Ref T: age-too-short, timeout-below-reserve, batch-beyond-timeout.",
        ),
        (
            "Destination: !GetAtt Failed.Arn",
            "Destination: !ImportValue arn",
            "Destination is !ImportValue: no-destination, destination-without-records, destination-not-allowed, "
            "copies-denied, key-not-allowed, copies-expire, copies-deleted, copies-public, copies-unencrypted.",
        ),
        (
            "!GetAtt Orders.StreamArn",
            "!ImportValue stream",
            "Stream is !ImportValue: no-stream, image-missing, view-differs, entity-unreadable, ttl-off, "
            "ttl-attribute-missing, key-not-allowed, writes-own-table.",
        ),
    ],
)
def test_an_unknown_value_is_one_note_with_all_its_rules(check: Check, old: str, new: str, why: str) -> None:
    """The rules that need the value report nothing else."""
    (found,) = check((old, new))
    assert (found.rule, found.severity, found.why) == ("not-judged", "note", f"Not judged, because {why}")


def test_what_a_rule_finds_before_it_meets_an_unknown_value_is_reported(check: Check) -> None:
    """The bucket is deleted with the stack, and whether the queue is, only the deployment knows."""
    dead = (
        "  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}",
        "  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: !Ref P}",
    )
    app = shop(parking=SqsParking("https://sqs.us-east-1.amazonaws.com/123456789012/Queue"))
    allowed = (POLICY, "SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}")
    found = check(dead, allowed, ("Bucket, DeletionPolicy: Retain", "Bucket"), app=app)
    assert ids(found) == ["copies-deleted", "not-judged"]


def test_the_template_is_checked_without_an_app(check: Check, tmp_path: Path) -> None:
    """One note lists the rules that need the app."""
    check()
    template = TemplateFile(tmp_path / "template.yaml")
    (mapping,) = stream_mappings(template, None)
    missing = DeclaredHandler("shop.nope", "template.yaml:13", problem="there is no module shop")
    findings = lint(Deployment(template, mapping, missing, None, 0.05)).findings
    assert ids(list(findings)) == ["handler-not-found", "not-judged"]


def test_a_mapping_of_another_templates_function_is_checked(tmp_path: Path) -> None:
    """The rules about the function are not judged."""
    path = tmp_path / "template.yaml"
    resource = """
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: elsewhere
      EventSourceArn: arn:aws:dynamodb:us-east-1:123456789012:table/T/stream/2026
      StartingPosition: LATEST
"""
    path.write_text(f"Resources:{resource}", encoding="utf-8")
    template = TemplateFile(path)
    (mapping,) = stream_mappings(template, None)
    report = lint(Deployment(template, mapping, DeclaredHandler(None, "template.yaml:2"), shop(), 0.05))
    assert {"starts-at-latest", "no-partial-failures", "not-judged"} <= set(ids(list(report.findings)))


def test_ignored_findings_are_counted(check: Check, tmp_path: Path) -> None:
    """They are not reported."""
    assert check((BISECT, ""), ignored=["no-bisect"]) == []
    template = TemplateFile(tmp_path / "template.yaml")
    (mapping,) = stream_mappings(template, None)
    deployment = Deployment(template, mapping, DeclaredHandler("shop.app", "x:1"), shop(), 0.05)
    assert lint(deployment, ["no-bisect"]).ignored == 1


def test_each_rule_has_an_id_a_summary_and_a_page() -> None:
    """The ID is unique, the summary is one line, the page is AWS's."""
    for rule in RULES:
        assert "\n" not in rule.summary
        assert rule.page.startswith("https://docs.aws.amazon.com/")
    assert len({rule.id for rule in RULES}) == len(RULES)
