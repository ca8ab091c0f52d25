"""The reference and the list of commands are complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import router
from tests.docs.blocks import ROOT


def test_every_public_name_is_in_the_reference() -> None:
    """Each name of ``router`` has a place on the page; modules have a page of their own."""
    page = ROOT.joinpath("docs", "reference.md").read_text(encoding="utf-8")
    named = re.findall(r"^::: router\.(\w+)$", page, re.MULTILINE)
    assert sorted(named) == sorted(set(router.__all__) - {"discriminators"})


def test_every_command_is_in_the_list() -> None:
    """Each command of ``router`` is on the page of the commands."""
    page = ROOT.joinpath("docs", "commands.md").read_text(encoding="utf-8")
    router_command = str(Path(sys.executable).with_name("router"))
    text = subprocess.run([router_command, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
    listed = re.findall(r"^  (\w+)  ", text.partition("Commands:")[2], re.MULTILINE)
    assert listed
    assert set(listed) <= set(re.findall(r"`router (\w+)", page))
