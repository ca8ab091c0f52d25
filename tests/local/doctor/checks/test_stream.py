"""The table's stream, beside the template's."""

from tests.local.doctor.stacks import DeployedStack


def test_no_stream(stack: DeployedStack) -> None:
    """A table whose stream was disabled is an error."""
    stack.client("dynamodb").update_table(TableName=stack.ids["Shop"], StreamSpecification={"StreamEnabled": False})
    (finding,) = stack.findings()
    assert (finding.check, finding.where, finding.found) == (
        "stream-stopped",
        f"table {stack.ids['Shop']}",
        "no stream",
    )


def test_stream_that_was_enabled_again(stack: DeployedStack) -> None:
    """The mapping reads the earlier stream, with another view: both are found."""
    client, table = stack.client("dynamodb"), stack.ids["Shop"]
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    client.update_table(TableName=table, StreamSpecification=specification)
    replaced, differs = stack.findings()
    assert (replaced.check, replaced.severity) == ("stream-replaced", "error")
    assert (differs.check, differs.found, differs.expected) == (
        "stream-differs",
        "StreamViewType NEW_IMAGE",
        "StreamViewType NEW_AND_OLD_IMAGES",
    )


def test_deleted_table(stack: DeployedStack) -> None:
    """A table that was deleted beside the stack is an error."""
    with stack.refused("dynamodb", "DescribeTable", "ResourceNotFoundException"):
        (finding,) = stack.findings()
    assert (finding.check, finding.found) == ("stream-stopped", "no such table")
