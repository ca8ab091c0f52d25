"""``router dev``, ``router put`` and ``router local``: sessions in a real terminal, with real puts."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from router.local.engines.embedded import Embedded
from router.local.engines.install import Installation
from tests.cli.tally import APP, TEMPLATE
from tests.local import conftest as engines
from tests.local.streams.faulty_proxy import CLOSED, CUT, faulty_proxy
from tests.waiting import becomes

installation = engines.installation  # of the real engine, which belongs to another folder

ROUTER = Path(sys.executable).with_name("router")


class Terminal:
    """A command in its own terminal, and its output."""

    def __init__(self, *argv: str) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [ROUTER, *argv],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            close_fds=True,
            env={**os.environ, "COLUMNS": "160"},
        )
        os.close(slave)
        self.text = ""

    def until(self, pattern: str, seconds: float = 60) -> str:
        """Read until the output matches; fail with the output after the time-out."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                pytest.fail(f"no {pattern!r} within {seconds} s in:\n{self.text}")
        return found[0]

    def _read(self, seconds: float) -> bool:
        ready = select.poll()
        ready.register(self.master, select.POLLIN)
        if not ready.poll(seconds * 1000):
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux raises it when the other side is closed
            return False
        self.text += re.sub(r"\x1b\[[0-9;]*m", "", data.decode()).replace("\r\n", "\n")
        return bool(data)

    def press_ctrl_c(self) -> None:
        """Interrupt the foreground process group, as a terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        while self._read(60):
            pass
        return self.process.wait(60)

    def close(self) -> None:
        """End the session, by force if need be: engines and functions end with it."""
        try:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGTERM)
                self.end()
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            os.close(self.master)


IN_WINDOWS = TEMPLATE.replace(
    "MaximumRetryAttempts: 1", "MaximumRetryAttempts: 5\n            TumblingWindowInSeconds: 2"
)
WINDOWED = """
from typing import Literal
from pydantic import BaseModel
from router import Dispatcher, Routes, Window

class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    total: int

class Totals(BaseModel):
    total: int = 0

routes = Routes()
calls = 0

@routes.on_window(Order, state=Totals)
def tally(window: Window[Order, Totals]) -> None:
    global calls
    calls += 1
    if calls == 2:
        raise TimeoutError
    window.state.total += sum(change.image.total for change in window.changes)
    print("over" if window.is_final else "open", window.state.total, flush=True)

