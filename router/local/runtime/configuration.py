"""The settings of a function, and the environment that Lambda sets for its process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from uuid import uuid4

from router.errors import RouterError
from router.extras import absent, not_installed

__all__ = ["FunctionConfiguration", "RuntimeClientMissingError", "require_client"]

_ACCOUNT = "123456789012"
_CLIENT = ("-m", "awslambdaric")


class RuntimeClientMissingError(RouterError):
    """Lambda's runtime client is not installed; the message says how to install it."""


@dataclass(frozen=True, kw_only=True)
class FunctionConfiguration:
    """The settings of a function.

    https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html

    Args:
        handler: ``module.attribute``.
        root: The folder of its code, which is its working directory.
        name: Its name.
        timeout: Its time-out in seconds.
        memory_size: Megabytes, which the environment states and nothing enforces.
        runtime: The name of its runtime.
        region: Its region.
        snap_start: Whether the client runs the hooks of SnapStart, as before a snapshot and after it is restored.
        log_format: ``Text``, or ``JSON`` for lines of the client as JSON.
        environment: Its variables, and others that its process needs.
        python: The command of a Python with the client; ``-m awslambdaric`` and the handler are appended.
    """

    handler: str
    root: Path
    name: str = "function"
    timeout: float = 3.0
    memory_size: int = 128
    runtime: str = f"python{sys.version_info.major}.{sys.version_info.minor}"
    region: str = "us-east-1"
    snap_start: bool = False
    log_format: Literal["Text", "JSON"] = "Text"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # credentials are not for logs
    python: Sequence[str] = (sys.executable,)

    @property
    def arn(self) -> str:
        """The ARN by which it is invoked."""
        return f"arn:aws:lambda:{self.region}:{_ACCOUNT}:function:{self.name}"

    @property
    def command(self) -> list[str]:
        """The command line of the runtime client."""
        return [*self.python, *_CLIENT, self.handler]

    def variables(self, api: str) -> dict[str, str]:
        """The environment of one process: the function's variables, overridden by those that Lambda sets.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime

        Args:
            api: The address of the Runtime API, ``host:port``.
        """
        today = datetime.now(UTC).strftime("%Y/%m/%d")
        return {
            "LANG": "en_US.UTF-8",
            "PATH": os.defpath,
            "TZ": ":UTC",
            **self.environment,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if self.snap_start else "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": self.log_format,
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"{today}/[$LATEST]{uuid4().hex}",
            "AWS_LAMBDA_RUNTIME_API": api,
            "AWS_REGION": self.region,
            "LAMBDA_TASK_ROOT": str(self.root),
            "_HANDLER": self.handler,
        }


def require_client() -> None:
    """Check that this Python has Lambda's runtime client.

    Raises:
        RuntimeClientMissingError: The client is not installed.
    """
    # The client needs its extension module, which only a wheel for this platform contains.
    missing = absent(("awslambdaric", "runtime_client"))
    if missing:
        raise RuntimeClientMissingError(not_installed(missing, "a function in Lambda's runtime client"))
