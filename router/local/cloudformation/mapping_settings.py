"""The settings of a function's event source mapping in a template, as far as they have an effect on a local run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.local.cloudformation.code import code_of
from router.local.cloudformation.intrinsics import Unknown, first_unknown
from router.local.cloudformation.mappings import (
    DeclaredMapping,
    chosen_function,
    main_mapping,
    mapping_parameters,
    parameter_name,
    table_mappings,
)
from router.local.cloudformation.references import ACCOUNT
from router.local.cloudformation.resources import Declaration, TemplateError, TemplateFile
from router.local.event_source_mapping import MappingSettings, MappingSettingsError
from router.local.filter_patterns import FilterPatternError

__all__ = ["TemplateSettings", "checked_settings", "local_parameters", "template_settings"]

_WITHOUT_EFFECT = ("destination_config", "kms_key_arn", "metrics_config")
_NOT_IN_A_RUN = ("enabled", "starting_position")  # a run starts its mapping, and gives it all of its records


@dataclass(frozen=True)
class TemplateSettings:
    """The settings that a template gives to the mapping of a function.

    Args:
        source: The template and the function, for people.
        parameters: Values by AWS's names in snake case; a parameter that the template does not give is missing.
        view: The stream view type of the table, or ``None`` if the template does not determine it.
        unknown: A sentence for each parameter whose value is unknown before deployment.
    """

    source: str
    parameters: Mapping[str, Any]
    view: str | None = None
    unknown: tuple[str, ...] = ()


def template_settings(path: Path, function: str | None = None, app: str | None = None) -> TemplateSettings | None:
    """Read the settings of a function's mapping of a table's stream.

    Args:
        path: The template.
        function: The function's logical ID; ``None`` for the only one.
        app: The app, as ``module:attribute``. It chooses among several functions by their handlers.

    Returns:
        The settings; ``None`` without a function if no function of the template is under a table's stream.

    Raises:
        TemplateError: The file cannot be read, no function fits, or Lambda refuses the settings.

    Example:
        >>> template_settings(Path("template.yaml")).parameters["batch_size"]  # doctest: +SKIP
        100
    """
    template = TemplateFile(path)
    found: dict[str, list[DeclaredMapping]] = {}
    for mapping in table_mappings(template):
        found.setdefault(mapping.function, []).append(mapping)
    if not found and function is None:
        return None
    name = chosen_function(found, function or _with_handler(found, app, template), template)
    return _settings(name, main_mapping(found[name], template), template)


def _with_handler(functions: Mapping[str, object], app: str | None, template: TemplateFile) -> str | None:
    """The only one of several functions whose handler is the app."""
    with_it = [name for name in functions if code_of(template, template.resources.get(name)).app == app]
    return with_it[0] if len(functions) > 1 and len(with_it) == 1 else None


def _settings(function: str, mapping: DeclaredMapping, template: TemplateFile) -> TemplateSettings:
    given = {name: value for name, value in local_parameters(mapping).items() if name not in _NOT_IN_A_RUN}
    unknown = {name: found for name, value in given.items() if (found := first_unknown(value)) is not None}
    known = {name: value for name, value in given.items() if name not in unknown}
    checked_settings(known, mapping.declaration, template)
    return TemplateSettings(
        f"{template.path}, function {function}",
        known,
        _view(template.table_of(mapping.stream)),
        tuple(_without_value(name, found, mapping.declaration, template) for name, found in unknown.items()),
    )


def _view(table: Declaration | None) -> str | None:
    specification = table.values.get("StreamSpecification") if table else None
    view = specification.get("StreamViewType") if isinstance(specification, Mapping) else None
    return view if isinstance(view, str) else None


def _without_value(parameter: str, found: Unknown, where: Declaration, template: TemplateFile) -> str:
    key = next(key for key in where.values if parameter_name(key) == parameter)
    value = f"{found.written} as {key} of {where.name}"
    return (
        f"{template.place(where.line_of(key))}: found {value}, which is not known here; the setting has AWS's default"
    )


def local_parameters(mapping: DeclaredMapping) -> dict[str, Any]:
    """The parameters of a mapping by their names in snake case.

    A parameter without effect on a developer's machine has a stand-in for a value that is unknown before deployment.

    Args:
        mapping: The mapping.
    """
    return {name: _local(name, value) for name, value in mapping_parameters(mapping.settings).items()}


def _local(name: str, value: Any) -> Any:
    if name not in _WITHOUT_EFFECT or first_unknown(value) is None:
        return value
    return {"OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:{ACCOUNT}:unknown"}} if "destination" in name else None


def checked_settings(parameters: Mapping[str, Any], where: Declaration, template: TemplateFile) -> MappingSettings:
    """Make settings from the parameters of a template.

    Args:
        parameters: The parameters by their names in snake case.
        where: The declaration, for the error.
        template: The template, for the error.

    Raises:
        TemplateError: Lambda refuses the settings.
    """
    try:
        return MappingSettings.of(parameters)
    except (MappingSettingsError, FilterPatternError) as error:
        reason = error.explanation if isinstance(error, FilterPatternError) else error
        msg = f"{template.place(where.line)}: found settings of {where.name} that Lambda refuses: {reason}"
        raise TemplateError(msg) from None
