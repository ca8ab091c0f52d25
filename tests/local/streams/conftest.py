"""Tables of DynamoDB Local, and an environment without AWS settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from router.local.engines.dynamodb_local import DynamoDBLocal

Table = Callable[..., tuple[str, str]]


@pytest.fixture
def table(dynamodb_local: DynamoDBLocal) -> Iterator[Table]:
    """Make a table, by default with a stream, and return its name and the stream's ARN."""
    client = dynamodb_local.client("dynamodb")
    names: list[str] = []

    def make(view: str | None = "NEW_AND_OLD_IMAGES") -> tuple[str, str]:
        names.append(f"Recorded-{uuid4().hex}")
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}
        made = client.create_table(
            TableName=names[-1],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            **stream,
        )
        return names[-1], made["TableDescription"].get("LatestStreamArn", "")

    yield make
    for name in names:
        client.delete_table(TableName=name)


@pytest.fixture
def without_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove the machine's AWS settings."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
