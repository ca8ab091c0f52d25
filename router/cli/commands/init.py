"""``router init``: a new project."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from router.cli.console import Page
from router.cli.errors import CommandLineError
from router.cli.project.entity import Entity
from router.cli.project.files import Project, cdk_files, minimal_files, project_files, terraform_files
from router.cli.project.names import discriminator_code, entity_names, keys_of_text, project_name
from router.cli.project.writing import check_folder, show_written, write_new
from router.cli.stop_request import stop_request

__all__ = ["init"]

FolderArgument = Annotated[Path, typer.Argument(metavar="[FOLDER]", help="The project's folder.", show_default=False)]
NameOption = Annotated[str | None, typer.Option(metavar="NAME", help="The project's name; else the folder's.")]
EntityOption = Annotated[str | None, typer.Option(metavar="NAME", help="The first entity; else Order.")]
KeyOption = Annotated[str | None, typer.Option(metavar="NAMES", help="The table's key attributes; else pk,sk.")]
RuleOption = Annotated[
    str | None,
    typer.Option("--discriminator", metavar="NAME", help="The attribute that names the entity, or a preset."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: defaults for all that is not given.")]
CdkOption = Annotated[bool, typer.Option("--cdk", help="Add a CDK app in Python.")]
TerraformOption = Annotated[bool, typer.Option("--terraform", help="Add a Terraform module.")]
MinimalOption = Annotated[bool, typer.Option("--minimal", help="One module and a short template.")]


def init(
    folder: FolderArgument = Path(),
    name: NameOption = None,
    entity: EntityOption = None,
    key: KeyOption = None,
    discriminator: RuleOption = None,
    yes: YesOption = False,
    minimal: MinimalOption = False,
    cdk: CdkOption = False,
    terraform: TerraformOption = False,
) -> int:
    """Make a project: a model, its handlers, a test with a recorded event, and a template for AWS SAM.

    The command asks for what no option gives: the project's name, the names of the table's key attributes, the
    attribute that names an item's entity - or a preset of router.discriminators, such as ELECTRODB -, and the first
    entity. --yes takes the defaults. Files that exist stay as they are.

    --minimal makes app.py, template.yaml and requirements.txt only. --cdk adds an app of AWS CDK in infrastructure/,
    --terraform a module in terraform/: they deploy what template.yaml describes, which the other commands still read.
    """
    if minimal and (cdk or terraform):
        msg = f"found --minimal with {'--cdk' if cdk else '--terraform'}, expected one of them"
        raise CommandLineError(msg)
    check_folder(folder)
    project = _project(folder, (name, key, discriminator, entity), ask=not yes)
    files = minimal_files(project) if minimal else project_files(project)
    files |= (cdk_files(project) if cdk else {}) | (terraform_files(project) if terraform else {})
    written = write_new(folder, files)
    page = Page()
    show_written(page, folder, written)
    if not all(written.values()):
        page.line("note: files that exist are kept as they are; what is missing in them is not added")
    page.line()
    for command in _next_steps(folder, minimal=minimal, cdk=cdk, terraform=terraform):
        page.whole(command, indent=2)
    return 0


def _project(folder: Path, given: tuple[str | None, ...], *, ask: bool) -> Project:
    name, key, discriminator, entity = given
    default = re.sub(r"[^A-Za-z0-9]+", "-", folder.resolve().name).strip("-") or "app"
    name = project_name(_answer("The project's name", name, default, ask=ask))
    keys = keys_of_text(_answer("The table's key attributes", key, "pk,sk", ask=ask))
    text = _answer("The attribute that names an item's entity, or a preset", discriminator, "EntityType", ask=ask)
    rule, code = discriminator_code(text)
    first = Entity(entity_names(_answer("The first entity", entity, "Order", ask=ask)), keys, rule)
    first.check()
    return Project(name, first, code)


def _answer(question: str, given: str | None, default: str, *, ask: bool) -> str:
    if given is not None or not ask:
        return default if given is None else given
    try:
        return str(typer.prompt(question, default=default, err=True))
    except (typer.Abort, RuntimeError, UnicodeDecodeError):  # RuntimeError: the shell has closed standard input, <&-
        with stop_request() as stop:
            if stop.requested:  # Ctrl-C is an Abort, too
                raise
        msg = f"found no answer to {question!r}, expected one; --yes takes the defaults"
        raise CommandLineError(msg) from None


def _next_steps(folder: Path, *, minimal: bool, cdk: bool, terraform: bool) -> Iterator[str]:
    if folder != Path():
        yield f"cd {shlex.quote(str(folder))}"
    if not minimal:
        yield "pytest"
    yield "router dev"
    yield "router lint"
    if cdk:
        yield "pip install -r infrastructure/requirements.txt && npx aws-cdk deploy"
    if terraform:
        yield "sam build && terraform -chdir=terraform init && terraform -chdir=terraform apply"
    if not cdk and not terraform:
        yield "sam build && sam deploy --guided --capabilities CAPABILITY_IAM"
