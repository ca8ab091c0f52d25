"""``router.local.engines.embedded``: the process of the embedded engine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from router.local.engines.embedded import Embedded
from router.local.engines.install import EngineMissingError
from router.local.engines.process import EngineStartError
from tests.local.engines.conftest import answers
from tests.waiting import becomes


class TestEmbedded:
    def test_it_listens_on_the_loopback_interface_only(self) -> None:
        """It listens on 127.0.0.1 and on no other address."""
        with Embedded() as engine:
            port = int(engine.endpoint_url.rpartition(":")[2])
            with socket.socket() as probe:
                probe.settimeout(1)
                assert probe.connect_ex(("127.0.0.2", port)) != 0

    def test_it_ends_with_its_block(self) -> None:
        """After the block nothing listens on its port."""
        with Embedded() as engine:
            assert engine.client("dynamodb").list_tables()["TableNames"] == []
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(engine.endpoint_url.rpartition(":")[2]))) != 0

    def test_it_ends_when_its_owner_is_killed(self) -> None:
        """It ends even if SIGKILL ends its owner."""
        code = (
            "import time; from router.local.engines.embedded import Embedded\n"
            "with Embedded() as engine: print(engine.endpoint_url, flush=True); time.sleep(60)"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
            assert owner.stdout is not None
            url = owner.stdout.readline().strip()
            os.kill(owner.pid, signal.SIGKILL)
        assert becomes(lambda: not answers(url))

    def test_a_taken_port_is_refused(self) -> None:
        """If another program listens on the port, the engine is not started."""
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            port = stranger.getsockname()[1]
            with pytest.raises(EngineStartError, match=f"port {port} is taken"), Embedded(port):
                pass

    def test_without_its_extra_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The message names the missing package and the extra that installs it."""
        monkeypatch.setitem(sys.modules, "ministack", None)
        with pytest.raises(EngineMissingError) as caught, Embedded():
            pass
        assert str(caught.value) == (
            f"found no ministack in {sys.prefix}, which the embedded engine needs; pip install 'entity-router[local]'"
        )

    def test_one_that_does_not_start_is_an_error_with_its_output(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The error holds its exit status."""
        monkeypatch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(EngineStartError, match="the embedded engine ended with status 1"), Embedded():
            pass
