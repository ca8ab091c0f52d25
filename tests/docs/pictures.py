"""Draw the screens of the commands for the pages: ``python -m tests.docs.pictures`` writes ``docs/pictures/``.

Each command runs on the example application under a pseudo-terminal. What differs from run to run is replaced: times of the
day, durations, sequence numbers that an engine makes, and the port.
"""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.docs.blocks import ROOT
from tests.docs.console import free_port

__all__ = ["PICTURES", "draw", "write_pictures"]

FOLDER = ROOT / "docs" / "pictures"
COLUMNS = 128

# One dark screen, readable on light and dark pages.
THEME = TerminalTheme(
    (30, 33, 48),
    (222, 226, 238),
    [
        (92, 99, 122),
        (240, 128, 128),
        (152, 205, 130),
        (226, 192, 110),
        (122, 170, 245),
        (200, 150, 235),
        (110, 200, 200),
        (222, 226, 238),
    ],
    [
        (130, 138, 160),
        (250, 150, 150),
        (175, 225, 150),
        (240, 210, 140),
        (150, 190, 250),
        (215, 175, 245),
        (140, 220, 220),
        (255, 255, 255),
    ],
)

# As rich's own frame, with the machine's fonts: rich's loads some from the network.
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""

# What differs from one session of `router dev` to the next.
_VARYING = (
    (re.compile(r" --endpoint-url http://127\.0\.0\.1:\d+"), ""),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:8000"),
    (re.compile(r"\b[\d.]+ ms\b"), "1.0 ms"),
    (re.compile(r"\d+ s, (\d+ invocations)"), r"9 s, \1"),
)
_CLOCK = re.compile(r"(?<!\d)\d\d:\d\d:\d\d\.\d{3}\b")

# What differs from one simulation to the next: the speed of the machine, and the bar of the progress.
_PROGRESS = re.compile(r"^(?:\x1b\[[\d?;]*[A-Za-z]|\r)*lanes .*\n", re.MULTILINE)
_SPEED = re.compile(r" in [\d.]+ (?:s|ms), [\d,]+ records/s")

Steps = Sequence[tuple[str, Callable[[], None]]]


@dataclass(frozen=True)
class Picture:
    """A command as a reader types it, and what makes its screen in a folder."""

    typed: str
    screen: Callable[[Path], str]


def screen(command: str, folder: Path, port: int, steps: Steps = ()) -> str:
    """The output of a command in a terminal. Each step waits for a text in the output, and then acts."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env=environment(port),
    )
    os.close(slave)
    output = b""
    try:
        for text, act in steps:
            while text.encode() not in output:
                output += os.read(master, 65536)
            act()
        if steps:
            os.killpg(process.pid, signal.SIGINT)
        while data := os.read(master, 65536):
            output += data
    except OSError:  # Linux raises it when the command has ended
        pass
    finally:
        process.wait(120)
        os.close(master)
    return output.decode().replace("\r\n", "\n")


def environment(port: int) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV", "LOG_", "ROUTER_"))
    }
    return {
        **kept,
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}",
        "COLUMNS": f"{COLUMNS}",
        "LOG_LEVEL": "CRITICAL",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TERM": "xterm-256color",
    }


def dev(folder: Path) -> str:
    """A session in which a mug is put, sold out, and put again by a program that writes no number as its price."""
    port = free_port()

    def put(price: str, stock: int) -> None:
        item = f'{{"pk": "PRODUCT#MUG", "sk": "PRODUCT", "sku": "MUG", "title": "Mug", "price": {price}, "stock": {stock}}}'
        command = ["router", "put", "Product", "--json", item]
        subprocess.run(command, cwd=folder, env=environment(port), check=True, capture_output=True)

    steps = (
        ("Ctrl-C ends dev", lambda: put("12.95", 3)),
        ("show_in_catalogue", lambda: put("12.95", 0)),
        ("sold_out", lambda: put('"?"', 3)),
        ("parked", lambda: None),
    )
    output = screen(f"exec router dev --app shop:app --no-keys --port {port}", folder, port, steps)
    for pattern, replacement in _VARYING:
        output = pattern.sub(replacement, output)
    seconds = iter(range(60))
    return _CLOCK.sub(lambda _: f"08:57:{next(seconds):02}.000", output)


def simulate(folder: Path) -> str:
    output = screen("router simulate --scenario docs/scenarios/window-1s.toml", folder, free_port())
    return _SPEED.sub("", _PROGRESS.sub("", output))


def explain(folder: Path) -> str:
    return screen(EXPLAIN, folder, free_port())


def lint(folder: Path) -> str:
    return screen("router lint --template careless.yaml", folder, free_port())


EXPLAIN = "router event Order --modify --set status=SHIPPED | router explain -"
PICTURES = {
    "dev": Picture("router dev --app shop:app --no-keys", dev),
    "explain": Picture(EXPLAIN, explain),
    "lint": Picture("router lint --template careless.yaml", lint),
    "simulate": Picture("router simulate --scenario docs/scenarios/window-1s.toml", simulate),
}


def shop(folder: Path) -> None:
    """Put the example application into a folder, with a parking place and with a template that lacks two settings."""
    for path in ("docs", "handlers", "models", "pyproject.toml", "template.yaml", "tests"):
        folder.joinpath(path).symlink_to(ROOT / path)
    folder.joinpath("shop.py").write_text(
        "from handlers import products\n"
        "from router import Dispatcher, JsonLinesParking\n"
        'app = Dispatcher(products.routes, parking=JsonLinesParking("parked.jsonl"))\n',
        encoding="utf-8",
    )
    template = ROOT.joinpath("template.yaml").read_text(encoding="utf-8")
    for setting in ("FunctionResponseTypes", "BisectBatchOnFunctionError"):
        template = re.sub(rf"^ +{setting}: .*\n", "", template, flags=re.MULTILINE)
    folder.joinpath("careless.yaml").write_text(template, encoding="utf-8")


def draw(name: str, folder: Path) -> str:
    """The picture of a screen, as SVG."""
    picture = PICTURES[name]
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "bold"), picture.typed), soft_wrap=True)
    console.print(Text.from_ansi(picture.screen(folder).rstrip()), soft_wrap=True)
    return console.export_svg(title="", theme=THEME, code_format=FORMAT, unique_id=name)


def write_pictures() -> None:
    """Write all pictures into docs/pictures/."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        shop(Path(folder))
        for name in PICTURES:
            FOLDER.joinpath(f"{name}.svg").write_text(draw(name, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    write_pictures()
