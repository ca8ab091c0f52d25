"""The files of a new project and of a new entity, made from ``templates/``."""

from __future__ import annotations

import json
import platform
import re
import string
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from router import Change, Dispatcher, Routes, __version__
from router.cli.errors import CommandLineError
from router.cli.json_output import filters_document
from router.cli.project.names import EntityNames, Field, call_lines, field_of, quoted
from router.discriminators import Discriminator
from router.local.cloudformation.yaml_text import block_lines, flow_text
from router.local.filter_criteria import MOST_FILTERS, Filters, filters_of
from router.testing.builders import event
from router.testing.items import key_attributes
from router.testing.recorded_events import story_stream

__all__ = [
    "FILTERS",
    "Entity",
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
_SAMPLES = ("status", "state", "phase", "title")  # one of them is no key and no discriminator
_YAML_WORDS = ("yes", "no", "on", "off", "true", "false", "null")
_RUNTIMES = ("python3.11", "python3.12", "python3.13", "python3.14")


class _Text(string.Template):
    delimiter = "%"  # `$` and `{}` are characters of templates and of Python


@dataclass(frozen=True)
class Entity:
    """An entity and the table that it is in.

    Args:
        names: Its names.
        keys: The table's key attributes.
        rule: The app's discriminator.
    """

    names: EntityNames
    keys: tuple[str, ...]
    rule: Discriminator

    @cached_property
    def attribute(self) -> Field | None:
        """The field that names the entity; ``None`` if the discriminator reads it from a key."""
        first = self.rule.attributes[:1]
        return None if not first or first[0] in self.keys else field_of(first[0])

    @cached_property
    def fields(self) -> list[Field]:
        """The fields of the keys."""
        return [field_of(key) for key in self.keys]

    @cached_property
    def sample(self) -> str:
        """The field whose change a handler waits for."""
        taken = {*self.keys, *(field.name for field in self.fields), *self.rule.attributes}
        return next(name for name in _SAMPLES if name not in taken)

    @cached_property
    def item(self) -> dict[str, Any]:
        """An item, as Python values."""
        named = {} if self.attribute is None else {self.attribute.attribute: self.names.entity}
        return {**named, **dict.fromkeys(self.keys, f"{self.names.entity}#1"), self.sample: "NEW"}

    @property
    def is_readable(self) -> bool:
        """Whether the discriminator reads the entity from the item."""
        found = self.rule.read({name: {"S": value} for name, value in self.item.items()})
        same = found == self.names.entity
        return same or (self.rule.folds and found is not None and found.casefold() == self.names.entity.casefold())

    def check(self) -> None:
        """Refuse names that do not go together.

        Raises:
            CommandLineError: Two attributes would be one field, or the discriminator does not read the entity.
        """
        fields = [field.name for field in (self.attribute, *self.fields) if field is not None]
        if len(set(fields)) < len(fields):
            msg = f"found the attributes {', '.join(self.item)}, of which two would be one field of the model"
            raise CommandLineError(msg)
        if not self.is_readable:
            msg = (
                f"found the discriminator {self.rule!r}, which does not read {self.names.entity!r} from an item of "
                f"{', '.join(self.item)}; expected an attribute that is no key, or a preset"
            )
            raise CommandLineError(msg)

    def event(self) -> dict[str, Any]:
        """The event of an item that is put, changed and deleted, as the generated test records it."""
        stream = story_stream(discriminator=self.rule, key=self.keys)
        stream.put(self.item)
        stream.update(self.item, **{self.sample: "DONE"})
        stream.delete(self.item)
        return event(*stream.records)

    @property
    def needs_key(self) -> bool:
        """Whether streams of tests have to be given the key, because they would guess another one."""
        image = {name: {"S": value} for name, value in self.item.items()}
        return tuple(key_attributes({}, image, None, self.rule)) != self.keys

    def values(self) -> dict[str, str]:
        """The values of the placeholders in the files of an entity."""
        entity = quoted(self.names.entity)
        lines = [] if self.attribute is None else self.attribute.lines(f"Literal[{entity}]", entity)
        lines += [line for field in self.fields for line in field.lines("str")]
        renamed = any(field.is_renamed for field in (self.attribute, *self.fields) if field is not None)
        if renamed:
            lines = ["model_config = ConfigDict(populate_by_name=True)", "", *lines]
        lines.append(f'{self.sample}: str = "NEW"')
        arguments = [f"{field.name}={quoted(self.item[field.attribute])}" for field in self.fields]
        by_class = self.attribute is not None or self.names.class_name == self.names.entity
        return {
            "class_name": self.names.class_name,
            "module": self.names.module,
            "sample": self.sample,
            "pydantic_names": "BaseModel, ConfigDict, Field" if renamed else "BaseModel",
            "literal": "" if self.attribute is None else "from typing import Literal\n\n",
            "named": "" if by_class else f", entity={entity}",
            "fields": "\n".join(f"    {line}" if line else "" for line in lines),
            "item": "\n".join(call_lines(f"ITEM = {self.names.class_name}", arguments, 0)),
        }


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
    entity, values = project.entity, project.values()
    preset = project.discriminator.startswith("discriminators.")
    is_default = project.discriminator == '"EntityType"'
    values["router_names"] = "Dispatcher, SqsParking, discriminators" if preset else "Dispatcher, SqsParking"
    values["discriminator"] = "" if is_default else f"    discriminator={project.discriminator},\n"
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
    entity, values = project.entity, project.values()
    preset = project.discriminator.startswith("discriminators.")
    is_default = project.discriminator == '"EntityType"'
    names = ["Dispatcher", "Insert", "Modify", "Routes", "changed", *(["discriminators"] if preset else [])]
    values["router_names"] = ", ".join(names)
    values["discriminator"] = "" if is_default else f", discriminator={project.discriminator}"
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
