"""DynamoDB and its streams at AWS or at any endpoint, through boto3, with errors of one sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from router.errors import RouterError
from router.extras import needed_by
from router.local.engines.endpoint import Endpoint, refuse_web_pages
from router.local.streams.poll_faults import poll_fault

__all__ = ["LOCAL_REGION", "RecorderError", "Service", "StreamLostError", "stream_parts"]

LOCAL_REGION = "ddblocal"
"""The region in the ARNs of DynamoDB Local."""

_STREAM = re.compile(r"arn:aws[a-z-]*:dynamodb:([^:]+):[0-9]*:table/([^/]+)/stream/.+")
_DEFAULT_REGION = "us-east-1"


class RecorderError(RouterError):
    """A stream cannot be read: it does not exist, does not answer or may not be read. Or an event cannot be written."""


class StreamLostError(RecorderError):
    """The stream cannot be read any more: it was deleted, or its service does not answer for too long."""


class Service:
    """DynamoDB and its streams, at AWS or at any other endpoint, with boto3's own chain of credentials and regions.

    An endpoint on the loopback interface gets dummy credentials and a default region unless others are set.

    Args:
        endpoint_url: The engine's endpoint URL; AWS by default.
        stream_arn: A stream, whose region is used.

    Attributes:
        tables: The boto3 client of DynamoDB.
        streams: The boto3 client of its streams.
        region: The region of both.

    Raises:
        EndpointError: The URL is no HTTP URL.
        RecorderError: The ARN is no stream's, or boto3 finds no region.

    Example:
        >>> Service("http://127.0.0.1:8000").stream_of("Shop")  # doctest: +SKIP
        'arn:aws:dynamodb:ddblocal:000000000000:table/Shop/stream/2026-01-02T03:04:05.678'
    """

    def __init__(self, endpoint_url: str | None = None, stream_arn: str | None = None) -> None:
        with needed_by("an AWS client"):
            import boto3
            from botocore.config import Config

        self._where = endpoint_url or "AWS"
        self._endpoint = None if endpoint_url is None else Endpoint(endpoint_url)
        local = self._endpoint is not None and self._endpoint.local
        region = stream_parts(stream_arn)[0] if stream_arn else LOCAL_REGION
        with self._explained("the settings of boto3"):
            session = boto3.session.Session()
            region = session.region_name if region == LOCAL_REGION else region
            self._options: dict[str, Any] = {
                "region_name": region or (_DEFAULT_REGION if local else None),
                "config": Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3}),
            }
            if local:
                self._options["config"] = self._options["config"].merge(Config(proxies={}))
            if local and session.get_credentials() is None:
                self._options |= {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
            self._session = session
            self.tables = self._client("dynamodb")
            self.streams = self._client("dynamodbstreams")
        self.region = str(self.streams.meta.region_name)

    def stream_of(self, table: str) -> str:
        """The ARN of a table's latest stream.

        Args:
            table: The table.

        Raises:
            RecorderError: The table does not exist, or it has no stream.
        """
        from botocore.exceptions import ClientError

        try:
            with self._explained("DescribeTable", passing=_is_missing):
                found = self.tables.describe_table(TableName=table)["Table"]
        except ClientError:
            raise RecorderError(self._no_table(table)) from None
        arn = found.get("LatestStreamArn")
        if arn is None:
            msg = (
                f"found table {table!r} without a stream, expected one; switch it on with StreamSpecification, as in "
                f"aws dynamodb update-table --table-name {table} "
                "--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"
            )
            raise RecorderError(msg)
        return str(arn)

    def describe_stream(self, **names: Any) -> Any:
        """List the shards of a stream, a page at a time."""
        return self._called("DescribeStream", self.streams.describe_stream, names)

    def get_shard_iterator(self, **names: Any) -> Any:
        """Make an iterator at a position in a shard."""
        return self._called("GetShardIterator", self.streams.get_shard_iterator, names)

    def get_records(self, **names: Any) -> Any:
        """Read a page of records at an iterator."""
        return self._called("GetRecords", self.streams.get_records, names)

    def _client(self, service: str) -> Any:
        url = None if self._endpoint is None else self._endpoint.url_of(service)
        return refuse_web_pages(self._session.client(service, endpoint_url=url, **self._options))

    def _called(self, name: str, method: Callable[..., Any], names: Mapping[str, Any]) -> Any:
        with self._explained(name, passing=lambda error: poll_fault(error) is not None):
            return method(**names)

    def _no_table(self, table: str) -> str:
        names: list[str] = []
        with suppress(RecorderError), self._explained("ListTables"):
            pages = self.tables.get_paginator("list_tables").paginate()
            names = [name for page in pages for name in page["TableNames"]]
        near = difflib.get_close_matches(table, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names[:8])}" if names else ""
        where = self._where if self._endpoint else f"AWS in {self.region}"
        return f"found no table {table!r} at {where}, expected one with a stream{hint}"

    @contextmanager
    def _explained(self, doing: str, passing: Callable[[Exception], bool] = lambda _: False) -> Iterator[None]:
        """Raise RecorderError for botocore's errors, except those that pass; their messages hold no items."""
        from botocore import exceptions as found

        try:
            yield
        except (found.BotoCoreError, found.ClientError, ValueError) as error:
            if passing(error):
                raise
            msg = self._explanation(doing, error)
        else:
            return
        raise RecorderError(msg) from None

    def _explanation(self, doing: str, error: Exception) -> str:
        from botocore import exceptions as found

        if isinstance(error, found.ClientError):
            refusal = error.response.get("Error", {})
            return f"found {self._where} to refuse {doing}: {refusal.get('Code')}: {refusal.get('Message')}"
        if isinstance(error, found.ConnectionError | found.HTTPClientError):
            return f"found nothing that answers at {self._where}, expected DynamoDB ({error}); see whether it runs"
        if isinstance(error, found.NoCredentialsError | found.PartialCredentialsError | found.NoRegionError):
            return f"found no way to ask {self._where} ({error}); set AWS_PROFILE, or the variables of boto3"
        return f"found {doing} impossible at {self._where}: {error}"


def _is_missing(error: Exception) -> bool:
    code: str = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    return code == "ResourceNotFoundException"


def stream_parts(stream_arn: str) -> tuple[str, str]:
    """The region and the table in a stream's ARN.

    Args:
        stream_arn: The ARN.

    Raises:
        RecorderError: The ARN is not a stream's.

    Example:
        >>> stream_parts("arn:aws:dynamodb:eu-west-1:111122223333:table/Shop/stream/2026-01-02T03:04:05.678")
        ('eu-west-1', 'Shop')
    """
    found = _STREAM.fullmatch(stream_arn)
    if found is None:
        msg = f"found the stream ARN {stream_arn!r}, expected arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL"
        raise RecorderError(msg)
    return found[1], found[2]
