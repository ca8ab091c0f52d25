"""``router lint``: find settings of the template and the app that lose or duplicate data."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict

import typer

from router.app import Dispatcher
from router.cli.app_loader import here
from router.cli.app_source import AppSource, app_in_code
from router.cli.console import Page
from router.cli.errors import CommandLineError
from router.cli.json_output import print_json
from router.cli.options import FunctionOption, HandlerAppOption, JsonOption, TemplateOption
from router.local.cloudformation.code import FunctionCode, code_of
from router.local.cloudformation.mappings import DeclaredMapping, function_mappings
from router.local.cloudformation.resources import TemplateError, TemplateFile
from router.local.function_limits import LONGEST_TIMEOUT_ON_MANAGED_INSTANCES
from router.local.lint import (
    NOT_JUDGED,
    RULES,
    DeclaredHandler,
    Deployment,
    Finding,
    LintReport,
    find_handler,
)
from router.local.lint import lint as run_rules
from router.local.wording import counted

__all__ = ["FindingDocument", "LintDocument", "lint"]

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_METADATA = "router"


class FindingDocument(TypedDict):
    """One finding of ``router lint --json``."""

    id: str
    severity: str  # error, warning or note
    file: str
    line: int | None
    why: str
    instead: str | None
    page: str | None


class LintDocument(TypedDict):
    """What ``router lint --json`` prints."""

    template: str
    function: str
    app: str | None  # null: the template's Handler names no app
    findings: list[FindingDocument]
    ignored: int


PerRecordOption = Annotated[
    float, typer.Option(metavar="SECONDS", help="Longest time of a record, to check the time-out.")
]
IgnoreOption = Annotated[list[str] | None, typer.Option(metavar="ID", help="Ignore a rule's findings; repeat.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings and notes too.")]
RulesOption = Annotated[bool, typer.Option("--rules", help="List the rules and exit.")]


@dataclass(frozen=True)
class _Result:
    """The names of the linted parts, and the findings."""

    template: Path
    function: str
    app: str | None
    report: LintReport


def lint(
    template: TemplateOption[Path] = Path("template.yaml"),
    function: FunctionOption = None,
    app: HandlerAppOption = None,
    per_record: PerRecordOption = 0.05,
    ignore: IgnoreOption = None,
    strict: StrictOption = False,
    rules: RulesOption = False,
    as_json: JsonOption = False,
) -> int:
    """Read the template and the app together, and report settings that lose or duplicate data.

    Nothing is deployed or called; the app is imported. Parameters have their defaults; a note names each value that is
    unknown before deployment and therefore not checked. --ignore silences a rule once; Metadata of the function, of its
    mapping or of its table silences it in the template: Metadata: {router: {ignore: [ID]}}.

    With --json, one document: template, function, app, findings (id, severity, file, line, why, instead, page), and
    ignored, a number.

    The exit code is 1 if there are errors, with --strict if there are findings of any kind: also a rule that was not
    judged.
    """
    if rules:
        _list_rules(as_json=as_json)
        return 0
    _check_per_record(per_record)
    _check_ids(ignore or (), "--ignore")
    result = _lint(TemplateFile(template), function, app, per_record, ignore or ())
    if as_json:
        print_json(_document(result), indent=2)
    else:
        _show(result)
    return int(result.report.count("error") > 0 or (strict and bool(result.report.findings)))


def _check_per_record(seconds: float) -> None:
    longest = LONGEST_TIMEOUT_ON_MANAGED_INSTANCES
    if not 0 <= seconds <= longest:
        msg = f"found {seconds:g} for --per-record, expected seconds, 0 to {longest}"
        raise CommandLineError(msg)


def _lint(
    file: TemplateFile, function: str | None, app: str | None, per_record: float, ignore: Sequence[str]
) -> _Result:
    mappings = function_mappings(file, function)
    name = mappings[0].function
    declaration = file.resources.get(name)
    code = code_of(file, declaration)
    place = file.place(declaration.line_of(*code.keys) if declaration else mappings[0].declaration.line)
    with _as_in_lambda(file.environment(declaration) if declaration else {}, code):
        handler = find_handler(code.written, place, code.unknown)
        source = _app(handler, app, code, name, file)
        loaded = None if source is None else _loaded(source, handler)
        reports = [
            run_rules(Deployment(file, each, handler, loaded, per_record), {*ignore, *_ignored(file, each)})
            for each in mappings
        ]
    findings = dict.fromkeys(finding for report in reports for finding in report.findings)
    ordered = sorted(findings, key=lambda finding: list(_STYLES).index(finding.severity))
    report = LintReport(tuple(ordered), sum(report.ignored for report in reports))
    return _Result(file.path, name, None if source is None else source.name, report)


def _app(
    handler: DeclaredHandler, app: str | None, code: FunctionCode, function: str, file: TemplateFile
) -> AppSource | None:
    """The app of --app or of the Handler; none if the Handler names no app, which a rule reports."""
    if app is None and code.app is None and code.has_handler:
        return None
    source = app_in_code(app, code, function, file)
    missing = handler.unknown is not None or (handler.problem or "importing").partition(" ")[0] != "importing"
    return None if app is None and (handler.app is None or missing) else source


def _loaded(source: AppSource, handler: DeclaredHandler) -> Dispatcher:
    """The app; the handler's object if it is the same file's, imported as ``app`` and as ``src.app``."""
    app = source.load()
    (module, _, name), (other, _, found) = (each.partition(":") for each in (source.name, handler.app or ""))
    files = [getattr(sys.modules.get(each), "__file__", None) for each in (module, other)]
    same = name == found and files[0] is not None and files[0] == files[1]
    return handler.found if same and isinstance(handler.found, Dispatcher) else app


@contextmanager
def _as_in_lambda(variables: Mapping[str, Any], code: FunctionCode) -> Iterator[None]:
    """Set sys.path to the function's code and os.environ to the template's variables, as in Lambda."""
    before, paths = dict(os.environ), list(sys.path)
    sys.path[:0] = [*map(str, code.folders), str(Path.cwd())]
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    for name, value in variables.items():
        os.environ.setdefault(str(name), _as_text(value))
    try:
        yield
    finally:
        sys.path[:] = paths
        os.environ.clear()
        os.environ.update(before)


def _as_text(value: Any) -> str:
    """A variable's value; the intrinsic as text if the value is unknown before deployment."""
    return str(value).lower() if isinstance(value, bool) else str(getattr(value, "written", value))


