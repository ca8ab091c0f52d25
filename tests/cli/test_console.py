"""``router.cli.console``: text that fits the terminal."""

import pytest

from router.cli.console import Page, error_text, printable

ROWS = [["Order", "INSERT", "handlers.place"], ["Product", "", "handlers.stock"]]


Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment gives standard output, which is no terminal here, a width."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_rows_are_aligned_where_they_fit(capsys: Capture) -> None:
    """Columns are as wide as their widest cell, without blanks at the end."""
    Page().rows([*ROWS, ["", "", ""]], indent=2)
    assert capsys.readouterr().out == "  Order    INSERT  handlers.place\n  Product          handlers.stock\n\n"


def test_rows_flow_where_they_do_not_fit(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow terminal gets as many whole cells on a line as there is room for."""
    monkeypatch.setenv("COLUMNS", "24")
    Page().rows(ROWS)
    assert capsys.readouterr().out == "Order  INSERT\n    handlers.place\nProduct  handlers.stock\n"


def test_a_cell_wider_than_the_terminal_is_wrapped(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is longer than the terminal is wide."""
    monkeypatch.setenv("COLUMNS", "20")
    Page().rows([["yes", "entity and event match, and more"]])
    assert capsys.readouterr().out == "yes\n    entity and event\n    match, and more\n"


def test_a_long_line_goes_on_at_its_indent(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that does not fit continues on the next line at the same indent."""
    monkeypatch.setenv("COLUMNS", "12")
    Page().line("one two ", ("three four", "bold"), indent=2)
    assert capsys.readouterr().out == "  one two\n  three four\n"


def test_a_pipe_has_no_width(capsys: Capture) -> None:
    """Every line stays one for the next program, and has no colours."""
    Page().line(("word " * 100, "bold red"))
    assert capsys.readouterr().out == ("word " * 100).rstrip() + "\n"


def test_an_empty_line_is_empty(capsys: Capture) -> None:
    """Nothing is an empty line."""
    Page().line()
    assert capsys.readouterr().out == "\n"


def test_a_whole_line_is_never_wrapped(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON to be copied is not wrapped."""
    monkeypatch.setenv("COLUMNS", "10")
    Page().whole('{"batchItemFailures": []}', indent=2)
    assert capsys.readouterr().out == '  {"batchItemFailures": []}\n'


def test_brackets_are_no_markup(capsys: Capture) -> None:
    """Brackets in the user's text are no markup."""
    Page().rows([["[bold]lines[0]"]])
    Page().line("[red]:smile:")
    assert capsys.readouterr().out == "[bold]lines[0]\n[red]:smile:\n"


def test_control_characters_do_not_reach_the_terminal() -> None:
    """An entity's name cannot move the cursor."""
    assert printable("Or\x1b[2Jder\n東京") == "Or\\x1b[2Jder\\n東京"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"error": "DecodeError", "reason": "attribute 'n'"}, "DecodeError: attribute 'n'"),
        (
            {"error": "ValidationError", "faults": ["a: missing", "b: int_type"]},
            "ValidationError: a: missing; b: int_type",
        ),
        ({"error": "KeyError", "at": ["engine.py:1 in call", "shop.py:3 in place"]}, "KeyError at shop.py:3 in place"),
        ({"error": "KeyError"}, "KeyError"),
    ],
)
def test_an_error_is_one_line(error: dict[str, object], text: str) -> None:
    """The first that exists: reason, faults, place, type."""
    assert error_text(error) == text  # type: ignore[arg-type]  # parametrize knows no TypedDict
