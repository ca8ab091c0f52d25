"""The code of a function on this machine, and the handler in it.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.local.cloudformation.intrinsics import Unknown
from router.local.cloudformation.resources import SAM_FUNCTION, Declaration, TemplateFile

__all__ = ["FunctionCode", "app_of_handler", "code_of"]

_LAYERS = {"AWS::Serverless::LayerVersion": "ContentUri", "AWS::Lambda::LayerVersion": "Content"}
_ASSET = "aws:asset:path"  # CDK writes it into the metadata of functions and layers
_INLINE = "the code is in the template"
_IMAGE = "the code is a container image"
_HANDLER = re.compile(r"[A-Za-z_][\w./]*\.[A-Za-z_]\w*")
_VARIABLES = ("Environment", "Variables")


@dataclass(frozen=True)
class FunctionCode:
    """The code of a function.

    Args:
        folders: The folders of the code and of the template's layers, as Python searches them in Lambda.
        written: The handler of the app in the template's form; ``None`` if the template does not name it.
        keys: The property that holds it, as the path of :meth:`~.resources.Declaration.line_of`.
        unknown: Why the template does not determine the handler's module; ``None`` if it does.
        has_handler: Whether the template names a handler, of any language.
    """

    folders: tuple[Path, ...]
    written: str | None
    keys: tuple[str, ...] = ("Handler",)
    unknown: str | None = None
    has_handler: bool = True

    @property
    def app(self) -> str | None:
        """The handler in the form of ``--app``; ``None`` if there is none, or it is not of Python."""
        return app_of_handler(self.written)


def app_of_handler(handler: str | None) -> str | None:
    """The name of a handler's object in the form of ``--app``; ``None`` if the handler names no module.

    Args:
        handler: ``package/module.attribute`` or ``package.module.attribute``: Lambda accepts both.

    Example:
        >>> app_of_handler("src/shop.app")
        'src.shop:app'
    """
    module, _, attribute = (handler or "").rpartition(".")
    return f"{module.replace('/', '.')}:{attribute}" if module else None


def code_of(template: TemplateFile, function: Declaration | None) -> FunctionCode:
    """Find the code of a function.

    Args:
        template: The template.
        function: The function; ``None`` if it is no resource of the template.
    """
    if function is None:
        return FunctionCode((), None, has_handler=False)
    source = _source(template, function)
    code = (source,) if isinstance(source, Path) else ()
    layers = list(_layers(template, function))
    folders = (*code, *(layer for layer in layers if layer is not None))
    written, keys = _written(function)
    named = next(_named_by_variable(template, function), None)
    if named and not (isinstance(written, str) and _holds(folders, written)):
        return FunctionCode(folders, *named, unknown=None if code else str(source))
    runtime = function.values.get("Runtime")
    unknown = None if code else str(source)
    if written is None and _is_image(function):
        unknown = _IMAGE
    elif isinstance(written, Unknown):
        unknown = f"{keys[0]} is {written.written}"
    elif isinstance(runtime, str) and not runtime.startswith("python"):
        written, unknown = None, f"Runtime is {runtime}"
    elif source == _INLINE:
        written = None
    elif _is_made(function) and isinstance(written, str) and not _holds(folders, written):
        unknown = "BuildMethod is makefile, so a Makefile decides where the code is"
    elif None in layers and isinstance(written, str) and not _holds(folders, written):
        unknown = f"{written} may be in a layer that is not in this template"
    has_handler = "Handler" in function.values
    return FunctionCode(folders, written if isinstance(written, str) else None, keys, unknown, has_handler)


def _written(function: Declaration) -> tuple[Any, tuple[str, ...]]:
    """The handler, or the command of a container image, and the property that holds it."""
    if "Handler" in function.values:
        return function.values["Handler"], ("Handler",)
    config = function.values.get("ImageConfig")
    command = config.get("Command") if isinstance(config, Mapping) else None
    if isinstance(command, Unknown) or (isinstance(command, list) and command):
        return command if isinstance(command, Unknown) else command[-1], ("ImageConfig", "Command")
    return None, ("Handler",)


def _named_by_variable(template: TemplateFile, function: Declaration) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Handlers that environment variables name: layers that wrap the app take its name there.

    Datadog's is DD_LAMBDA_HANDLER, New Relic's NEW_RELIC_LAMBDA_HANDLER, Sentry's SENTRY_INITIAL_HANDLER, and so on.
    """
    for name, value in template.environment(function).items():
        if name.endswith("HANDLER") and isinstance(value, str) and _HANDLER.fullmatch(value):
            yield value, (*_VARIABLES, name)


def _source(template: TemplateFile, function: Declaration) -> Path | str:
    """The folder of the code, or why there is none."""
    values = function.values
    if _is_image(function):
        context = function.metadata.get("DockerContext") or values.get("CodeUri")
        return _folder(template, context, "DockerContext") if context else _IMAGE
    if "InlineCode" in values:
        return _INLINE
    if function.type == SAM_FUNCTION:
        made = function.metadata.get("WorkingDirectory") if _is_made(function) else None
        return _folder(template, made or function.metadata.get(_ASSET) or values.get("CodeUri", "."), "CodeUri")
    code = values.get("Code")
    if _ASSET in function.metadata or isinstance(code, str):
        return _folder(template, function.metadata.get(_ASSET) or code, "Code")
    if isinstance(code, Mapping) and "ZipFile" in code:
        return _INLINE
    return _folder(template, "." if code is None else code, "Code")


def _is_image(function: Declaration) -> bool:
    values = function.values
    code = values.get("Code")
    in_code = isinstance(code, Mapping) and "ImageUri" in code
    return values.get("PackageType") == "Image" or "ImageUri" in values or in_code


def _is_made(function: Declaration) -> bool:
    return function.metadata.get("BuildMethod") == "makefile"


def _folder(template: TemplateFile, location: Any, name: str) -> Path | str:
    if isinstance(location, Unknown):
        return f"{name} is {location.written}"
    if not isinstance(location, str) or "://" in location:
        return f"{name} is in S3" if not isinstance(location, str) else f"{name} is {location}"
    folder = (template.path.parent / location).resolve()
    folder = folder.parent if folder.suffix == ".py" and folder.is_file() else folder
    return folder if folder.is_dir() else f"{name} is {location}, which is no folder here"


def _layers(template: TemplateFile, function: Declaration) -> Iterator[Path | None]:
    """The folders of the layers; ``None`` for one that is not on this machine."""
    layers = function.values.get("Layers")
    for layer in layers if isinstance(layers, list) else [None] if layers else ():
        declared = template.resources.get(layer) if isinstance(layer, str) else None
        if declared is None or declared.type not in _LAYERS:
            yield None
            continue
        location = declared.metadata.get(_ASSET) or declared.values.get(_LAYERS[declared.type])
        folder = _folder(template, location, declared.name)
        if isinstance(folder, Path):
            yield folder / "python" if (folder / "python").is_dir() else folder
        else:
            yield None


def _holds(folders: tuple[Path, ...], written: str) -> bool:
    """Whether the first part of a handler's module is in one of the folders."""
    first = re.split(r"[./]", written)[0]
    return bool(first) and any(
        (folder / first).is_dir() or (folder / f"{first}.py").is_file() for folder in (*folders, Path.cwd())
    )
