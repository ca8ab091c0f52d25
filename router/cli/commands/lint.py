"""``router lint``: what of the template and the app loses or duplicates data."""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict

import typer

from router.app import Dispatcher
from router.cli.app_loader import here, load_app
from router.cli.console import Page
from router.cli.errors import CommandLineError
from router.cli.options import FunctionOption, HandlerAppOption, JsonOption, TemplateOption
from router.errors import RouterError
from router.local.cloudformation.resources import MappedStream, Stack, TemplateError
from router.local.lint import (
    NOT_JUDGED,
    RULES,
    Deployment,
    Finding,
    Handler,
    LintReport,
    find_handler,
    mapped_streams,
)
from router.local.lint import lint as judge

__all__ = ["FindingDocument", "LintDocument", "lint"]

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_METADATA = "router"
_LONGEST = 900  # seconds, which no function outlasts


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
    app: str | None  # null: the handler leads to none
    findings: list[FindingDocument]
    ignored: int


PerRecordOption = Annotated[
    float, typer.Option(metavar="SECONDS", help="How long a record may take, to judge the time-out by.")
]
IgnoreOption = Annotated[list[str] | None, typer.Option(metavar="ID", help="Leave out what a rule finds; repeat.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Fail for warnings too.")]
RulesOption = Annotated[bool, typer.Option("--rules", help="List the rules and exit.")]


@dataclass(frozen=True)
class _Judged:
    """What was judged, and what was found."""

    template: Path
    function: str
    app: str | None
    report: LintReport


def lint(
    template: TemplateOption = Path("template.yaml"),
    function: FunctionOption = None,
    app: HandlerAppOption = None,
    per_record: PerRecordOption = 0.05,
    ignore: IgnoreOption = None,
    strict: StrictOption = False,
    rules: RulesOption = False,
    as_json: JsonOption = False,
) -> int:
    """Read the template and the app together, and tell what would lose or duplicate data.

    Nothing is deployed or called; the app is imported. Parameters have their defaults, and what only a deployment knows
    is not judged: a note says so. A rule is silenced with --ignore, or for good in the template, in the Metadata of the
    function, of its mapping or of its table: Metadata: {router: {ignore: [ID]}}.

    With --json, one document: template, function, app, findings (id, severity, file, line, why, instead, page), and
    ignored, a number.

    The exit code is 1 if there are errors, with --strict if there are warnings.
    """
    if rules:
        _list_rules(as_json=as_json)
        return 0
    try:
        _check(per_record)
        _check_ids(ignore or (), "--ignore")
        judged = _judge(Stack(template), function, app, per_record, ignore or ())
    except RouterError as error:
        raise CommandLineError(str(error)) from None
    if as_json:
        print(json.dumps(_document(judged), indent=2))
    else:
        _show(judged)
    return int(judged.report.count("error") > 0 or (strict and judged.report.count("warning") > 0))


def _check(per_record: float) -> None:
    if not 0 <= per_record <= _LONGEST:
        msg = f"found {per_record:g} for --per-record, expected seconds, 0 to {_LONGEST}"
        raise CommandLineError(msg)


def _judge(stack: Stack, function: str | None, app: str | None, per_record: float, ignore: Sequence[str]) -> _Judged:
    mapped = mapped_streams(stack, function)
    section = stack.resources.get(mapped[0].function)
    values: Mapping[str, Any] = section.values if section else {}
    written = values.get("Handler")
    place = stack.place(section.line_of("Handler") if section else mapped[0].said.line)
    variables = stack.environment(section) if section else {}
    with _as_in_lambda(variables, values.get("CodeUri"), stack.path.parent):
        handler = find_handler(written if isinstance(written, str) else None, place)
        name, loaded = _app(handler, app, mapped[0].function, stack.path)
        reports = [
            judge(Deployment(stack, each, handler, loaded, per_record), {*ignore, *_ignored(stack, each)})
            for each in mapped
        ]
    findings = dict.fromkeys(finding for report in reports for finding in report.findings)
    ordered = sorted(findings, key=lambda finding: list(_STYLES).index(finding.severity))
    report = LintReport(tuple(ordered), sum(report.ignored for report in reports))
    return _Judged(stack.path, mapped[0].function, name, report)


def _app(handler: Handler, app: str | None, function: str, path: Path) -> tuple[str | None, Dispatcher | None]:
    """The app that was given, or that the handler is; none where it leads nowhere, which a rule finds."""
    if app is not None:
        return app, load_app(app)
    if handler.written is None:
        msg = f"found no Handler of {function} in {path}; name the Dispatcher with --app"
        raise CommandLineError(msg)
    if handler.app is None or (handler.problem is not None and not handler.problem.startswith("importing")):
        return None, None
    return handler.app, load_app(handler.app)


@contextmanager
def _as_in_lambda(variables: Mapping[str, Any], code: Any, folder: Path) -> Iterator[None]:
    """Let the app be imported where its code is, with the variables that the template gives it."""
    before, paths = dict(os.environ), list(sys.path)
    sys.path.insert(0, str(Path.cwd()))
    if isinstance(code, str) and (folder / code).is_dir():
        sys.path.insert(1, str((folder / code).resolve()))
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
    """A variable's value, or what stands for one that only a deployment knows."""
    return str(value).lower() if isinstance(value, bool) else str(getattr(value, "written", value))


def _ignored(stack: Stack, mapped: MappedStream) -> Iterator[str]:
    """What the metadata of the function, of the mapping and of the table ignore."""
    table = stack.resources.get(getattr(mapped.stream, "logical_id", ""))
    for section in (stack.resources.get(mapped.function), mapped.said, table):
        said = section.metadata.get(_METADATA) if section is not None else None
        ids = said.get("ignore") if isinstance(said, Mapping) else None
        if section is not None and ids is not None:
            ids = [str(each) for each in ids] if isinstance(ids, list) else [str(ids)]
            _check_ids(ids, f"{stack.place(section.line)}: Metadata.router.ignore")
            yield from ids


def _check_ids(ids: Sequence[str], where: str) -> None:
    known = [*(rule.id for rule in RULES), NOT_JUDGED]
    for each in ids:
        if each not in known:
            near = difflib.get_close_matches(str(each), known, n=1)
            hint = f"did you mean {near[0]}?" if near else "router lint --rules lists them"
            msg = f"{where}: found no rule {each!r}; {hint}"
            raise TemplateError(msg)


def _document(judged: _Judged) -> LintDocument:
    return {
        "template": str(judged.template),
        "function": judged.function,
        "app": judged.app,
        "findings": [_finding(finding) for finding in judged.report.findings],
        "ignored": judged.report.ignored,
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


def _show(judged: _Judged) -> None:
    page = Page()
    for finding in judged.report.findings:
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
    page.line((_summary(judged), "bold"))


def _summary(judged: _Judged) -> str:
    report = judged.report
    counts = [_count(report.count(severity), severity) for severity in ("error", "warning", "note")]
    found = ", ".join(filter(None, counts)) or f"nothing to mend by {len(RULES)} rules"
    ignored = f", {report.ignored} ignored" if report.ignored else ""
    return f"{judged.template}, function {judged.function}, {judged.app or 'no app'}: {found}{ignored}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""


def _list_rules(*, as_json: bool) -> None:
    if as_json:
        print(json.dumps([{"id": r.id, "severity": r.severity, "summary": r.summary, "page": r.page} for r in RULES]))
        return
    Page().rows([[(rule.id, "bold"), (rule.severity, _STYLES[rule.severity]), rule.summary] for rule in RULES])
