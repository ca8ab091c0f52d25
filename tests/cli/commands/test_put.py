"""``router put``: items that are refused; test_dev puts items into a session."""

import shlex
from pathlib import Path

import pytest

from router import discriminators
from router.cli import main
from router.cli.commands.put import put_command
from router.discriminators import Discriminator, discriminator_of
from router.local.engines.embedded import Embedded
from tests.cli.conftest import Refused
from tests.cli.tally import TEMPLATE as TALLY


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("{", "found no JSON in --json"),
        ("[]", "found a JSON list in --json, expected an object"),
        ('{"total": 1}', "found an item without id, expected the whole key of table Orders"),
    ],
)
def test_an_item_that_is_none(refused: Refused, item: str, message: str) -> None:
    """Before anything is asked of an engine."""
    assert message in refused("put", "Order", "--json", item)


def test_an_item_for_an_unknown_table(refused: Refused) -> None:
    """The known ones are named."""
    message = refused("put", "Order", "--json", '{"id": "1"}', "--table", "Odrers")
    assert message == "router: found no table 'Odrers' in template.yaml; there is Orders\n"


def test_an_item_for_an_engine_without_the_table(refused: Refused) -> None:
    """Some other engine answers there."""
    with Embedded() as engine:
        argv = ("put", "Order", "--json", '{"id": "1"}', "--endpoint-url", engine.endpoint_url)
        assert "found no table 'Orders' at" in refused(*argv)


def test_an_item_for_nobody(refused: Refused) -> None:
    """No session runs."""
    message = refused("put", "Order", "--json", '{"id": "1"}', "--endpoint-url", "http://127.0.0.1:9")
    assert "cannot put the item at http://127.0.0.1:9" in message


TEMPLATE = Path("template.yaml")
ENTITY_TYPE = discriminator_of("EntityType")


@pytest.mark.parametrize(
    ("url", "template", "table", "discriminator", "options"),
    [
        ("http://127.0.0.1:8000", TEMPLATE, None, ENTITY_TYPE, ""),
        ("http://127.0.0.1:4711", TEMPLATE, None, ENTITY_TYPE, " --endpoint-url http://127.0.0.1:4711"),
        ("http://127.0.0.1:8000", Path("my stack.yaml"), None, ENTITY_TYPE, " --template 'my stack.yaml'"),
        ("http://127.0.0.1:8000", TEMPLATE, "Other", ENTITY_TYPE, " --table Other"),
        ("http://127.0.0.1:8000", TEMPLATE, None, discriminator_of("type"), " --discriminator type"),
        ("http://127.0.0.1:8000", TEMPLATE, None, discriminators.ELECTRODB, " --discriminator __edb_e__"),
        ("http://127.0.0.1:8000", TEMPLATE, None, discriminators.WEBINY, " --discriminator TYPE"),
    ],
)
def test_the_command_line_has_the_options_that_differ_from_their_defaults(
    url: str, template: Path, table: str | None, discriminator: Discriminator, options: str
) -> None:
    """Without them it would put the item elsewhere."""
    assert put_command(url, template, table, discriminator) == f"router put ENTITY --json ITEM{options}"


def test_the_command_line_for_items_that_name_their_entity_in_the_key() -> None:
    """No attribute is added to them."""
    command = put_command("http://127.0.0.1:8000", TEMPLATE, None, discriminators.prefix("pk"))
    assert command == "router put - --json ITEM"


def test_an_item_of_another_entity(refused: Refused) -> None:
    """The message does not say which of the two is meant."""
    message = refused("put", "Order", "--json", '{"id": "1", "EntityType": "Customer"}')
    assert "found another EntityType in the item than ENTITY, expected one name" in message


@pytest.mark.parametrize(("entity", "added"), [("Order", {"EntityType"}), ("-", set())])
def test_a_dash_adds_nothing(project: Path, entity: str, added: set[str]) -> None:
    """The item has what the command line has."""
    with Embedded() as engine:
        client = engine.client("dynamodb")
        client.create_table(
            TableName="Orders",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        assert main(["put", entity, "--json", '{"id": "1"}', "--endpoint-url", engine.endpoint_url]) == 0
        (item,) = client.scan(TableName="Orders")["Items"]
    assert set(item) == {"id"} | added


def test_a_table_that_only_the_engine_has(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``router dev --table`` has given the template's table another name."""
    with Embedded() as engine:
        engine.client("dynamodb").create_table(
            TableName="Other",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        command = put_command(engine.endpoint_url, TEMPLATE, "Other", ENTITY_TYPE)
        argv = shlex.split(command.replace("ENTITY", "Order").replace("ITEM", '\'{"id": "1"}\''))
        assert main(argv[1:]) == 0
    assert capsys.readouterr().out.startswith("put Order id=1 into Other at http://127.0.0.1:")


def test_functions_of_several_tables(refused: Refused, project: Path) -> None:
    """The option that chooses is one of this command."""
    text = TALLY.replace("Orders:", "Others:", 1).replace("Tally:", "Count:").replace("Orders.", "Others.")
    both = f"{TALLY}{text.partition('Resources:')[2]}"
    (project / "template.yaml").write_text(both, encoding="utf-8")
    assert refused("put", "Order", "--json", '{"id": "1"}') == (
        "router: found functions of several tables in template.yaml: Orders, Others; name one with --table\n"
    )
