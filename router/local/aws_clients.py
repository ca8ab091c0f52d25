"""Clients of AWS for the tools that read and write what is deployed."""

from __future__ import annotations

from typing import Any

from router.extras import needed_by
from router.local.engines.endpoint import Endpoint

__all__ = ["aws_client"]

_DEFAULT_REGION = "us-east-1"


def aws_client(service: str, endpoint_url: str | None = None, *, region: str | None = None, **settings: Any) -> Any:
    """A client of a service, with boto3's own chain of credentials and regions; whoever makes it closes it.

    Args:
        service: The service's name in boto3.
        endpoint_url: One endpoint for all services, such as that of ministack. By default AWS, or what the environment
            names.
        region: The region of what the client reads; by default the environment's.
        settings: Settings of botocore.
    """
    with needed_by("an AWS client"):
        import boto3
        from botocore.config import Config

    session = boto3.session.Session()
    options: dict[str, Any] = {
        "region_name": region or session.region_name or _DEFAULT_REGION,
        "config": Config(**settings),
    }
    if endpoint_url is not None:
        endpoint = Endpoint(endpoint_url)
        options["endpoint_url"] = endpoint.endpoint_url
        if endpoint.local:
            # No proxy, no names of buckets as hosts, and no minute of retries where nothing listens.
            near = {"proxies": {}, "s3": {"addressing_style": "path"}, "retries": {"total_max_attempts": 3}}
            options["config"] = Config(**{**settings, **near})
            if session.get_credentials() is None:
                options |= {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return session.client(service, **options)
