"""Errors that end a command early."""

from __future__ import annotations

__all__ = ["BrokenAppError", "CommandLineError"]


class CommandLineError(Exception):
    """The command line is wrong: one line on standard error, exit code 2.

    Args:
        message: What was found, what is expected, what to do.
    """


class BrokenAppError(Exception):
    """Importing the user's app raised: their traceback on standard error, exit code 1.

    Args:
        message: The traceback without the frames of this package and of importlib.
    """
