"""`import router` is light: a cold start imports only what it uses."""

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import router

ROUTER = Path(__file__).parents[1] / "router"

# What `import router` may load besides the standard library and pydantic's own parts.
PACKAGES = {"annotated_types", "pydantic", "pydantic_core", "router", "typing_extensions", "typing_inspection"}

HEAVY = ("aws_lambda_powertools", "boto3", "botocore", "moto", "rich", "structlog", "typer")

# The number of modules, with those of the standard library: 205 on Python 3.11, 207 on 3.13. Of these 97 are the
# framework's own, which has many small ones.
BUDGET = 208

LIST_MODULES = """
import json, sys
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def modules_after(statement: str) -> set[str]:
    """The modules that a statement loads in a new interpreter."""
    code = LIST_MODULES.format(statement=statement)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def modules() -> set[str]:
    return modules_after("import router")


@pytest.mark.parametrize("package", HEAVY)
def test_nothing_heavy(modules: set[str], package: str) -> None:
    """No package that only edges and tools need is loaded."""
    assert package not in modules


def test_packages(modules: set[str]) -> None:
    """Nothing but pydantic and its parts is loaded beside the standard library."""
    packages = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names
    assert {package for package in packages if not package.startswith("_sysconfigdata")} <= PACKAGES


def test_no_tools(modules: set[str]) -> None:
    """The tools of the framework and its effects are not loaded."""
    tools = ("router.cli", "router.effects", "router.local", "router.testing")
    assert [module for module in modules if module.startswith(tools)] == []


def test_budget(modules: set[str]) -> None:
    """The number of modules stays within its budget."""
    assert len(modules) <= BUDGET


# A function in Lambda, which has no rich, up to the end of its initialisation.
INIT = """
import json, os, sys
sys.modules["rich"] = None
os.environ.update(AWS_LAMBDA_RUNTIME_API="none", AWS_LAMBDA_FUNCTION_NAME="shop", POWERTOOLS_METRICS_NAMESPACE="Shop")
import pydantic, router
class Order(pydantic.BaseModel):
    order_id: str
routes = router.Routes()
@routes.on(Order)
{handler}
app = router.Dispatcher(routes{options})
"""

PLAIN = "def handle(change: router.Change[Order]) -> None: ..."
BATCH = f"""{PLAIN}
@routes.on_batch(Order)
def handle_all(changes: list[router.Change[Order]]) -> None: ..."""
WINDOW = f"""{PLAIN}
class Totals(pydantic.BaseModel):
    count: int = 0
@routes.on_window(Order, state=Totals)
def total(window: router.Window[Order, Totals]) -> None: ..."""
LOGGING = f"""{PLAIN}
from structlog.typing import FilteringBoundLogger
@routes.on_insert(Order)
def log_it(change: router.Insert[Order], log: FilteringBoundLogger) -> None: ..."""
ASYNC = "async def handle(change: router.Change[Order]) -> None: ..."

UNUSED = {
    "asyncio", "boto3", "concurrent", "difflib", "hashlib", "http", "multiprocessing", "ssl", "subprocess",
    "structlog.dev", "structlog.stdlib", "structlog._config", "structlog.processors", "pickle", "router.parsing.codegen", "router.planning.explain",
    "router.dispatch.lanes", "router.inject.event_loop", "router.parking.jsonl", "router.parking.s3",
    "router.parking.sqs", "router.completed.dynamodb", "router.observability.tracing", "aws_lambda_powertools",
    "router.dispatch.batching", "router.dispatch.windows", "router.registration.window_state", "router.electrodb",
    "router.sources.other_events", "router.dispatch.snapshot", "router.registration.condition_checks", "heapq",
}  # fmt: skip


@pytest.mark.parametrize("handler", [PLAIN, LOGGING])
def test_a_plain_handler_needs_little(handler: str) -> None:
    """The initialisation of a function with a plain handler loads its logger, and nothing that the function never uses."""
    loaded = modules_after(INIT.format(handler=handler, options=""))
    assert "structlog._native" in loaded
    assert loaded & UNUSED == set()


def test_all_of_structlog_is_there_for_who_uses_it() -> None:
    """The type of a logger is that of the whole package, which is imported when something else of it is used."""
    same = "assert structlog.typing.FilteringBoundLogger is FilteringBoundLogger"
    code = f"{LOGGING}\nimport structlog, structlog.stdlib\n{same}"
    loaded = modules_after(INIT.format(handler=code, options=""))
    assert {"structlog.stdlib", "structlog.dev", "structlog.typing"} <= loaded


def test_metrics_load_a_part_of_powertools() -> None:
    """`Metrics` loads what writes a line, without Powertools' logger, tracer and data classes."""
    loaded = modules_after(INIT.format(handler=PLAIN, options=", metrics=router.Metrics()"))
    theirs = {module for module in loaded if module.startswith("aws_lambda_powertools")}
    assert "aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch" in theirs
    assert len(theirs) <= 17
    assert [module for module in theirs if re.search(r"logging|tracing|utilities|metrics\.metrics$", module)] == []
    assert loaded.isdisjoint(UNUSED - {"aws_lambda_powertools"})