app = Dispatcher(routes)
"""

Dev = Callable[..., tuple[Terminal, str]]


@pytest.fixture
def dev(project: Path) -> Iterator[Dev]:
    """Start ``router dev`` on a free port, and wait until it is ready; gives its address too."""
    terminals: list[Terminal] = []

    def start(*argv: str) -> tuple[Terminal, str]:
        terminal = Terminal("dev", *(() if "--endpoint-url" in argv else ("--port", "0")), *argv)
        terminals.append(terminal)
        url = terminal.until(r"at http://\S+").removeprefix("at ")
        terminal.until("Ctrl-C ends dev")
        return terminal, url

    yield start
    for terminal in terminals:
        terminal.close()


def put(url: str, **item: Any) -> None:
    """Put an item as any program does."""
    client = boto3.client(
        "dynamodb", endpoint_url=url, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    wire = {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in item.items()}
    client.put_item(TableName="Orders", Item={"EntityType": {"S": "Order"}, **wire})


def rewrite(path: Path, text: str) -> None:
    """Change a watched file in one step, as editors do."""
    new = path.parents[1] / f"{path.name}.new"
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def answers(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


class TestASession:
    def test_a_table_without_a_template(self, dev: Dev, project: Path) -> None:
        """Its name and key are enough; the hint of the session puts an item."""
        (project / "template.yaml").unlink()
        terminal, _ = dev("--table", "Orders", "--key", "id", "--app", "tallies:app")
        hint = terminal.until(r"put items with: [^\n]*").partition(": ")[2].split()
        argv = [{"ENTITY": "Order", "ITEM": '{"id": "o-1", "total": 5}'}.get(part, part) for part in hint[1:]]
        subprocess.run([ROUTER, *argv], check=True, capture_output=True)
        terminal.until(r"INSERT\s+Order\s+id=o-1\s+done\s+tallies.tally")

    def test_a_put_is_seen_without_a_batching_window(self, dev: Dev, project: Path) -> None:
        """With its time, event, entity, key, outcome, route and duration; the template's window is 300 seconds."""
        text = TEMPLATE.replace("WindowInSeconds: 5", "WindowInSeconds: 300")
        (project / "template.yaml").write_text(text, encoding="utf-8")
        terminal, url = dev()
        put(url, id="1001", total=5)
        line = terminal.until(r".*id=1001.*ms")
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  INSERT  Order +id=1001  done +tallies\.tally  \d+\.\d ms", line)

    def test_router_put_from_another_terminal(self, dev: Dev) -> None:
        """put prints entity, key and table, and the session prints the record."""
        terminal, url = dev()
        argv = [str(ROUTER), "put", "Order", "--json", '{"id": "7", "total": 1.0}', "--endpoint-url", url]
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, f"put Order id=7 into Orders at {url}\n"), done.stderr
        terminal.until("INSERT  Order +id=7 +done")

    def test_ctrl_c_leaves_nothing_behind(self, dev: Dev, project: Path) -> None:
        """No engine, no file; a summary, and the exit code of an interrupt."""
        before = sorted(project.rglob("*"))
        terminal, url = dev()
        put(url, id="1", total=1)
        terminal.until("id=1 +done")
        terminal.press_ctrl_c()
        assert terminal.end() == 130
        assert re.search(r"1 invocation: 1 done; 0 retries, .*0 reloads\n$", terminal.text)
        assert not answers(url)
        assert sorted(project.rglob("*")) == before

    def test_a_request_to_terminate_does_the_same(self, dev: Dev) -> None:
        """As of a supervisor, or of a terminal that is closed."""
        terminal, url = dev()
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 143
        assert not answers(url)

    def test_ctrl_c_interrupts_a_handler(self, dev: Dev, project: Path) -> None:
        """A handler that does not return is interrupted, and the session ends with its summary."""
        text = APP.replace('    print("tallied"', '    import time\n    print("tallied"').replace(
            "if change", "time.sleep(600)\n    if change"
        )
        (project / "tallies.py").write_text(text, encoding="utf-8")
        terminal, url = dev()
        put(url, id="1", total=1)
        terminal.until("tallied 1")
        terminal.press_ctrl_c()
        assert terminal.end() == 130
        assert re.search(r"1 invocation: no records; .*\n$", terminal.text)
        assert not answers(url)

    def test_a_bad_record_is_retried_and_discarded(self, dev: Dev) -> None:
        """As the template says: one retry; the next record is handled after it, and no value of it is shown."""
        terminal, url = dev()
        put(url, id="bad", total=-4711)
        terminal.until(r"id=bad +failed +tallies\.tally  \d.*ValueError")
        terminal.until(r"id=bad +failed +tallies\.tally  attempt 2 .*ValueError")
        terminal.until(
            "discarded 1 record after 2 attempts: RetryAttemptsExhausted; there is no on-failure destination"
        )
        put(url, id="good", total=1)
        terminal.until("id=good +done")
        assert not re.search("Error.*4711", terminal.text)

    def test_keys_are_hidden_on_request(self, dev: Dev) -> None:
        """For who shows a screen to others."""
        terminal, url = dev("--no-keys")
        put(url, id="secret", total=1)
        terminal.until("INSERT  Order +done")
        assert "secret" not in terminal.text

    def test_json_is_one_line_for_each_record(self, dev: Dev) -> None:
        """For the next program."""
        terminal, url = dev("--json")
        put(url, id="1", total=1)
        document = json.loads(terminal.until(r'\{"time".*\}'))
        assert (document["entity"], document["event"], document["keys"]) == ("Order", "INSERT", {"id": "1"})
        assert (document["status"], document["handler"], document["attempt"]) == ("done", "tallies.tally", 1)

    def test_an_engine_that_is_there_already(self, dev: Dev) -> None:
        """dev makes the table there, and the engine outlives the session."""
        with Embedded() as engine:
            terminal, url = dev("--endpoint-url", engine.endpoint_url)
            put(url, id="1", total=1)
            terminal.until("id=1 +done")
            terminal.press_ctrl_c()
            assert terminal.end() == 130
            assert engine.client("dynamodb").list_tables()["TableNames"] == ["Orders"]

    def test_an_engine_that_ends_is_one_line(self, dev: Dev) -> None:
        """There is nothing left to wait for."""
        with Embedded() as engine:
            terminal, _ = dev("--endpoint-url", engine.endpoint_url)
        assert terminal.end() == 2
        assert re.search(r"\nrouter: the stream \S+ cannot be read any more: .*\n$", terminal.text)

    def test_errors_of_the_stream_that_pass(self, dev: Dev) -> None:
        """Each record is handled once, and an error is said once."""
        faults = ["LimitExceededException"] * 3 + [
            "TrimmedDataAccessException",
            CLOSED,
            "ExpiredIteratorException",
            CUT,
        ]
        with Embedded() as engine, faulty_proxy(engine.endpoint_url) as proxy:
            terminal, _ = dev("--endpoint-url", proxy.url)
            put(engine.endpoint_url, id="1", total=1)
            terminal.until("id=1 +done")
            proxy.faults.extend(faults)
            put(engine.endpoint_url, id="2", total=1)
            terminal.until("id=2 +done")
            assert becomes(lambda: not proxy.faults)
            put(engine.endpoint_url, id="3", total=1)
            terminal.until("id=3 +done")
            terminal.press_ctrl_c()
            assert terminal.end() == 130
        assert re.search(r"[23] invocations: 3 done; 0 retries", terminal.text)
        assert terminal.text.count("reading waits for the stream: LimitExceededException of GetRecords") == 1

    def test_fields_that_an_engine_leaves_out(self, dev: Dev) -> None:
        """No ID, no name and no time."""
        with Embedded() as engine, faulty_proxy(engine.endpoint_url, lean=True) as proxy:
            terminal, _ = dev("--endpoint-url", proxy.url)
            put(engine.endpoint_url, id="1", total=1)
            put(engine.endpoint_url, id="1", total=2)
            terminal.until("INSERT  Order +id=1 +done")
            terminal.until("MODIFY  Order +id=1 +done")

    def test_a_table_that_is_deleted_ends_the_session(self, dev: Dev) -> None:
        """A local stream ends with its table, and so does AWS's after a day."""
        with Embedded() as engine, faulty_proxy(engine.endpoint_url) as proxy:
            terminal, _ = dev("--endpoint-url", proxy.url)
            proxy.missing = True
            assert terminal.end() == 2
        assert re.search(r"\nrouter: the stream \S+ cannot be read any more: .* was deleted\n$", terminal.text)

    def test_another_name_for_the_table(self, dev: Dev) -> None:
        """Where the template's is taken."""
        terminal, url = dev("--table", "Others")
        terminal.until("table Others, NEW_AND_OLD_IMAGES")
        client = boto3.client(
            "dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        assert client.list_tables()["TableNames"] == ["Others"]

    def test_over_the_real_engine(self, installation: Installation, dev: Dev) -> None:
        """DynamoDB Local in place of the embedded one, and it is gone afterwards too."""
        terminal, url = dev("--engine", "dynamodb-local")
        put(url, id="1", total=1)
        terminal.until("INSERT  Order +id=1 +done")
        terminal.press_ctrl_c()
        assert terminal.end() == 130
        assert not answers(url)


class TestWindows:
    @pytest.mark.parametrize("options", [(), ("--runtime",)])
    def test_each_record_is_in_one_window(self, dev: Dev, project: Path, options: tuple[str, ...]) -> None:
        """The state goes from one invocation to the next, also after a failure, and the window ends with a later record."""
        _ = (project / "template.yaml").write_text(IN_WINDOWS, encoding="utf-8")
        _ = (project / "tallies.py").write_text(WINDOWED, encoding="utf-8")
        terminal, url = dev(*options)
        terminal.until("windows of 2 s")
        number = 0
        while "is over" not in terminal.text or number < 3:
            number += 1
            put(url, id=str(number), total=1)
            terminal.until(rf"id={number} +done")
        terminal.until("window from [^ ]+ to [^ ]+ is over")
        totals = re.findall(r"(open|over) (\d+)\b", terminal.text)
        # The last call of each window has the sum of all its calls.
        sums, count = [], 0
        for state, total in totals:
            count = count if state == "over" else count + 1
            if state == "over":
                assert int(total) == count
                sums.append(count)
                count = 0
        assert sums

    def test_over_the_real_engine(self, installation: Installation, dev: Dev, project: Path) -> None:
        """DynamoDB Local writes times to the minute, which the session says."""
        (project / "template.yaml").write_text(IN_WINDOWS, encoding="utf-8")
        (project / "tallies.py").write_text(WINDOWED, encoding="utf-8")
        terminal, url = dev("--engine", "dynamodb-local")
        terminal.until("DynamoDB Local writes times to the minute")
        put(url, id="1", total=1)
        terminal.until("open 1")
        terminal.until("id=1 +done")


class TestFaults:
    def test_every_nth_invocation_fails(self, dev: Dev) -> None:
        """And its retry does not, where that is another one."""
        terminal, url = dev("--fail", "2")
        put(url, id="1", total=1)
        terminal.until("id=1 +done")
        put(url, id="2", total=1)
        terminal.until("invocation of 1 record failed at attempt 1: failed on purpose, --fail")
        terminal.until(r"id=2 +done +tallies\.tally  attempt 2")

    def test_poison_fails_whenever_it_comes(self, dev: Dev) -> None:
        """Until it is discarded."""
        terminal, url = dev("--poison", "1")
        put(url, id="1", total=1)
        terminal.until(r"id=1 +failed .*Poison: fails on purpose")
        terminal.until(r"id=1 +failed +attempt 2 .*Poison: fails on purpose")
        terminal.until("discarded 1 record")
        assert "tallied" not in terminal.text

    def test_poison_without_partial_responses_fails_the_invocation(self, dev: Dev, project: Path) -> None:
        """Lambda ignores the response, so only a function error has the effect."""
        text = TEMPLATE.replace("            FunctionResponseTypes: [ReportBatchItemFailures]\n", "")
        (project / "template.yaml").write_text(text, encoding="utf-8")
        terminal, url = dev("--poison", "1")
        terminal.until("without ReportBatchItemFailures Lambda ignores which records failed")
        put(url, id="1", total=1)
        terminal.until("invocation of 1 record failed at attempt 1: found a record that fails on purpose, --poison")

    @pytest.mark.slow
    def test_slow_takes_longer(self, dev: Dev) -> None:
        """Beyond the function's three seconds it is a time-out, and all that was done is done again."""
        terminal, url = dev("--slow", "3.2")
        put(url, id="1", total=1)
        terminal.until("took longer than 3 s, its time-out")

    def test_the_command_that_it_shows_puts_an_item(self, dev: Dev) -> None:
        """It has the address of this session."""
        terminal, url = dev()
        command = terminal.until(r"router put ENTITY --json ITEM --endpoint-url \S+")
        assert command.endswith(url)
        done = Terminal("put", "Order", "--json", '{"id": "1", "total": 1}', *command.split()[5:])
        assert done.end() == 0
        done.close()
        terminal.until("id=1 +done")


class TestReloading:
    def test_a_changed_file_is_loaded_again(self, dev: Dev, project: Path) -> None:
        """The next record meets the new handlers."""
        terminal, url = dev()
        rewrite(project / "tallies.py", APP.replace("def tally(", "def count("))
        terminal.until("reloaded: tallies.py changed")
        put(url, id="1", total=1)
        terminal.until(r"id=1 +done +tallies\.count")

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            (APP + "\ndef broken(:\n", r"tallies\.py:\d+: SyntaxError: invalid syntax; the previous app stays loaded"),
            (APP + "\n1 / 0\n", r"tallies\.py:\d+: ZeroDivisionError: division by zero; the previous app stays loaded"),
            (APP.replace("app =", "other ="), r"found no 'app' in module 'tallies'.*; the previous app stays loaded"),
            (APP.replace("Change[Order]) ->", "int) ->"), r"tallies\.py:\d+: RegistrationError: .*; the previous app"),
        ],
        ids=["syntax", "import", "name", "registration"],
    )
    def test_a_broken_file_is_one_line_and_the_old_app_stays(
        self, dev: Dev, project: Path, text: str, shown: str
    ) -> None:
        """And when it is whole again, it is loaded."""
        terminal, url = dev()
        rewrite(project / "tallies.py", text)
        terminal.until(shown)
        assert "Traceback" not in terminal.text
        put(url, id="1", total=1)
        terminal.until(r"id=1 +done +tallies\.tally")
        rewrite(project / "tallies.py", APP.replace("def tally(", "def count("))
        terminal.until("reloaded: ")
        put(url, id="2", total=1)
        terminal.until(r"id=2 +done +tallies\.count")


