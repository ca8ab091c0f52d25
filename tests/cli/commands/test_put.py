"""``router put``: items that are refused; test_dev puts items into a session."""

import pytest

from router.local.engines.embedded import Embedded
from tests.cli.conftest import Refused


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
