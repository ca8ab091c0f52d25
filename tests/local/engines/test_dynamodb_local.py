"""``router.local.engines.dynamodb_local``: the real engine, which is skipped where it is not installed."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.engines.install import Installation
from router.local.engines.process import EngineStartError, free_port
from tests.local.engines.conftest import answers
from tests.waiting import becomes


class TestRealEngine:
    def test_a_broken_jar_is_an_error_with_javas_message(self, installation: Installation, jar: Path) -> None:
        """Java's message about an invalid jar is in the error."""
        with (
            pytest.raises(EngineStartError, match=f"Invalid or corrupt jarfile {re.escape(str(jar))}"),
            DynamoDBLocal(),
        ):
            pass

    def test_it_is_empty_and_ends_with_its_block(self, installation: Installation) -> None:
        """A new engine has no tables, and nothing listens on its port afterwards."""
        with DynamoDBLocal() as engine:
            assert engine.client("dynamodb").list_tables()["TableNames"] == []
            assert answers(engine.endpoint_url)
        assert not answers(engine.endpoint_url)

    def test_a_port_can_be_asked_for(self, installation: Installation) -> None:
        """A fixed port is used as it is."""
        port = free_port()
        with DynamoDBLocal(port) as engine:
            assert engine.endpoint_url == f"http://127.0.0.1:{port}"
            assert engine.client("dynamodbstreams").list_streams()["Streams"] == []

    def test_it_ends_when_the_block_raises(self, installation: Installation) -> None:
        """An error in the block is raised unchanged, and the engine ends."""
        engine = DynamoDBLocal()
        with pytest.raises(ZeroDivisionError), engine:
            raise ZeroDivisionError
        assert not answers(engine.endpoint_url)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
    def test_it_ends_with_its_owner(self, installation: Installation, number: signal.Signals) -> None:
        """Ctrl-C, a time-out's SIGTERM and even SIGKILL leave no engine behind."""
        program = (
            "import time; from router.local.engines.dynamodb_local import DynamoDBLocal\n"
            "with DynamoDBLocal() as engine: print(engine.endpoint_url, flush=True); time.sleep(60)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as owner:
            assert owner.stdout is not None
            url = owner.stdout.readline().strip()
            assert answers(url)
            owner.send_signal(number)
        assert becomes(lambda: not answers(url))

    def test_the_users_aws_settings_do_not_matter(
        self, dynamodb_local: DynamoDBLocal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The user's profile, credentials and proxy have no effect on the client."""
        monkeypatch.setenv("AWS_PROFILE", "there-is-no-such-profile")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        client = dynamodb_local.client("dynamodb")
        assert client.meta.region_name == "us-east-1"
        assert "TableNames" in client.list_tables()