class TestRuntime:
    """The app in Lambda's runtime client."""

    def test_a_put_is_seen(self, dev: Dev) -> None:
        """The session prints the outcome; a note names the process when it starts."""
        terminal, url = dev("--runtime")
        put(url, id="1", total=5)
        terminal.until(r"INSERT  Order +id=1  done *\n")
        assert re.search(r"tallied 5\n.*started process \d+ in \d+ ms\n.*id=1", terminal.text)

    @pytest.mark.slow
    def test_a_time_out_cuts_it_off(self, dev: Dev, project: Path) -> None:
        """After the template's three seconds, and the next try meets another process."""
        text = APP.replace(
            '    print("tallied"', '    import time; time.sleep(60 * (change.image.total == 60))\n    print("tallied"'
        )
        (project / "tallies.py").write_text(text, encoding="utf-8")
        terminal, url = dev("--runtime")
        put(url, id="1", total=60)
        failed = "invocation of 1 record failed at attempt {}: Sandbox.Timedout: Task timed out after 3.00 seconds"
        terminal.until(failed.format(1))
        terminal.until(failed.format(2))
        terminal.until("discarded 1 record")
        put(url, id="2", total=1)
        terminal.until("id=2 +done")

    @pytest.mark.slow
    def test_slow_is_of_the_functions_time(self, dev: Dev) -> None:
        """So the function has none left."""
        terminal, url = dev("--runtime", "--slow", "3.2")
        put(url, id="1", total=1)
        terminal.until("failed at attempt 1: Sandbox.Timedout: Task timed out after 3.00 seconds")

    def test_a_crash_is_survived(self, dev: Dev, project: Path) -> None:
        """It costs an invocation, not the session."""
        text = APP.replace(
            '    print("tallied"',
            '    if change.image.total == 7:\n        import os; os._exit(7)\n    print("tallied"',
        )
        (project / "tallies.py").write_text(text, encoding="utf-8")
        longer = TEMPLATE.replace("tallies.app\n", "tallies.app\n      Timeout: 60\n")  # the next process starts in it
        (project / "template.yaml").write_text(longer, encoding="utf-8")
        terminal, url = dev("--runtime")
        put(url, id="1", total=7)
        terminal.until("failed at attempt 1: Runtime.ExitError: Runtime exited with error: exit status 7")
        put(url, id="2", total=1)
        terminal.until("id=2 +done")

    def test_a_bad_record_is_named_and_its_log_says_why(self, dev: Dev) -> None:
        """The answer names the record, the log the route and the error; no value of it is shown."""
        terminal, url = dev("--runtime")
        put(url, id="bad", total=-4711)
        terminal.until(r"id=bad +failed *\n")
        assert re.search(r'"route": "tallies\.tally".*"error": "ValueError".*"event": "record failed"', terminal.text)
        terminal.until("discarded 1 record")
        assert not re.search("Error.*4711", terminal.text)

    def test_a_changed_file_ends_the_process(self, dev: Dev, project: Path) -> None:
        """The next invocation starts one with the new handlers."""
        terminal, url = dev("--runtime")
        put(url, id="1", total=1)
        terminal.until("id=1 +done")
        rewrite(project / "tallies.py", APP.replace('"tallied"', '"counted"'))
        terminal.until("reloaded: tallies.py changed")
        put(url, id="2", total=2)
        terminal.until("id=2 +done")
        assert "counted 2" in terminal.text
        assert len(re.findall("started process", terminal.text)) == 2

    def test_ctrl_c_ends_the_process(self, dev: Dev) -> None:
        """Lambda's client prints nothing."""
        terminal, url = dev("--runtime")
        put(url, id="1", total=1)
        pid = terminal.until(r"started process \d+").rpartition(" ")[2]
        terminal.until("id=1 +done")
        terminal.press_ctrl_c()
        assert terminal.end() == 130
        assert not Path(f"/proc/{pid}").exists()
        assert "Traceback" not in terminal.text

    def test_the_environment_is_lambdas_and_the_engines(self, dev: Dev, project: Path) -> None:
        """Clients of AWS's find the engine in the child process too."""
        printing = (
            'import os; print(os.environ.get("AWS_LAMBDA_FUNCTION_NAME"), os.environ["AWS_ENDPOINT_URL_DYNAMODB"])\n'
        )
        (project / "tallies.py").write_text(printing + APP, encoding="utf-8")
        terminal, url = dev("--runtime")
        put(url, id="1", total=1)
        terminal.until(f"Tally {url}")


