"""The files of a new project and of a new entity, made from ``templates/``."""

from __future__ import annotations

import json
import platform
import re
import string
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router import Change, Dispatcher, Routes, __version__
from router.cli.json_output import filters_document
from router.cli.project.entity import Entity
from router.cli.project.names import quoted
from router.local.cloudformation.yaml_text import block_lines, flow_text
from router.local.filter_criteria import MOST_FILTERS, Filters, filters_of

__all__ = [
    "FILTERS",
    "Project",
    "cdk_files",
    "entity_files",
    "filters_text",
    "minimal_files",
    "project_files",
    "terraform_files",
]

FILTERS = ("infrastructure/filters.json", "terraform/filters.json")
"""The files from which a CDK app and a Terraform module read the filters."""

_TEMPLATES = Path(__file__).with_name("templates")
_YAML_WORDS = ("yes", "no", "on", "off", "true", "false", "null")
_RUNTIMES = ("python3.11", "python3.12", "python3.13", "python3.14")


class _Text(string.Template):
    delimiter = "%"  # `$` and `{}` are characters of templates and of Python


@dataclass(frozen=True)
class Project:
    """A new project.

    Args:
        name: Its name.
        entity: Its first entity.
        discriminator: The code of the discriminator.
    """

    name: str
    entity: Entity
    discriminator: str

    def values(self) -> dict[str, str]:
        """The values of the placeholders in the files of a project."""
        machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return {
            **self.entity.values(),
            "name": self.name,
            "version": __version__,
            "architecture": machine,
            "runtime": python if python in _RUNTIMES else _RUNTIMES[-2],
        }

    def app_values(self, *names: str, option: str) -> dict[str, str]:
        """These values, and those of the placeholders in the module of the app.

        Args:
            names: What the module imports from ``router``.
            option: The option of the Dispatcher, with ``{}`` for the discriminator.
        """
        of_presets = ["discriminators"] if self.discriminator.startswith("discriminators.") else []
        is_default = self.discriminator == '"EntityType"'
        return {
            **self.values(),
            "router_names": ", ".join([*names, *of_presets]),
            "discriminator": "" if is_default else option.format(self.discriminator),
        }


def entity_files(entity: Entity, package: str = "handlers") -> dict[str, str]:
    """The files of an entity: model, handlers, test and recorded event.

    Args:
        entity: The entity.
        package: The package of the handlers.
    """
    values, module = {**entity.values(), "package": package}, entity.names.module
    files = {
        f"models/{module}.py": _filled("model.py", values),
        f"{package}/{module}.py": _filled("handlers.py", values),
        f"tests/test_{module}.py": _filled("test.py", values),
        f"tests/events/{module}.json": f"{json.dumps(entity.event(), indent=2, ensure_ascii=False)}\n",
    }
    if entity.needs_key:
        files["tests/conftest.py"] = _filled("conftest.py", {"keys": json.dumps(entity.keys, ensure_ascii=False)})
    return files


def project_files(project: Project) -> dict[str, str]:
    """The files of a project.

    Args:
        project: The project.
    """
    entity = project.entity
    values = project.app_values("Dispatcher", "SqsParking", option="    discriminator={},\n")
    return {
        "models/__init__.py": '"""The entities of the table, one file each."""\n',
        "handlers/__init__.py": _filled("app.py", values),
        **entity_files(entity),
        "template.yaml": _filled("template.yaml", {**values, **_table_values(entity)}),
        "requirements.txt": _filled("requirements.txt", values),
        "pyproject.toml": _filled("pyproject.toml", values),
        ".gitignore": _filled("gitignore", values),
    }


def minimal_files(project: Project) -> dict[str, str]:
    """The files of a project in one module.

    Args:
        project: The project.
    """
    entity = project.entity
    names = ("Dispatcher", "Insert", "Modify", "Routes", "changed")
    values = project.app_values(*names, option=", discriminator={}")
    schema, definitions = _schema(entity.keys)
    table = {
        "attribute_definitions": ", ".join(definitions),
        "key_schema": ", ".join(schema),
        "filters": flow_text(_criteria(entity, Routes.on_insert, Routes.on_modify)),
    }
    return {
        "app.py": _filled("minimal.py", values),
        "template.yaml": _filled("minimal.yaml", {**values, **table}),
        "requirements.txt": _filled("requirements.txt", values),
    }


