"""Which settings a simulated event source mapping has: those of options, else of the template, else AWS's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.cli.app_source import TEMPLATE
from router.cli.errors import CommandLineError
from router.local.cloudformation.mapping_settings import template_settings
from router.local.cloudformation.resources import TemplateError
from router.local.event_source_mapping import MappingSettings, MappingSettingsError

__all__ = ["DEFAULTS", "MappingSource", "find_mapping"]


DEFAULTS = "defaults"
"""The source of settings that no template gives."""

_PARAMETERS = {"function_response_types": ["ReportBatchItemFailures"]}


@dataclass(frozen=True)
class MappingSource:
    """The settings that no option gives.

    Args:
        source: The template and its function; ``defaults`` for AWS's defaults with ``ReportBatchItemFailures``.
        parameters: Values by AWS's names in snake case.
        notes: A sentence for each setting that could not be read.
    """

    source: str
    parameters: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    def with_options(self, options: Mapping[str, Any]) -> MappingSettings:
        """Merge the values of a command line.

        Args:
            options: Values by AWS's names in snake case; ``None`` where the option is not given.

        Raises:
            MappingSettingsError: Lambda refuses the settings.
            CommandLineError: It refuses the values of the options beside those of the template.
        """
        given = {name: value for name, value in options.items() if value is not None}
        MappingSettings.of(given)
        try:
            return MappingSettings.of({**self.parameters, **given})
        except MappingSettingsError as error:
            msg = f"{error}; the options beside the settings of {self.source}; --template '' reads no template"
            raise CommandLineError(msg) from None


def find_mapping(template: str | None, function: str | None, app: str) -> MappingSource:
    """Read the settings of a command's mapping.

    Args:
        template: The value of ``--template``; without it, template.yaml is read if it exists; ``""`` reads none.
        function: The value of ``--function``.
        app: The app, as ``module:attribute``. It chooses among several functions by their handlers.

    Raises:
        TemplateError: The template that is named cannot be read, the function is not in it, or Lambda refuses the
            settings.
    """
    named = bool(template) or function is not None
    if template == "" or (not named and not TEMPLATE.exists()):
        return MappingSource(DEFAULTS, _PARAMETERS)
    try:
        found = template_settings(Path(template or TEMPLATE), function, app)
    except TemplateError as error:
        if named:
            raise
        return MappingSource(DEFAULTS, _PARAMETERS, (f"{error}; the mapping has AWS's defaults",))
    if found is None:
        return MappingSource(DEFAULTS, _PARAMETERS)
    return MappingSource(found.source, found.parameters, found.unknown)
