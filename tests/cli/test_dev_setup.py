"""What ``router dev`` runs without a template."""

from pathlib import Path

import pytest

from router.cli.dev_setup import setup_of_table
from tests.cli.conftest import Refused


def test_a_table_of_the_command_line_has_a_stream_and_its_key() -> None:
    """Text is the type where none is named; the order is that of the key."""
    table = setup_of_table("Shop", "id, at:N", "expires", None).table
    assert table.request["KeySchema"] == [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "at", "KeyType": "RANGE"},
    ]
    assert [each["AttributeType"] for each in table.request["AttributeDefinitions"]] == ["S", "N"]
    assert (table.view, table.ttl) == ("NEW_AND_OLD_IMAGES", "expires")


def test_its_mapping_reports_failures() -> None:
    """A first app must not lose records because of a setting that it does not know."""
    setup = setup_of_table("Shop", "id", None, "app:app")
    assert setup.function.settings.reports
    assert (setup.app.name, setup.app.folders) == ("app:app", (Path.cwd(),))


@pytest.mark.parametrize("key", ["", "pk,sk,gk", "pk,pk", "pk:X", "pk,"])
def test_a_key_that_is_none(refused: Refused, key: str) -> None:
    """It is quoted."""
    assert f"found --key {key!r}, expected the names of one or two key attributes" in refused(
        "dev", "--table", "Shop", "--key", key
    )


def test_a_key_without_a_table(refused: Refused) -> None:
    """The table has no default name."""
    assert "found --key id without --table" in refused("dev", "--key", "id")


def test_a_time_to_live_beside_a_template(refused: Refused) -> None:
    """The template has it."""
    assert "found --ttl without --key" in refused("dev", "--ttl", "expires")
