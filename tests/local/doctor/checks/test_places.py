"""The queues of parked records, and the bucket of discarded ones."""

from datetime import UTC, datetime

import pytest

from tests.local.doctor.stacks import DeployedStack

SECRET = "an item of a customer"


def test_parked_records(stack: DeployedStack) -> None:
    """Parked records are found, with the age of the oldest and the days that are left."""
    queue = stack.ids["ParkedRecords"]
    for _ in range(3):
        stack.client("sqs").send_message(QueueUrl=queue, MessageBody=SECRET)
    stack.metric("AWS/SQS", "ApproximateAgeOfOldestMessage", 7200, {"QueueName": queue.rpartition("/")[2]})
    (finding,) = stack.findings()
    assert (finding.check, finding.where) == ("parked-records", "queue ParkedRecords")
    assert finding.found == "3 parked records, the oldest sent 2.0 hours ago: SQS deletes it in 13.9 days"
    assert SECRET not in str(finding)


def test_parked_records_that_are_received_at_the_moment(stack: DeployedStack) -> None:
    """A record that another program has received and not deleted counts."""
    queue = stack.ids["ParkedRecords"]
    stack.client("sqs").send_message(QueueUrl=queue, MessageBody=SECRET)
    stack.client("sqs").receive_message(QueueUrl=queue)
    assert stack.found("parked-records") == ["1 parked record"]


def test_dead_letters(stack: DeployedStack) -> None:
    """Records in the dead-letter queue are an error, found by the stack and by the function."""
    stack.client("sqs").send_message(QueueUrl=stack.ids["ParkedDeadLetters"], MessageBody=SECRET)
    for findings in (stack.findings(), stack.findings_by_function(), stack.findings(template=False)):
        assert [(each.check, each.severity, each.found) for each in findings] == [("dead-letters", "error", "1 record")]


def test_no_value_of_a_variable(stack: DeployedStack) -> None:
    """Where the stack is unknown, a queue is called after the variable that has its URL, which is not printed."""
    for title in ("ParkedRecords", "ParkedDeadLetters"):
        stack.client("sqs").send_message(QueueUrl=stack.ids[title], MessageBody=SECRET)
    findings = stack.findings_by_function(template=False)
    assert [each.where for each in findings] == [
        "dead-letter queue of the variable PARKING_QUEUE",
        "queue of the variable PARKING_QUEUE",
    ]
    assert stack.ids["ParkedRecords"].rpartition("/")[2] not in str(findings)


def test_deleted_queue(stack: DeployedStack) -> None:
    """A parking queue that was deleted beside the stack is an error."""
    stack.client("sqs").delete_queue(QueueUrl=stack.ids["ParkedRecords"])
    assert [(each.check, each.found) for each in stack.findings()] == [("place-missing", "no such queue")]


def test_failed_records(stack: DeployedStack) -> None:
    """Failure documents of this mapping are found, with the place to redrive from; others are not counted."""
    bucket, mapping = stack.ids["FailedRecords"], stack.ids["RouterChanges"]
    for key in (f"aws/lambda/{mapping}/shardId-1/a", f"aws/lambda/{mapping}/shardId-1/b", "aws/lambda/another/c"):
        stack.client("s3").put_object(Bucket=bucket, Key=key, Body=SECRET)
    (finding,) = stack.findings()
    assert (finding.check, finding.where) == ("failed-records", f"bucket {bucket}")
    assert finding.found.startswith(f"2 failure documents, the newest of {datetime.now(UTC):%Y-%m-%d}")
    assert finding.remedy.endswith(f"s3://{bucket}/aws/lambda/{mapping}/")


def test_failed_records_in_a_queue(stack: DeployedStack) -> None:
    """An on-failure destination that is a queue is read as well, and its absence is an error."""
    url = stack.client("sqs").create_queue(QueueName=f"{stack.name}-discarded")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:000000000000:{stack.name}-discarded"
    stack.update_mapping(DestinationConfig={"OnFailure": {"Destination": arn}})
    assert [each.check for each in stack.findings(template=False)] == []
    stack.client("sqs").send_message(QueueUrl=url, MessageBody=SECRET)
    (finding,) = stack.findings(template=False)
    assert (finding.check, finding.where) == ("failed-records", f"queue {stack.name}-discarded")
    assert finding.found == f"1 failure document of mapping ({stack.ids['RouterChanges']})"
    stack.client("sqs").delete_queue(QueueUrl=url)
    (finding,) = stack.findings(template=False)
    assert (finding.check, finding.found) == ("place-missing", "no such queue")


@pytest.mark.parametrize(
    ("variables", "found"),
    [(["WORK_QUEUE", "PARKING_QUEUE"], []), (["WORK_QUEUE"], ["1 parked record"])],
    ids=["named", "unnamed"],
)
def test_queue_of_another_purpose(stack: DeployedStack, variables: list[str], found: list[str]) -> None:
    """Where a variable's name says which queue is for parking, other queues of the function are not looked at."""
    work = stack.client("sqs").create_queue(QueueName=f"{stack.name}-work")["QueueUrl"]
    urls = {"WORK_QUEUE": work, "PARKING_QUEUE": stack.ids["ParkedRecords"]}
    stack.client("sqs").send_message(QueueUrl=work, MessageBody=SECRET)
    stack.update_function(Environment={"Variables": {name: urls[name] for name in variables}})
    assert [each.found for each in stack.findings(template=False)] == found


def test_deleted_bucket(stack: DeployedStack) -> None:
    """A bucket that was deleted beside the stack is an error: Lambda loses what it discards."""
    stack.client("s3").delete_bucket(Bucket=stack.ids["FailedRecords"])
    assert [(each.check, each.found) for each in stack.findings()] == [("place-missing", "no such bucket")]
