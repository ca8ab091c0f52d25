"""The stock of every product, in its item."""

from collections import Counter
from typing import Any

from router import Change, Reject
from router.effects import ConditionFailedError, Once

__all__ = ["Stock"]


class Stock:
    """Moves pieces, once for each record.

    Args:
        once: Makes the writes.
        table: The table of the products.
        knows_products: Whether the table has them; in memory it does not.
    """

    def __init__(self, once: Once, table: str, *, knows_products: bool = True) -> None:
        self._once = once
        self._table = table
        # Without the condition, ADD would create an item that has only a stock.
        self._condition = {"ConditionExpression": "attribute_exists(pk)"} if knows_products else {}

    def move(self, change: Change[Any], taken: Counter[str], taken_before: Counter[str]) -> None:
        """Take what is taken now from the stock, and return what was taken before.

        Pieces that return to a deleted product are ignored.

        Raises:
            Reject: Pieces are taken of a product that does not exist; all other products were moved.
        """
        pieces = Counter(taken_before)
        pieces.subtract(taken)
        unknown = [sku for sku, count in pieces.items() if count and not self._add(change, sku, count)]
        if any(pieces[sku] < 0 for sku in unknown):
            # Products are written before their orders, so a retry cannot find the product.
            raise Reject("found an order line whose sku is no product's, expected one of the table")

    def _add(self, change: Change[Any], sku: str, count: int) -> bool:
        """Add pieces of one product, apart from the others, so that a deleted one does not stop them."""
        update = {
            "TableName": self._table,
            "Key": {"pk": f"PRODUCT#{sku}", "sk": "PRODUCT"},
            "UpdateExpression": "ADD stock :count",
            "ExpressionAttributeValues": {":count": count},
            **self._condition,
        }
        try:
            self._once.write(change, f"STOCK#{sku}", [{"Update": update}])
        except ConditionFailedError:
            return False
        return True
