"""Stories of a small shop: each writes to a table and is recorded as one event."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from boto3.dynamodb.types import TypeSerializer

Item = dict[str, Any]
SWEEP_SECONDS = 90


class Shop:
    """The table `Shop`, written with plain Python values as an application does."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def put(self, *items: Item) -> None:
        for item in items:
            self.client.put_item(TableName="Shop", Item=wire(item))

    def change(self, item: Item, **values: Any) -> None:
        self.client.update_item(**self.setting(item, **values))

    def delete(self, *items: Item) -> None:
        for item in items:
            self.client.delete_item(TableName="Shop", Key=wire(keys(item)))

    def setting(self, item: Item, **values: Any) -> dict[str, Any]:
        """The parameters that set attributes of an item, by UpdateItem or in a transaction."""
        return {
            "TableName": "Shop",
            "Key": wire(keys(item)),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in values),
            "ExpressionAttributeNames": {f"#{name}": name for name in values},
            "ExpressionAttributeValues": {f":{name}": value for name, value in wire(values).items()},
        }

    def wait_for_expiry(self, item: Item) -> None:
        end = time.monotonic() + SWEEP_SECONDS
        while "Item" in self.client.get_item(TableName="Shop", Key=wire(keys(item))):
            if time.monotonic() > end:
                msg = f"the engine did not sweep an expired item within {SWEEP_SECONDS} s"
                raise TimeoutError(msg)
            time.sleep(0.5)


def wire(item: Item) -> Item:
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def keys(item: Item) -> Item:
    return {"pk": item["pk"], "sk": item["sk"]}


def customer(number: int, name: str, **more: Any) -> Item:
    return {
        "pk": f"CUSTOMER#{number}",
        "sk": "PROFILE",
        "EntityType": "Customer",
        "customer_id": str(number),
        "name": name,
        "email": f"{name.partition(' ')[0].lower()}@example.com",
        "tier": "BASIC",
        "joined": "2024-03-01",
        **more,
    }


def order(number: int, customer: int, lines: list[tuple[str, int, str]], **more: Any) -> Item:
    return {
        "pk": f"CUSTOMER#{customer}",
        "sk": f"ORDER#{number}",
        "EntityType": "Order",
        "order_id": str(number),
        "customer_id": str(customer),
        "status": "PLACED",
        "total": sum(quantity * Decimal(price) for _, quantity, price in lines),
        "placed_at": "2026-01-15T09:30:00Z",
        "lines": [{"sku": sku, "quantity": quantity, "price": Decimal(price)} for sku, quantity, price in lines],
        **more,
    }


def product(sku: str, title: str, price: str, stock: int, **more: Any) -> Item:
    return {
        "pk": f"PRODUCT#{sku}",
        "sk": "PRODUCT",
        "EntityType": "Product",
        "sku": sku,
        "title": title,
        "price": Decimal(price),
        "stock": stock,
        "attributes": {"colour": "blue", "weight_grams": 350},
        **more,
    }


def message(number: int, **attributes: Any) -> Item:
    return {"pk": f"MESSAGE#{number}", "sk": "MESSAGE", "EntityType": "Message", **attributes}


MUG = product("MUG-1", "Mug", "12.95", 40)
TEA = product("TEA-7", "Tea, 100 g", "8.45", 12, attributes={"origin": "Assam", "organic": True})
ORDER = order(1001, 42, [("MUG-1", 2, "12.95"), ("TEA-7", 4, "8.45")], tags={"gift", "express"})


def order_lifecycle(shop: Shop) -> None:
    shop.put(ORDER)
    shop.change(ORDER, status="PAID")
    shop.change(ORDER, status="SHIPPED", note="Left with a neighbour")
    shop.delete(ORDER)


def customer_life(shop: Shop) -> None:
    ada = customer(42, "Ada Ames")
    shop.put(ada)
    shop.change(ada, tier="GOLD")
    shop.delete(ada)


def product_stock(shop: Shop) -> None:
    shop.put(MUG)
    shop.change(MUG, stock=38)
    shop.change(MUG, stock=0)
    shop.change(MUG, stock=60, price=Decimal("13.49"))
    shop.delete(MUG)


def messages(shop: Shop) -> None:
    hello, bare = message(1, Id=101, Message="New item!"), message(6)
    shop.put(hello)
    shop.put(message(2, Message="no Id"))
    shop.put(message(3, Id="one", Message="an Id that is no number"))
    shop.put(message(4, Id=104))
    shop.put({"pk": "MESSAGE#5", "sk": "MESSAGE", "Id": 105, "Message": "no EntityType"})
    shop.put(bare)
    shop.put(message(7, Id=2**31, Message="an Id too large for 32 bits"))
    shop.change(hello, Message="This item has changed")
    shop.delete(hello)


def cart_expired(shop: Shop) -> None:
    given_up = order(1002, 42, [("TEA-7", 1, "8.45")], expires_at=int(time.time()) + 86_400)
    forgotten = order(1003, 42, [("MUG-1", 1, "12.95")], expires_at=int(time.time()) + 1)
    shop.put(given_up)
    shop.delete(given_up)
    shop.put(forgotten)
    shop.wait_for_expiry(forgotten)