EVENT = [
    {
        "eventID": f"{number}",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"order_id": {"S": f"{number}"}},
            "NewImage": {"EntityType": {"S": "Order"}, "order_id": {"S": f"{number}"}},
            "SequenceNumber": f"{number}",
        },
    }
    for number in (1, 2)
]

IN_WINDOW = {"window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:02:00Z"}, "state": {}, "shardId": "1"}


def invocation(event: dict[str, Any]) -> str:
    """The code of an invocation whose records are all done."""
    return f"""
with open("/dev/null", "w") as sys.stdout:
    response = app({event})
sys.stdout = sys.__stdout__
assert response["batchItemFailures"] == []
"""


@pytest.mark.parametrize(
    ("handler", "options", "event"),
    [
        pytest.param(PLAIN, "", {}, id="plain"),
        pytest.param(PLAIN, ", metrics=router.Metrics()", {}, id="metrics"),
        pytest.param(ASYNC, "", {}, id="async"),
        pytest.param(PLAIN, ", concurrency=2", {}, id="lanes"),
        pytest.param(ASYNC, ", concurrency=2", {}, id="async lanes"),
        pytest.param(BATCH, "", {}, id="batch"),
        pytest.param(WINDOW, "", IN_WINDOW, id="window"),
    ],
)
def test_the_first_invocation_loads_nothing(handler: str, options: str, event: dict[str, Any]) -> None:
    """All that an event needs is loaded in the initialisation, whose CPU Lambda does not throttle."""
    init = INIT.format(handler=handler, options=options)
    first = invocation({"Records": EVENT, **event})
    assert modules_after(init + first) - modules_after(init) == set()


def test_an_event_of_another_source_loads_the_sources_alone() -> None:
    """What reads events of queues, other streams and failure documents is loaded by the first of them."""
    init = INIT.format(handler=PLAIN, options="")
    message = {"eventSource": "aws:sqs", "messageId": "1", "body": json.dumps(EVENT[0])}
    loaded = modules_after(init + invocation({"Records": [message]})) - modules_after(init)
    assert "router.sources.sqs" in loaded
    assert {module for module in loaded if not module.startswith("router.sources.")} <= {"base64", "binascii"}


def test_the_rule_of_electrodb_is_imported_when_it_is_used() -> None:
    """The preset is a name of `router.discriminators` like the others, in a process that has not loaded its module."""
    used = "from router import discriminators; discriminators.ELECTRODB.read({'sk': {'S': '$order_1'}})"
    assert modules_after(used) - modules_after("import router") == {"router.electrodb"}
    assert "ELECTRODB" in dir(router.discriminators)


def test_an_event_loads_no_tools() -> None:
    """An event loads structlog, which loads rich if it is installed, and no AWS library or command line."""
    loaded = modules_after(
        "import os, router; os.environ['LOG_LEVEL'] = 'ERROR'; router.Dispatcher(router.Routes())({'Records': []})"
    )
    assert loaded.isdisjoint(package for package in HEAVY if package not in ("rich", "structlog"))


def test_the_shop_loads_nothing_that_it_does_not_use() -> None:
    """In memory and without metrics the shop loads no AWS library; only structlog loads rich."""
    loaded = modules_after(
        "import os; os.environ.update(LOG_LEVEL='ERROR', SHOP_IN_MEMORY='1'); "
        "os.environ.pop('POWERTOOLS_METRICS_NAMESPACE', None); "
        "import handlers; handlers.app({'Records': []})"
    )
    assert loaded.isdisjoint(package for package in HEAVY if package not in ("rich", "structlog"))


# An event in Lambda, which has no rich: structlog uses rich for tracebacks if it is installed.
FIRST_EVENT = """
import sys
sys.modules["rich"] = None
import router
app = router.Dispatcher(router.Routes())
with open("/dev/null", "w") as sys.stdout:
    app({"Records": []})
sys.stdout = sys.__stdout__
del sys.modules["rich"]
"""


def test_the_first_event_loads_the_log_alone() -> None:
    """In Lambda the first event loads structlog and no other package."""
    loaded = modules_after(FIRST_EVENT) - modules_after("import router")
    packages = {module.partition(".")[0] for module in loaded} - sys.stdlib_module_names
    assert packages <= {"structlog"}


def test_no_later_event_loads_anything() -> None:
    """Late imports happen in the first event, so that no later event is slow."""
    again = "with open('/dev/null', 'w') as sys.stdout:\n    app({'Records': []})\nsys.stdout = sys.__stdout__"
    assert modules_after(FIRST_EVENT + again) == modules_after(FIRST_EVENT)


@pytest.mark.parametrize("path", sorted(ROUTER.rglob("*.py")), ids=lambda path: str(path.relative_to(ROUTER)))
def test_no_module_imports_a_private_name(path: Path) -> None:
    """An underscore name belongs to its module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if node.module and node.module.partition(".")[0] == "router"]
    assert [alias.name for node in ours for alias in node.names if re.match("_(?!_)", alias.name)] == []


def test_the_version_is_that_of_the_distribution() -> None:
    """The package names its version without looking for its distribution, which a function's package does not have."""
    assert router.__version__ == version("entity-router")
