"""``router.local.cloudformation.code``: the folders of a function's code, and the app's handler."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from router.local.cloudformation.code import FunctionCode, code_of
from router.local.cloudformation.resources import TemplateFile

Code = Callable[..., FunctionCode]

SAM = "AWS::Serverless::Function"


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Code:
    """The code of a function in infra/template.yaml; the app is in src/handlers.py, and the command runs elsewhere."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "handlers.py").touch()
    (tmp_path / "shared" / "python").mkdir(parents=True)
    (tmp_path / "infra").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def of(properties: str, kind: str = SAM, more: str = "", before: str = "") -> FunctionCode:
        path = tmp_path / "infra" / "template.yaml"
        path.write_text(
            f"{before}\nResources:\n  Fn:\n    Type: {kind}\n    Properties: {{{properties}}}\n{more}", encoding="utf-8"
        )
        template = TemplateFile(path)
        return code_of(template, template.resources["Fn"])

    return of


@pytest.mark.parametrize(
    ("properties", "kind", "more", "before"),
    [
        ("CodeUri: ../src/", SAM, "", ""),
        ("", SAM, "", "Globals: {Function: {CodeUri: ../src}}"),
        ("CodeUri: !Ref Code", SAM, "", "Parameters: {Code: {Type: String, Default: ../src}}"),
        ("CodeUri: !Sub '../${Code}'", SAM, "", "Parameters: {Code: {Type: String, Default: src}}"),
        ("CodeUri: s3://bucket/key", SAM, "    Metadata: {'aws:asset:path': ../src}\n", ""),
        ("Code: ../src", "AWS::Lambda::Function", "", ""),
        ("Code: {S3Bucket: b, S3Key: k}", "AWS::Lambda::Function", "    Metadata: {'aws:asset:path': ../src}\n", ""),
        ("PackageType: Image", SAM, "    Metadata: {DockerContext: ../src}\n", ""),
        ("CodeUri: x", SAM, "    Metadata: {BuildMethod: makefile, WorkingDirectory: ../src}\n", ""),
    ],
)
def test_the_code_is_in_a_folder_beside_the_template(
    code: Code, tmp_path: Path, properties: str, kind: str, more: str, before: str
) -> None:
    """The current folder has no part in it."""
    found = code(f"Handler: handlers.app, {properties}", kind, more, before)
    assert (found.folders, found.app, found.unknown) == ((tmp_path / "src",), "handlers:app", None)


@pytest.mark.parametrize(
    ("properties", "kind", "unknown"),
    [
        ("CodeUri: s3://bucket/key", SAM, "CodeUri is s3://bucket/key"),
        ("CodeUri: {Bucket: b, Key: k}", SAM, "CodeUri is in S3"),
        ("CodeUri: !ImportValue code", SAM, "CodeUri is !ImportValue"),
        ("CodeUri: build/", SAM, "CodeUri is build/, which is no folder here"),
        ("Code: {S3Bucket: b, S3Key: k}", "AWS::Lambda::Function", "Code is in S3"),
        ("Layers: [!Ref LayerArn]", SAM, "handlers.app may be in a layer that is not in this template"),
    ],
)
def test_code_that_is_not_here_is_unknown(code: Code, properties: str, kind: str, unknown: str) -> None:
    """The handler has a name nevertheless."""
    found = code(f"Handler: handlers.app, {properties}", kind)
    assert (found.written, found.unknown) == ("handlers.app", unknown)


@pytest.mark.parametrize(
    ("properties", "kind", "unknown"),
    [
        ("Handler: index.handler, Runtime: nodejs22.x", SAM, "Runtime is nodejs22.x"),
        ("Handler: index.handler, Code: {ZipFile: 'x'}", "AWS::Lambda::Function", "the code is in the template"),
        ("Handler: index.handler, InlineCode: 'x'", SAM, "the code is in the template"),
        ("PackageType: Image, ImageUri: x", SAM, "the code is a container image"),
        ("Code: {ImageUri: x}", "AWS::Lambda::Function", "the code is a container image"),
        ("Handler: !ImportValue handler", SAM, "Handler is !ImportValue"),
    ],
)
def test_a_function_may_have_no_handler_to_import(code: Code, properties: str, kind: str, unknown: str) -> None:
    """It is of another language, in the template itself or in an image."""
    found = code(properties, kind)
    assert (found.written, found.unknown) == (None, unknown)


def test_the_command_of_an_image_is_its_handler(code: Code) -> None:
    """It stands behind the entry point."""
    found = code("PackageType: Image, ImageConfig: {Command: [handlers.app]}")
    assert (found.app, found.keys) == ("handlers:app", ("ImageConfig", "Command"))


@pytest.mark.parametrize(
    ("handler", "variable"),
    [
        ("datadog_lambda.handler.handler", "DD_LAMBDA_HANDLER"),
        ("newrelic_lambda_wrapper.handler", "NEW_RELIC_LAMBDA_HANDLER"),
        ("/opt/python/lumigo_tracer._handler", "LUMIGO_ORIGINAL_HANDLER"),
        ("sentry_sdk.integrations.init_serverless_sdk.sentry_lambda_handler", "SENTRY_INITIAL_HANDLER"),
        ("a_wrapper_of_tomorrow.handler", "TOMORROWS_HANDLER"),
    ],
)
def test_a_wrapper_of_a_layer_takes_the_app_from_a_variable(code: Code, handler: str, variable: str) -> None:
    """So the app is the one that the variable names."""
    layer = "Layers: ['arn:aws:lambda:eu-west-1:464622532012:layer:Wrapper:1']"
    found = code(
        f"Handler: {handler}, CodeUri: ../src, {layer}, Environment: {{Variables: {{{variable}: handlers.app}}}}"
    )
    assert (found.app, found.unknown) == ("handlers:app", None)
    assert found.keys == ("Environment", "Variables", variable)


def test_a_variable_that_names_another_function_is_no_app(code: Code) -> None:
    """The code has the Handler's module."""
    found = code("Handler: handlers.app, CodeUri: ../src, Environment: {Variables: {ERROR_HANDLER: errors.report}}")
    assert found.app == "handlers:app"


def test_an_exec_wrapper_leaves_the_handler_as_it_is(code: Code) -> None:
    """As OpenTelemetry's does."""
    variables = "Environment: {Variables: {AWS_LAMBDA_EXEC_WRAPPER: /opt/otel-instrument}}"
    assert code(f"Handler: handlers.app, CodeUri: ../src, {variables}").app == "handlers:app"


def test_a_layer_of_the_template_is_searched_after_the_code(code: Code, tmp_path: Path) -> None:
    """Lambda adds its folder python to the path; those of Globals come first."""
    more = "  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: ../shared}}\n"
    before = "Globals: {Function: {Layers: [!Ref Shared]}}"
    found = code("Handler: handlers.app, CodeUri: ../src, Layers: []", more=more, before=before)
    assert found.folders == (tmp_path / "src", tmp_path / "shared" / "python")