def nested(depth: int) -> Any:
    """Maps and lists in turn, nested to a number of levels, around one text."""
    value: Any = "the innermost value"
    for level in range(depth, 0, -1):
        value = {f"level_{level}": value} if level % 2 else [level, value]
    return value


def all_types(shop: Shop) -> None:
    everything = product(
        "ALL-TYPES",
        "Naïve ☕ 東京",
        "0.10",
        1,
        empty_text="",
        digits=12345678901234567890123456789012345678,
        digits_behind_the_point=Decimal("-0.12345678901234567890123456789012345678"),
        largest=Decimal("9.9999999999999999999999999999999999999E+125"),
        smallest=Decimal("1E-130"),
        negative_exponent=Decimal("-2.5E-7"),
        zero=0,
        binary=bytes(range(256)),
        empty_binary=b"",
        yes=True,
        no=False,
        nothing=None,
        texts={"red", "green", ""},
        numbers={Decimal("-1.5"), 3, Decimal("1E-20")},
        binaries={b"\x00\xff", b"plain", b""},
        empty_list=[],
        empty_map={},
        list=[1, "two", None, True, b"three", {"four", "5"}, {"six": [7]}],
        nested=nested(10),
        **{"dotted.name": "a name with a point", "größe": "a name beyond ASCII"},
    )
    shop.put(everything)
    shop.change(everything, empty_text="no longer", numbers={2}, nested=nested(9), nothing=False)
    shop.delete(everything)


def mixed_batch(shop: Shop) -> None:
    ada, bob = customer(42, "Ada Ames"), customer(43, "Bob Byrne")
    first, second = order(2001, 42, [("MUG-1", 2, "12.95")]), order(2002, 43, [("MUG-1", 1, "12.95")], tags={"gift"})
    welcome, sorry = message(1, Id=1, Message="Welcome"), message(2, Id=2, Message="Sorry")
    coupon = {"pk": "COUPON#TEN", "sk": "COUPON", "EntityType": "Coupon", "percent": 10, "used": 0}
    shop.put(ada, MUG, TEA, first)
    shop.change(MUG, stock=38)
    shop.change(TEA, stock=11)
    shop.put(welcome)
    shop.change(first, status="PAID")
    shop.put(coupon, bob, second)
    shop.change(MUG, stock=37)
    shop.change(second, status="PAID")
    shop.put(sorry)
    shop.change(ada, tier="GOLD")
    shop.change(first, status="SHIPPED")
    shop.change(coupon, used=1)
    shop.change(second, status="CANCELLED", note="Changed their mind")
    shop.change(MUG, stock=38)
    shop.change(welcome, Message="Welcome back")
    shop.change(TEA, price=Decimal("8.95"))
    shop.delete(sorry, coupon, first)
    shop.change(bob, email="bob.byrne@example.com")


def transaction(shop: Shop) -> None:
    draft = message(1, Id=1, Message="A draft")
    shop.put(MUG, draft)
    placed = order(1004, 42, [("MUG-1", 1, "12.95")])
    shop.client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "Shop", "Item": wire(placed)}},
            {"Update": shop.setting(MUG, stock=39)},
            {"Delete": {"TableName": "Shop", "Key": wire(keys(draft))}},
        ]
    )


def batch_write(shop: Shop) -> None:
    draft = message(1, Id=1, Message="A draft")
    shop.put(MUG, draft)
    cheaper = MUG | {"price": Decimal("11.95")}
    shop.client.batch_write_item(
        RequestItems={
            "Shop": [
                {"PutRequest": {"Item": wire(cheaper)}},
                {"PutRequest": {"Item": wire(TEA)}},
                {"PutRequest": {"Item": wire(customer(44, "Cy Cole"))}},
                {"DeleteRequest": {"Key": wire(keys(draft))}},
            ]
        }
    )


def poison(shop: Shop) -> None:
    for number, more in ((3001, {}), (3002, {"total": "twelve"}), (3003, {})):
        shop.put(order(number, 42, [("MUG-1", 1, "12.95")], **more))


class Story(NamedTuple):
    """A story and the view type of the stream that records it."""

    life: Callable[[Shop], None]
    view: str = "NEW_AND_OLD_IMAGES"


STORIES = {
    "all-types": Story(all_types),
    "batch-write": Story(batch_write),
    "cart-expired-ttl": Story(cart_expired),
    "customer": Story(customer_life),
    "messages": Story(messages),
    "mixed-batch": Story(mixed_batch),
    "order-lifecycle": Story(order_lifecycle),
    "poison": Story(poison),
    "product-stock": Story(product_stock),
    "transaction": Story(transaction),
    "view-keys-only": Story(order_lifecycle, "KEYS_ONLY"),
    "view-new-image": Story(order_lifecycle, "NEW_IMAGE"),
    "view-old-image": Story(order_lifecycle, "OLD_IMAGE"),
}
