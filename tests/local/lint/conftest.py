"""The fixture that checks a deployment."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from router import (
    Dispatcher,
)
from router.local.cloudformation.mappings import stream_mappings
from router.local.cloudformation.resources import TemplateFile
from router.local.lint import Deployment, Finding, lint
from router.local.lint.handler_lookup import DeclaredHandler
from tests.local.lint.deployments import GOOD, Check, shop


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Check a template, the good one unless pairs of texts change it, with an app."""

    def of(
        *changes: tuple[str, str],
        app: Dispatcher | None = None,
        per_record: float = 0.05,
        ignored: Sequence[str] = (),
        handler: DeclaredHandler | None = None,
        more: str = "",
    ) -> list[Finding]:
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "template.yaml"
        path.write_text(text + more, encoding="utf-8")
        template = TemplateFile(path)
        (mapping,) = stream_mappings(template, None)
        app = shop() if app is None else app
        there = handler or DeclaredHandler("shop.app", f"{path}:13", found=app)
        return list(lint(Deployment(template, mapping, there, app, per_record), ignored).findings)

    return of
