"""Functions to run: one that does what its event says, and some that do not load."""

from __future__ import annotations

PROBE = """
import json, os, signal, sys, threading, time
from decimal import Decimal

def context(event, context):
    found = {name: getattr(context, name) for name in event["names"]}
    found["left"] = context.get_remaining_time_in_millis()
    found["variables"] = dict(os.environ)
    found["folder"], found["path"] = os.getcwd(), sys.path[0]
    return found

def fall_over_later(event, context):
    threading.Timer(0.05, os._exit, [5]).start()

def start_a_process(event, context):
    import subprocess
    return subprocess.Popen(["sleep", "60"]).pid

DEEDS = {
    "answer": lambda event, context: event["with"],
    "raise": lambda event, context: {}["missing"],
    "sleep": lambda event, context: time.sleep(event["seconds"]),
    "exit": lambda event, context: os._exit(event["code"]),
    "leave": lambda event, context: sys.exit(3),
    "be killed": lambda event, context: os.kill(os.getpid(), signal.SIGKILL),
    "fall over later": fall_over_later,
    "answer a length": lambda event, context: "x" * (event["bytes"] - 2),
    "answer a set": lambda event, context: {1},
    "answer numbers": lambda event, context: [float("nan"), Decimal("1.50"), Decimal("NaN"), 1e300],
    "answer text": lambda event, context: "\\u00fc \\u2603",
    "answer bytes": lambda event, context: b"raw",
    "answer nothing": lambda event, context: None,
    "print": lambda event, context: print("one\\ntwo", file=sys.stderr) or print("three", end=""),
    "start a process": start_a_process,
    "context": context,
}

def handler(event, context):
    return DEEDS[event["do"]](event, context)
"""

# An app that handles an event in its initialisation if PRIMED=1, and says in its response what was made when.
SNAPPED = """
import asyncio, os, random
from typing import Annotated
from pydantic import BaseModel, ConfigDict
from router import Change, Depends, Dispatcher, Routes

made, loops, threads = [], [], []

class Order(BaseModel):
    model_config = ConfigDict(defer_build=True)
    order_id: str

def get_rates():
    if os.environ.get("BROKEN"):
        raise ValueError("no rates")
    made.append("rates")
    yield {}
    made.append("rates ended")

def get_client():
    made.append("client")
    yield object()
    made.append("client ended")

routes = Routes()

@routes.on(Order)
async def handle(
    change: Change[Order],
    rates: Annotated[dict, Depends(get_rates, scope="cold_start", snapshot="keep")],
    client: Annotated[object, Depends(get_client, scope="cold_start")],
) -> None:
    loops.append(asyncio.get_running_loop())

app = Dispatcher(routes)
record = {
    "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
    "dynamodb": {"Keys": {"order_id": {"S": "1"}}, "SequenceNumber": "1",
        "NewImage": {"EntityType": {"S": "Order"}, "order_id": {"S": "1"}},
    },
}
if os.environ.get("PRIMED"):
    app({"Records": [record]})
random.seed(1)

def handler(event, context):
    found = {"made": list(made), "built": Order.__pydantic_complete__, "number": random.random()}
    response = app({"Records": [{**record, "eventID": "2", "dynamodb": {**record["dynamodb"], "SequenceNumber": "2"}}]}, context)
    closed = [loop.is_closed() for loop in loops]
    return {**found, "then": made[len(found["made"]):], "response": response, "closed": closed}
"""

FILES = {
    "snapped.py": SNAPPED,
    "probe.py": PROBE,
    "raises.py": "raise ValueError('broken')",
    "misspelt.py": "def (",
    "imports.py": "import nothing_of_that_name",
    "exits.py": "import os; os._exit(4)",
    "slow.py": "import time; time.sleep(60)",
    # Not a client at all: every wrong move that one can make, and what the API said to it.
    "wrong_moves.py": """
import http.client, json, os

def ask(method, path, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, "/2018-06-01/runtime" + path, body)
    response = connection.getresponse()
    return response, response.read()

found = []
while True:
    response, body = ask("GET", "/invocation/next")
    request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
    for move in (
        ("POST", "/invocation/wrong/response", "{}"),
        ("POST", "/invocation/wrong/error", "{}"),
        ("POST", "/init/error", "{}"),
        ("GET", "/nothing"),
        ("POST", "/nothing", "{}"),
        ("GET", "/invocation/next"),
    ):
        response, body = ask(*move)
        kind = json.loads(body).get("errorType") if response.status in (400, 403) else None
        found.append([*move[:2], response.status, kind])
    ask("POST", f"/invocation/{request_id}/response", json.dumps(found))
    response, body = ask("POST", f"/invocation/{request_id}/response", "{}")
    found = [["POST", "again", response.status, json.loads(body)["errorType"]]]
""",
}
