"""Whether this process is a container of Lambda."""

from __future__ import annotations

import os

__all__ = ["in_lambda"]


def in_lambda() -> bool:
    """Whether Lambda's runtime client can run here: it needs the address of the Runtime API.

    Tests, ``router dev`` and the other commands run without it, except for the process that runs the client itself.
    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
    """
    return "AWS_LAMBDA_RUNTIME_API" in os.environ
