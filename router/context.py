"""What Lambda tells a function about the invocation."""

from __future__ import annotations

from typing import Protocol

__all__ = ["LambdaContext"]


class LambdaContext(Protocol):
    """Lambda's context object, as far as handlers ask for it.

    Powertools has a class of the same name; either may stand in a handler's annotation.
    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    @property
    def function_name(self) -> str:
        """The name of the function."""
        ...

    @property
    def invoked_function_arn(self) -> str:
        """The ARN it was invoked by, with the version or alias."""
        ...

    @property
    def aws_request_id(self) -> str:
        """The request's identifier; a retry of an unchanged batch bears the same one."""
        ...

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""
        ...