def cdk_files(project: Project) -> dict[str, str]:
    """The files of a CDK app that deploys a project.

    Args:
        project: The project.
    """
    values = project.values()
    runtime, machine = values["runtime"], values["architecture"]
    attribute = "dynamodb.Attribute(name={}, type=dynamodb.AttributeType.STRING)"
    partition, *sort = map(quoted, project.entity.keys)
    values |= {
        "cdk_runtime": runtime.replace("python", "PYTHON_").replace(".", "_"),
        "cdk_architecture": machine.replace("arm64", "ARM_64").upper(),
        "wheel_architecture": machine.replace("arm64", "aarch64"),
        "partition_key": partition,
        "sort_key": "".join(f"{' ' * 12}sort_key={attribute.format(each)},\n" for each in sort),
    }
    return {
        "cdk.json": _filled("cdk.json", values),
        "infrastructure/app.py": _filled("cdk.py", values),
        "infrastructure/requirements.txt": _filled("cdk-requirements.txt", values),
        FILTERS[0]: filters_text(_filters(project.entity, Routes.on)),
    }


def terraform_files(project: Project) -> dict[str, str]:
    """The files of a Terraform module that deploys a project.

    Args:
        project: The project.
    """
    partition, *sort = map(quoted, project.entity.keys)
    block = '  attribute {{\n    name = {}\n    type = "S"\n  }}\n'
    values = project.values() | {
        "partition_key": partition,
        "sort_key": "".join(f"  range_key        = {each}\n" for each in sort),
        "attributes": "\n".join(map(block.format, (partition, *sort))),
    }
    return {
        "terraform/main.tf": _filled("terraform.tf", values),
        FILTERS[1]: filters_text(_filters(project.entity, Routes.on)),
    }


def filters_text(found: Filters) -> str:
    """What ``router filters --json`` prints.

    Args:
        found: The filters.
    """
    return f"{json.dumps(filters_document(found), indent=2)}\n"


def _filled(name: str, values: Mapping[str, str]) -> str:
    return _Text(_TEMPLATES.joinpath(f"{name}.txt").read_text(encoding="utf-8")).substitute(values)


def _table_values(entity: Entity) -> dict[str, str]:
    schema, definitions = _schema(entity.keys)
    return {
        "attribute_definitions": "\n".join(f"        - {each}" for each in definitions),
        "key_schema": "\n".join(f"        - {each}" for each in schema),
        "filters": "\n".join(block_lines(_criteria(entity, Routes.on), 12, 2)),
    }


def _schema(keys: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The KeySchema and the AttributeDefinitions of a table, each as YAML in flow style."""
    texts = [
        key if re.fullmatch(r"[A-Za-z_]\w+", key) and key.lower() not in _YAML_WORDS else quoted(key) for key in keys
    ]
    kinds = zip(texts, ("HASH", "RANGE"), strict=False)
    schema = [f"{{ AttributeName: {text}, KeyType: {kind} }}" for text, kind in kinds]
    return schema, [f"{{ AttributeName: {text}, AttributeType: S }}" for text in texts]


def _criteria(entity: Entity, *decorators: Callable[..., Any]) -> dict[str, Any]:
    """The filter criteria of routes for an entity; no fallback and no policy forbids them."""
    criteria = _filters(entity, *decorators).criteria
    return {} if criteria is None else criteria


def _filters(entity: Entity, *decorators: Callable[..., Any]) -> Filters:
    routes = Routes()

    def handler(change: Change[dict[str, Any]]) -> None: ...

    for decorator in decorators:
        decorator(routes, dict[str, Any], entity=entity.names.entity)(handler)
    return filters_of(Dispatcher(routes, discriminator=entity.rule), keys=list(entity.keys), limit=MOST_FILTERS)