def _ignored(file: TemplateFile, mapping: DeclaredMapping) -> Iterator[str]:
    """The rules that the metadata of the function, of the mapping and of the table ignore."""
    for declaration in (file.resources.get(mapping.function), mapping.declaration, file.table_of(mapping.stream)):
        metadata = declaration.metadata.get(_METADATA) if declaration is not None else None
        ids = metadata.get("ignore") if isinstance(metadata, Mapping) else None
        if declaration is not None and ids is not None:
            ids = [str(each) for each in ids] if isinstance(ids, list) else [str(ids)]
            _check_ids(ids, f"{file.place(declaration.line)}: Metadata.router.ignore")
            yield from ids


def _check_ids(ids: Sequence[str], where: str) -> None:
    known = [*(rule.id for rule in RULES), NOT_JUDGED]
    for each in ids:
        if each not in known:
            near = difflib.get_close_matches(str(each), known, n=1)
            hint = f"did you mean {near[0]}?" if near else "router lint --rules lists them"
            msg = f"{where}: found no rule {each!r}; {hint}"
            raise TemplateError(msg)


def _document(result: _Result) -> LintDocument:
    return {
        "template": str(result.template),
        "function": result.function,
        "app": result.app,
        "findings": [_finding(finding) for finding in result.report.findings],
        "ignored": result.report.ignored,
    }


def _finding(finding: Finding) -> FindingDocument:
    file, _, line = here(finding.place).rpartition(":")
    return {
        "id": finding.rule,
        "severity": finding.severity,
        "file": file or line,
        "line": int(line) if file else None,
        "why": finding.why,
        "instead": finding.instead or None,
        "page": finding.page or None,
    }


def _show(result: _Result) -> None:
    page = Page()
    for finding in result.report.findings:
        style = _STYLES[finding.severity]
        page.line((here(finding.place), "bold"), ": ", (finding.severity, style), f": {finding.rule}")
        page.line(finding.why, indent=2)
        if finding.instead:
            page.line(("instead:", "dim"), indent=2)
        for line in finding.instead.splitlines():
            page.whole(line, indent=6)
        if finding.page:
            page.line((finding.page, "dim"), indent=2)
        page.line("")
    page.line((_summary(result), "bold"))


def _summary(result: _Result) -> str:
    report = result.report
    counts = [(report.count(severity), severity) for severity in ("error", "warning", "note")]
    found = ", ".join(counted(*each) for each in counts if each[0]) or f"no findings ({len(RULES)} rules)"
    ignored = f", {report.ignored} ignored" if report.ignored else ""
    return f"{result.template}, function {result.function}, {result.app or 'no app'}: {found}{ignored}"


def _list_rules(*, as_json: bool) -> None:
    if as_json:
        print_json([{"id": r.id, "severity": r.severity, "summary": r.summary, "page": r.page} for r in RULES])
        return
    Page().rows([[(rule.id, "bold"), (rule.severity, _STYLES[rule.severity]), rule.summary] for rule in RULES])
