"""`import router` is light: a cold start imports only what it uses."""

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import router

ROUTER = Path(__file__).parents[1] / "router"

# What `import router` may load besides the standard library and pydantic's own parts.
PACKAGES = {"annotated_types", "pydantic", "pydantic_core", "router", "typing_extensions", "typing_inspection"}

HEAVY = ("aws_lambda_powertools", "boto3", "botocore", "moto", "rich", "structlog", "typer")

# The number of modules, with those of the standard library: about 270 on Python 3.11 to 3.13. Of these 104 are
# the framework's own, which has many small ones.
BUDGET = 272

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
    """The tools of the framework itself are not loaded."""
    tools = ("router.cli", "router.local", "router.testing")
    assert [module for module in modules if module.startswith(tools)] == []


def test_budget(modules: set[str]) -> None:
    """The number of modules stays within its budget."""
    assert len(modules) <= BUDGET


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
