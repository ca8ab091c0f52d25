"""A function in Lambda's own runtime client, on this machine: real time-outs, crashes and cold starts.

The client is ``awslambdaric``, which is what runs in Lambda; this package is what it talks to there.

- :mod:`router.local.runtime.configuration`: what is known of the function, and its process's environment.
- :mod:`router.local.runtime.api`: the Runtime API, from which the client fetches invocations.
- :mod:`router.local.runtime.output`: what the process prints, as lines.
- :mod:`router.local.runtime.sandbox`: one process with its API and its output.
- :mod:`router.local.runtime.answers`: what the invoker is told, also by a function that cannot speak any more.
- :mod:`router.local.runtime.function`: the function: one sandbox after the other.
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
