"""``router.local.streams.poll_faults``: the errors after which reading goes on."""

from __future__ import annotations

import pytest
from botocore import exceptions as botocore

from router.local.engines.endpoint import EndpointError
from router.local.streams.poll_faults import error_name, is_local, is_stream_missing, poll_fault
from tests.local.streams.faulty_stream import BUSY, URL, refused


class TestPollFault:
    @pytest.mark.parametrize("code", BUSY)
    def test_a_busy_service_passes(self, code: str) -> None:
        """Of every operation."""
        assert {poll_fault(refused(code, name)) for name in ("DescribeStream", "GetRecords")} == {"busy"}

    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    def test_an_unknown_error_of_the_server_passes(self, status: int) -> None:
        """Its HTTP status says so."""
        assert poll_fault(refused("Oops", status=status)) == "busy"

    @pytest.mark.parametrize("operation", ["GetRecords", "GetShardIterator"])
    def test_data_that_is_gone_has_its_own_faults(self, operation: str) -> None:
        """An iterator, records or a shard."""
        codes = ("ExpiredIteratorException", "TrimmedDataAccessException", "ResourceNotFoundException")
        found = [poll_fault(refused(code, operation)) for code in codes]
        assert found == ["expired", "trimmed", "shard missing"]

    def test_a_missing_stream_does_not_pass(self) -> None:
        """DescribeStream finds it by its ARN."""
        error = refused("ResourceNotFoundException", "DescribeStream")
        assert (poll_fault(error), is_stream_missing(error)) == (None, True)

    @pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException", "ValidationException"])
    def test_other_refusals_do_not_pass(self, code: str) -> None:
        """The caller must change something."""
        assert poll_fault(refused(code)) is None

    @pytest.mark.parametrize(
        "error",
        [
            botocore.ConnectionClosedError(endpoint_url=URL),
            botocore.ReadTimeoutError(endpoint_url=URL),
            botocore.HTTPClientError(error="reset"),
            botocore.IncompleteReadError(actual_bytes=1, expected_bytes=2),
            botocore.ResponseStreamingError(error="reset"),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_a_broken_connection_passes(self, error: Exception) -> None:
        """Reset, timed out or cut short."""
        assert poll_fault(error) == "busy"

    @pytest.mark.parametrize(
        "error",
        [
            botocore.EndpointConnectionError(endpoint_url=URL),
            botocore.ConnectTimeoutError(endpoint_url=URL),
            botocore.ProxyConnectionError(proxy_url=URL),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_no_connection_may_pass(self, error: Exception) -> None:
        """A network comes back, an engine that has ended does not."""
        assert poll_fault(error) == "unreachable"

    @pytest.mark.parametrize(("status", "fault"), [(502, "unreachable"), (404, None), (None, None)])
    def test_the_page_of_a_gateway_may_pass(self, status: int | None, fault: str | None) -> None:
        """The engine behind it starts again; any other page is that of a wrong address."""
        assert poll_fault(EndpointError("found a web page", status)) == fault

    def test_other_errors_do_not_pass(self) -> None:
        """A wrong certificate, missing credentials, and errors of this program."""
        errors = [botocore.SSLError(endpoint_url=URL, error=OSError()), botocore.NoCredentialsError(), ValueError("x")]
        assert list(map(poll_fault, errors)) == [None, None, None]


class TestErrorName:
    def test_a_refusal_has_its_code_and_operation(self) -> None:
        """Its message may be long."""
        assert error_name(refused("ThrottlingException")) == "ThrottlingException of GetRecords"

    def test_another_error_has_its_text(self) -> None:
        """It names the address."""
        assert error_name(botocore.ReadTimeoutError(endpoint_url=URL)) == f'Read timeout on endpoint URL: "{URL}"'


@pytest.mark.parametrize(
    ("error", "local"),
    [
        (botocore.EndpointConnectionError(endpoint_url=URL), True),
        (botocore.EndpointConnectionError(endpoint_url="https://streams.dynamodb.eu-west-1.amazonaws.com"), False),
        (refused("ThrottlingException"), False),
    ],
)
def test_an_error_may_be_about_an_endpoint_on_this_machine(error: Exception, local: bool) -> None:
    """It names the endpoint."""
    assert is_local(error) is local
