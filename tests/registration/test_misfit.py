"""The error of a misfit shows the handler, what is wrong with it and how to correct it."""

from router.registration.misfit import Misfit, explained


def place(change: str) -> None: ...


def get_bus() -> list[str]:
    return []


def test_explained() -> None:
    """The message holds the line and the place of the handler and of each factory that leads to the misfit."""
    misfit = Misfit("a str", "a change", "annotate it", (get_bus,))
    assert str(explained("on_insert(Order) cannot register this handler", place, misfit)).splitlines() == [
        "on_insert(Order) cannot register this handler:",
        "",
        "    def place(change: str) -> None",
        "",
        "  found:    a str",
        "  expected: a change",
        "  to do:    annotate it",
        f"  defined:  {__file__}:{place.__code__.co_firstlineno}",
        f"  needs:    def get_bus() -> list[str], {__file__}:{get_bus.__code__.co_firstlineno}",
    ]


def test_a_handler_without_a_place() -> None:
    """The place of a handler that is not written in Python is left out."""
    assert "defined" not in str(explained("on_insert(Order)", print, Misfit("a", "b", "c")))
