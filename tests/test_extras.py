"""``router.extras``: which extra brings a package, and what is said where it is missing."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import packages_distributions
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any

import pytest

from router.errors import RegistrationError, RouterError
from router.extras import EXTRAS, MissingPackageError, missing_package, needed_by
from router.local.cloudformation.resources import TemplateFile
from router.local.engines.endpoint import Endpoint
from router.local.event_source_mapping.settings import MappingSettings
from router.local.streams.client import Service
from router.observability.tracing import Tracing

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED: dict[str, list[str]] = PROJECT["optional-dependencies"]


# The distributions of each package, in lower case.
DISTRIBUTIONS = {package: {name.lower() for name in names} for package, names in packages_distributions().items()}

# Packages that come with what an extra declares.
INDIRECT = {"aws_xray_sdk": "aws-lambda-powertools[tracer]>=3", "botocore": "boto3>=1.35"}


def declared(extra: str) -> set[str]:
    """The distributions that an extra declares."""
    return {re.split(r"[\[><=~ ]", requirement)[0] for requirement in DECLARED[extra]}


def test_dev_brings_every_other_extra() -> None:
    """`pip install 'entity-router[dev]'` installs all that any other extra does."""
    others = ",".join(sorted(DECLARED.keys() - {"dev"}))
    assert DECLARED["dev"] == [f"entity-router[{others}]"]


@pytest.mark.parametrize(("package", "extra"), EXTRAS.items())
def test_the_extra_of_a_package_brings_it(package: str, extra: str) -> None:
    """The extra that a message names declares the distribution that has the package."""
    assert INDIRECT.get(package) in DECLARED[extra] or DISTRIBUTIONS[package] & declared(extra)


def test_each_distribution_of_an_extra_has_a_package() -> None:
    """No extra brings a distribution whose absence would be a traceback."""
    known = set().union(*(DISTRIBUTIONS[package] for package in EXTRAS))
    assert set().union(*map(declared, DECLARED)) - known == {"aws-lambda-powertools", "entity-router"}


def _strategies() -> None:
    spec = find_spec("router.testing.strategies")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module_from_spec(spec))


# What a user's own code can call, with the package that it needs and the extra that the message names.
CALLS: list[tuple[str, str, Callable[[], Any]]] = [
    ("boto3", "cli", lambda: Endpoint("http://127.0.0.1:1").client("dynamodb")),
    ("boto3", "cli", lambda: Service("http://127.0.0.1:1")),
    ("ruamel", "cli", lambda: TemplateFile(ROOT / "template.yaml")),
    ("botocore", "testing", lambda: MappingSettings.of({"batch_size": 2})),
    ("hypothesis", "testing", _strategies),
    ("aws_xray_sdk", "tracing", Tracing),
]


@pytest.mark.parametrize(("package", "extra", "call"), CALLS)
def test_a_call_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, package: str, extra: str, call: Callable[[], Any]
) -> None:
    """Code that a user calls raises one error of one line, with the command that installs what is missing."""
    for name in [package, *(name for name in sys.modules if name.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delenv("POWERTOOLS_TRACE_DISABLED", raising=False)
    with pytest.raises(RouterError) as caught:
        call()
    assert isinstance(caught.value, MissingPackageError | RegistrationError)
    assert str(caught.value).startswith(f"found no {package} in {sys.prefix}, which ")
    assert str(caught.value).endswith(f"needs; pip install 'entity-router[{extra}]'")


def test_a_package_that_lacks_a_part_is_the_one_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If what boto3 itself imports is not there, boto3 is not whole, and its extra is named."""
    (tmp_path / "boto3.py").write_text("import no_such_part\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "boto3", raising=False)
    with (
        pytest.raises(MissingPackageError, match=r"found no boto3 .* pip install 'entity-router\[cli\]'"),
        needed_by("a"),
    ):
        import_module("boto3")


def test_a_module_that_no_extra_brings_stays_missing() -> None:
    """An error of the user's own import is not changed."""
    error = ModuleNotFoundError(name="shop.orders")
    assert missing_package(error) is None
    with pytest.raises(ModuleNotFoundError) as caught, needed_by("a"):
        raise error
    assert caught.value is error
