"""Record the events of this folder again: ``python -m tests.events.record``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from router.errors import RouterError
from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.engines.install import install
from router.local.streams.reader import stream_records
from router.local.streams.stream_arn import relocate
from router.sources.lambda_record import lambda_record
from tests.events.stories import STORIES, Shop, Story

FOLDER = Path(__file__).parent
REGION = "us-east-1"


def open_shop(client: Any, view: str) -> str:
    """Create an empty table `Shop` and return the ARN of its stream."""
    names = ("pk", "sk")
    table = client.create_table(
        TableName="Shop",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[
            {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=True)
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
    )
    client.update_time_to_live(
        TableName="Shop", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    return str(table["TableDescription"]["LatestStreamArn"])


def record(engine: DynamoDBLocal, story: Story) -> dict[str, Any]:
    """Run a story on a table of its own and return the event that Lambda would deliver."""
    client = engine.client("dynamodb")
    stream_arn = open_shop(client, story.view)
    try:
        story.life(Shop(client))
        records = list(stream_records(engine.client("dynamodbstreams"), stream_arn))
    finally:
        client.delete_table(TableName="Shop")
    return {"Records": [lambda_record(record, relocate(stream_arn, region=REGION), REGION) for record in records]}


def main() -> int:
    try:
        install()
        with DynamoDBLocal() as engine:
            events = {name: record(engine, story) for name, story in STORIES.items()}
    except RouterError as error:
        print(error, file=sys.stderr)
        return 1
    for name, event in events.items():
        text = json.dumps(event, indent=2, ensure_ascii=False)
        FOLDER.joinpath(f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
        print(f"{name}.json: {len(event['Records'])} records")
    return 0


if __name__ == "__main__":
    sys.exit(main())
