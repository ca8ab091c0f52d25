"""Run a function in Lambda's own runtime client, with real time-outs, crashes and cold starts.

The client is ``awslambdaric``, which also runs in Lambda; this package is the service that it connects to.

- :mod:`router.local.runtime.configuration`: the function's settings, and its process's environment.
- :mod:`router.local.runtime.api`: the Runtime API, from which the client fetches invocations.
- :mod:`router.local.runtime.output`: the process's output, as lines.
- :mod:`router.local.runtime.sandbox`: one process with its API and its output.
- :mod:`router.local.runtime.answers`: the result of an invocation, and Lambda's error documents.
- :mod:`router.local.runtime.function`: the function, in one sandbox after the other.
"""

from router.local.runtime.answers import Answer
from router.local.runtime.configuration import FunctionConfiguration, RuntimeClientMissingError, require_client
from router.local.runtime.function import PayloadTooLargeError, RuntimeFunction, payload_of, result_of

__all__ = [
    "Answer",
    "FunctionConfiguration",
    "PayloadTooLargeError",
    "RuntimeClientMissingError",
    "RuntimeFunction",
    "payload_of",
    "require_client",
    "result_of",
]
