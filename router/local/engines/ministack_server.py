"""The embedded engine's own process: DynamoDB and its streams in memory, on a loopback port.

ministack keeps the tables and evaluates the expressions. Only its two DynamoDB modules are loaded, and the differences
between its streams and AWS's are corrected here. :class:`router.local.engines.embedded.Embedded` runs this module as
``python -m router.local.engines.ministack_server PORT``.
https://github.com/ministackorg/ministack
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any, cast

from router.local.engines.ministack_writes import correct_statements, correct_stream_settings, correct_updates
from router.local.item_size import size_bytes

__all__ = ["application", "correct", "expire", "serve"]

_REAPER = "dynamodb-ttl-reaper"  # ministack's thread, which deletes expired items once a minute without stream records
_SWEEP_SECONDS = 1.0  # AWS takes up to days; a developer does not wait that long
_OLDEST = 5 * 365 * 86_400  # AWS does not delete items that expired longer ago

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def serve(port: int) -> None:
    """Serve on a loopback port until the process ends.

    Args:
        port: The TCP port.
    """
    from ministack.services import dynamodb  # type: ignore[import-untyped]  # it has no types

    correct(dynamodb)
    asyncio.run(_serve(port, dynamodb))


async def _serve(port: int, dynamodb: ModuleType) -> None:
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.loglevel = "WARNING"
    config.keep_alive_timeout = 3600  # a connection that closes between two calls costs the second call a retry
    config.keep_alive_max_requests = 10**9  # as above
    config.graceful_timeout = 0.1  # no client waits for a response when the owner ends
    async with asyncio.TaskGroup() as tasks:
        # In the thread of the requests, because ministack keeps its tables in plain dicts.
        sweeping = tasks.create_task(_sweep(dynamodb))
        await hypercorn_serve(cast("Any", application), config)
        sweeping.cancel()


async def _sweep(dynamodb: ModuleType) -> None:
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        expire(dynamodb, time.time())


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer one request: an ASGI application.

    Args:
        scope: The request.
        receive: Returns the next part of its body.
        send: Sends a part of the response.
    """
    if scope["type"] != "http":
        return
    from ministack.services import dynamodb, dynamodb_streams

    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    # The caller's region and account are ignored: there is one table of each name.
    streams = headers.get("x-amz-target", "").startswith("DynamoDBStreams")
    service = dynamodb_streams if streams else dynamodb
    status, response_headers, content = await service.handle_request("POST", "/", headers, await _body(receive), {})
    content = content if isinstance(content, bytes) else content.encode()
    sent = [(name.lower().encode(), value.encode()) for name, value in response_headers.items()]
    sent.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": content})


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def correct(dynamodb: Any) -> None:
    """Correct ministack's streams.

    Records have their size, PartiQL statements make records, another order of a set makes none, and AWS's rules of
    stream settings hold.

    Args:
        dynamodb: ministack's module.
    """
    build, emit, remove = dynamodb._build_change_record, dynamodb._emit_stream_event, dynamodb._remove_item  # noqa: SLF001 - there is no public way

    def build_change_record(*args: Any) -> dict[str, Any]:
        record: dict[str, Any] = build(*args)
        record["eventID"] = record["eventID"].replace("-", "")
        body = record["dynamodb"]
        body["SizeBytes"] = size_bytes(*(body[name] for name in ("Keys", "NewImage", "OldImage") if name in body))
        return record

    def emit_stream_event(table: str, name: str, old: Any, new: Any, replicate: bool = True) -> None:
        if name != "MODIFY" or _ordered(old) != _ordered(new):
            emit(table, name, old, new, replicate)

    def remove_item(table: dict[str, Any], partition: str, sort: str) -> Any:
        return None if threading.current_thread().name == _REAPER else remove(table, partition, sort)

    dynamodb._build_change_record = build_change_record  # noqa: SLF001 - as above
    dynamodb._emit_stream_event = emit_stream_event  # noqa: SLF001 - as above
    dynamodb._remove_item = remove_item  # noqa: SLF001 - as above
    correct_statements(dynamodb)
    correct_stream_settings(dynamodb)
    correct_updates(dynamodb)


def expire(dynamodb: Any, now: float) -> None:
    """Delete the items whose time to live has expired, with stream records as of AWS's TTL.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html

    Args:
        dynamodb: ministack's module.
        now: The time, in seconds since the epoch.
    """
    for name, setting in dynamodb._ttl_settings.items():  # noqa: SLF001 - as above
        table = dynamodb._tables.get(name)  # noqa: SLF001 - as above
        if table is not None and setting.get("TimeToLiveStatus") == "ENABLED":
            for partition, sort in _expired(table, setting["AttributeName"], now):
                item = dynamodb._remove_item(table, partition, sort)  # noqa: SLF001 - as above
                dynamodb._emit_stream_event(name, "REMOVE", item, None)  # noqa: SLF001 - as above
                if records := dynamodb._stream_records.get(name):  # noqa: SLF001 - as above
                    records[-1]["userIdentity"] = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}


def _expired(table: dict[str, Any], attribute: str, now: float) -> list[tuple[str, str]]:
    return [
        (partition, sort)
        for partition, items in table["items"].items()
        for sort, item in items.items()
        if now - _OLDEST < float(item.get(attribute, {}).get("N", "inf")) <= now
    ]


def _ordered(value: Any) -> Any:
    """An item or a value in it, with the members of every set sorted."""
    if isinstance(value, dict):
        return {
            name: sorted(inner) if name in ("SS", "NS", "BS") and isinstance(inner, list) else _ordered(inner)
            for name, inner in value.items()
        }
    return [_ordered(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    serve(int(sys.argv[1]))
