"""Lines are collected with their indentation, and an unsupported attempt leaves none."""

import pytest

from router.parsing.source_writer import SourceWriter, Unsupported


def test_block() -> None:
    """The lines in a block are indented below its head."""
    source = SourceWriter("  ")
    with source.block("if a:"):
        source.line("b")
    source.line("c")
    assert source.text == "  if a:\n   b\n  c"


def test_constant() -> None:
    """Each object gets a name, in the order of the constants."""
    source = SourceWriter("")
    assert [source.constant("x"), source.constant("x")] == source.constant_names == ["constant0", "constant1"]
    assert source.constants == ["x", "x"]


def test_variable() -> None:
    """No two variables have one name."""
    source = SourceWriter("")
    assert [source.variable("a"), source.variable("a"), source.variable("b")] == ["a1", "a2", "b3"]


def test_attempt() -> None:
    """The lines of a successful attempt stay."""
    source = SourceWriter("")
    assert source.attempt(lambda: source.line("a"))
    assert source.text == "a"


def test_unsupported_attempt() -> None:
    """An unsupported attempt leaves no line, no constant and no indentation."""
    source = SourceWriter("")
    source.line("before")
    source.constant(1)

    def emit() -> None:
        with source.block("if a:"):
            source.constant(2)
            raise Unsupported

    assert not source.attempt(emit)
    source.line("after")
    assert (source.text, source.constants) == ("before\nafter", [1])


def test_long_attempt() -> None:
    """An attempt that makes the function too long leaves no line."""
    source = SourceWriter("")

    def emit() -> None:
        for _ in range(1_000):
            source.line("a")

    assert not source.attempt(emit)
    assert source.text == ""


def divide_by_zero() -> None:
    raise ZeroDivisionError


def test_another_error_is_passed_on() -> None:
    """An attempt does not hide other errors."""
    with pytest.raises(ZeroDivisionError):
        SourceWriter("").attempt(divide_by_zero)