@pytest.mark.usefixtures("project")
class TestRefusing:
    """Each is one line and exit code 2."""

    def test_no_template(self, refused: Callable[..., str]) -> None:
        """It says how to name another."""
        assert refused("dev", "--template", "none.yaml") == (
            "router: found no template none.yaml, expected one of SAM or CloudFormation; name another with --template, "
            "or run without one: router dev --table Shop --key pk,sk\n"
        )

    def test_a_table_without_a_stream(self, refused: Callable[..., str], project: Path) -> None:
        """With the line of the template."""
        text = "\n".join(line for line in TEMPLATE.splitlines() if "StreamSpecification" not in line)
        (project / "template.yaml").write_text(text, encoding="utf-8")
        assert refused("dev").startswith("router: template.yaml:3: found table Orders without a stream")

    def test_a_taken_port(self, refused: Callable[..., str]) -> None:
        """Another process listens there."""
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            port = stranger.getsockname()[1]
            expected = f"port {port} is taken: stop the program that listens there, or take a free port with --port 0"
            assert expected in refused("dev", "--port", str(port))

    def test_an_engine_that_is_not_installed(
        self, refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The command that fetches it is named."""
        monkeypatch.setenv("ROUTER_CACHE", str(tmp_path / "empty"))
        assert "DynamoDB Local 2.6.1 is not in" in refused("dev", "--engine", "dynamodb-local", "--port", "0")

    def test_a_runtime_client_that_is_not_installed(
        self, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It says how to get it."""
        monkeypatch.setitem(sys.modules, "awslambdaric", None)
        assert "pip install 'entity-router[local]'" in refused("dev", "--runtime")

    def test_an_unknown_engine(self, refused: Callable[..., str]) -> None:
        """The known ones are named."""
        assert "'embedded', 'dynamodb-local'" in refused("dev", "--engine", "moto")

    def test_an_endpoint_that_nobody_listens_on(self, refused: Callable[..., str]) -> None:
        """It is named."""
        assert "http://127.0.0.1:9" in refused("dev", "--endpoint-url", "http://127.0.0.1:9")

    def test_an_endpoint_that_is_no_address(self, refused: Callable[..., str]) -> None:
        """An example is given."""
        assert "found the endpoint URL 'here', expected one such as" in refused("dev", "--endpoint-url", "here")

    def test_a_table_of_another_view(self, refused: Callable[..., str], project: Path) -> None:
        """The existing table's stream differs from the template's."""
        with Embedded() as engine:
            argv = ("dev", "--endpoint-url", engine.endpoint_url, "--app", "nothing:app")
            assert "found no module 'nothing'" in refused(*argv)
            text = TEMPLATE.replace("NEW_AND_OLD_IMAGES", "KEYS_ONLY")
            (project / "template.yaml").write_text(text, encoding="utf-8")
            assert "found table 'Orders' with a stream of NEW_AND_OLD_IMAGES, expected one of KEYS_ONLY" in refused(
                *argv
            )
