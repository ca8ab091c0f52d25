"""An engine at an endpoint URL, and the boto3 clients of local engines."""

from __future__ import annotations

import os
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from router.errors import RouterError
from router.extras import needed_by

__all__ = ["Endpoint", "EndpointError", "local_client", "refuse_web_pages"]


class EndpointError(RouterError):
    """The URL is no endpoint for AWS clients; the message says why.

    Args:
        message: The message.
        status: The HTTP status of a web server that answers in the place of DynamoDB.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Endpoint:
    """A running engine, such as ministack, LocalStack, DynamoDB Local, or AWS itself.

    On the loopback interface it gets dummy credentials unless the environment has others; elsewhere boto3's own chain
    of credentials applies.

    Args:
        url: Its endpoint URL.

    Attributes:
        endpoint_url: Its endpoint URL.
        local: Whether it is on the loopback interface.

    Raises:
        EndpointError: The text is no HTTP URL.

    Example:
        >>> Endpoint("http://localhost:4566").local
        True
    """

    def __init__(self, url: str) -> None:
        host = _host(url)
        if not host:
            msg = f"found the endpoint URL {url!r}, expected one such as http://127.0.0.1:8000"
            raise EndpointError(msg)
        self.endpoint_url = url
        self.local = _is_loopback(host)

    def url_of(self, service: str) -> str:
        """The URL of a service: AWS has a second address for streams, local engines have one for both.

        Args:
            service: ``"dynamodb"`` or ``"dynamodbstreams"``.

        Example:
            >>> Endpoint("https://dynamodb.eu-west-1.amazonaws.com").url_of("dynamodbstreams")
            'https://streams.dynamodb.eu-west-1.amazonaws.com'
        """
        if service == "dynamodbstreams":
            return self.endpoint_url.replace("//dynamodb.", "//streams.dynamodb.")
        return self.endpoint_url

    def client(self, service: str) -> Any:
        """A boto3 client of the endpoint.

        Args:
            service: ``"dynamodb"`` or ``"dynamodbstreams"``.
        """
        if self.local and not {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & os.environ.keys():
            return local_client(service, self.endpoint_url)
        with needed_by("an AWS client"):
            import boto3

        session = boto3.session.Session()
        region = session.region_name or "us-east-1"
        return refuse_web_pages(session.client(service, endpoint_url=self.url_of(service), region_name=region))


def local_client(service: str, url: str) -> Any:
    """A boto3 client of a local engine with dummy credentials; the machine's AWS settings have no effect.

    Args:
        service: ``"dynamodb"`` or ``"dynamodbstreams"``.
        url: The engine's endpoint URL.
    """
    with needed_by("an AWS client"):
        import boto3
        import botocore.session
        from botocore.config import Config

    # No profile and no proxy: a local engine needs neither, and a wrong one breaks the client.
    core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    client = boto3.session.Session(botocore_session=core).client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - a local engine takes any
        config=Config(proxies={}, connect_timeout=5, retries={"total_max_attempts": 2}),
    )
    return refuse_web_pages(client)


def refuse_web_pages(client: Any) -> Any:
    """Let a boto3 client raise EndpointError if a web server answers in the place of DynamoDB, and return the client.

    botocore takes the page for the text of an error or, with HTTP status 200, for an empty answer.

    Args:
        client: The client.
    """

    def check(http_response: Any, **_: Any) -> None:
        if http_response.content.lstrip()[:1] == b"<":
            url, status = client.meta.endpoint_url, http_response.status_code
            msg = f"found a web page at {url} (HTTP status {status}), expected a DynamoDB endpoint; check the URL"
            raise EndpointError(msg, status)

    client.meta.events.register("after-call", check)
    return client


def _host(url: str) -> str | None:
    with suppress(ValueError):
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("http", "https") else None
    return None


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
