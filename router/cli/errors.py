"""How a command ends early: with a line about the command line, or with the user's own error."""

from __future__ import annotations

__all__ = ["BrokenAppError", "CommandLineError"]


class CommandLineError(Exception):
    """The command line is wrong: one line on standard error, exit code 2.

    Args:
        message: What was found, what was expected, what to do.
    """


class BrokenAppError(Exception):
    """The user's app does not import: their error as it is, exit code 1.

    Args:
        message: Their traceback, without frames that are not theirs, and their error.
    """
