"""Reads from AWS: clients with the user's credentials, and what their errors mean for a check."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from router.errors import RouterError
from router.extras import needed_by
from router.local.engines.endpoint import Endpoint

__all__ = ["AbsentError", "Aws", "NoAccessError", "NotCheckedError", "action_of"]

_ATTEMPTS = 4  # of a call that is throttled or has no answer: with boto3's pauses some seconds
_ABSENT = ("ResourceNotFoundException", "ResourceNotFound", "NonExistentQueue", "QueueDoesNotExist", "NoSuchBucket")
_CREDENTIALS = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_ACTIONS = {("s3", "ListObjectsV2"): "s3:ListBucket"}


class NoAccessError(RouterError):
    """AWS cannot be asked at all: no credentials, no region, no such profile, no such stack or function."""


class NotCheckedError(RouterError):
    """AWS gives no answer to one call; the message says why."""


class AbsentError(RouterError):
    """The resource does not exist."""


class Aws:
    """Calls operations that read.

    Args:
        endpoint_url: One endpoint for all services, such as that of ministack; by default those of the environment, or
            AWS's own.
        region: The region; by default that of the profile or the environment.
        profile: The profile; by default that of the environment.

    Raises:
        EndpointError: ``endpoint_url`` is no HTTP URL.
    """

    def __init__(self, endpoint_url: str | None = None, region: str | None = None, profile: str | None = None) -> None:
        self._endpoint = None if endpoint_url is None else Endpoint(endpoint_url)
        self._region = region
        self._profile = profile
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation; throttled calls are repeated.

        Args:
            service: The service, as boto3 names it.
            operation: The method of boto3's client.
            parameters: Its parameters.

        Raises:
            AbsentError: What it reads does not exist.
            NotCheckedError: It is not allowed, or has no answer.
            NoAccessError: There are no valid credentials, or no region.
        """
        with _meanings(service, operation):
            found: dict[str, Any] = getattr(self.client(service), operation)(**parameters)
        return found

    def listed(self, service: str, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:
        """All entries of an operation that lists them in pages; raises as :meth:`call` does.

        Args:
            service: The service, as boto3 names it.
            operation: The method of boto3's client.
            key: The key of the entries in a page.
            parameters: Its parameters.
        """
        with _meanings(service, operation):
            pages = self.client(service).get_paginator(operation).paginate(**parameters)
            return [entry for page in pages for entry in page.get(key, ())]

    def client(self, service: str) -> Any:
        """The client of a service, made once.

        Args:
            service: The service, as boto3 names it.
        """
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def _make(self, service: str) -> Any:
        with needed_by("an AWS client"):
            import boto3
            from botocore.config import Config

        if self._session is None:
            self._session = boto3.session.Session(profile_name=self._profile, region_name=self._region)
        retries: Any = {"total_max_attempts": _ATTEMPTS, "mode": "standard"}
        settings: dict[str, Any] = {"config": Config(connect_timeout=5, read_timeout=20, retries=retries)}
        if self._endpoint is not None:
            settings |= {"endpoint_url": self._endpoint.endpoint_url, **self._dummies()}
        client = self._session.client(service, **settings)
        client.meta.events.register("after-call", _refuse_web_page)
        return client

    def _dummies(self) -> dict[str, str]:
        """What an emulator on the loopback interface needs where the user names nothing."""
        region = {} if self._session.region_name else {"region_name": "us-east-1"}
        given = self._profile is not None or {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & os.environ.keys()
        if self._endpoint is None or not self._endpoint.local or given:
            return region
        return {**region, "aws_access_key_id": "local", "aws_secret_access_key": "local"}


def action_of(service: str, operation: str) -> str:
    """The action of IAM that allows an operation.

    Args:
        service: The service, as boto3 names it.
        operation: The operation, as the API names it.

    Example:
        >>> action_of("s3", "ListObjectsV2"), action_of("sqs", "GetQueueAttributes")
        ('s3:ListBucket', 'sqs:GetQueueAttributes')
    """
    return _ACTIONS.get((service, operation), f"{service}:{operation}")


def _refuse_web_page(http_response: Any, **_: Any) -> None:
    """Raise if a web server answers: botocore takes its page for an empty answer."""
    if http_response.content[:20].lstrip().lower().startswith((b"<!doctype", b"<html")):
        msg = f"found a web page at {http_response.url}, expected an endpoint of AWS; check --endpoint-url"
        raise NoAccessError(msg)


@contextmanager
def _meanings(service: str, operation: str) -> Iterator[None]:
    """Raise errors of a client as what they mean for a check."""
    with needed_by("an AWS client"):
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise _meaning(error, service) from None
    except HTTPClientError as error:
        msg = f"{service} does not answer ({type(error).__name__})"
        raise NotCheckedError(msg) from None
    except (BotoCoreError, ResponseParserError) as error:
        msg = f"cannot call {service} for {operation}: {' '.join(str(error).split())}; see --profile and --region"
        raise NoAccessError(msg) from None


def _meaning(error: Any, service: str) -> RouterError:
    """The error of a check; without AWS's message, which may quote what the user may not print."""
    reason = error.response.get("Error", {})
    code, message = str(reason.get("Code")).rpartition(".")[2], str(reason.get("Message"))
    if code in _ABSENT or (code == "ValidationError" and "does not exist" in message):
        return AbsentError(code)
    if code in _CREDENTIALS:
        msg = f"{service} refuses the credentials ({code}); see --profile and the variables AWS_..."
        return NoAccessError(msg)
    action = action_of(service, error.operation_name)
    if "AccessDenied" in code or "Unauthorized" in code:
        return NotCheckedError(f"{action} is not allowed")
    return NotCheckedError(f"{action} has no answer ({code})")
