"""``router.local.streams.client``: DynamoDB and its streams at an endpoint, and the errors."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as botocore

from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.streams.client import RecorderError, Service, stream_parts
from tests.local.streams.conftest import Table

ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Shop/stream/2026-01-02T03:04:05.678"


class TestStreamParts:
    def test_the_parts_of_a_streams_arn(self) -> None:
        """The ARN holds the region and the table."""
        assert stream_parts(ARN) == ("eu-west-1", "Shop")

    @pytest.mark.parametrize("arn", ["", "Shop", "arn:aws:dynamodb:eu-west-1:1:table/Shop", ARN.replace("aws", "abc")])
    def test_another_arn_is_refused(self, arn: str) -> None:
        """A table's ARN is the most common wrong one."""
        with pytest.raises(RecorderError, match=r"found the stream ARN .* expected arn:aws:dynamodb:REGION"):
            stream_parts(arn)


@pytest.mark.usefixtures("without_aws")
class TestService:
    def test_an_endpoint_on_this_machine_needs_no_settings(self) -> None:
        """A loopback endpoint gets dummy credentials and a default region."""
        service = Service("http://localhost:1")
        credentials = service.tables._request_signer._credentials
        assert (service.region, credentials.access_key) == ("us-east-1", "local")

    def test_credentials_of_the_environment_are_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A local engine may have a database for each access key."""
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
        assert Service("http://localhost:1").tables._request_signer._credentials.access_key == "mine"

    def test_the_region_is_the_streams(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The region in the ARN comes before the default region."""
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
        assert (Service(stream_arn=ARN).region, Service().region) == ("eu-west-1", "us-east-2")

    def test_an_endpoint_of_aws_leads_to_its_streams(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """AWS has a second address for streams."""
        service = Service("https://dynamodb.eu-west-1.amazonaws.com", ARN)
        assert service.streams.meta.endpoint_url == "https://streams.dynamodb.eu-west-1.amazonaws.com"

    def test_a_missing_region_is_an_error(self) -> None:
        """The message names the variables to set."""
        with pytest.raises(RecorderError, match=r"found no way to ask AWS \(You must specify a region\.\); set AWS_"):
            Service()

    def test_missing_credentials_are_an_error(self) -> None:
        """Only loopback endpoints get dummy credentials."""
        with pytest.raises(RecorderError, match=r"found no way to ask https://dynamodb\.example"):
            Service("https://dynamodb.example", ARN).stream_of("Shop")

    def test_an_unknown_profile_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The message is boto3's."""
        monkeypatch.setenv("AWS_PROFILE", "nope")
        with pytest.raises(RecorderError, match=r"the settings of boto3 .* profile \(nope\) could not be found"):
            Service("http://localhost:1")

    def test_a_silent_endpoint_is_an_error(self) -> None:
        """Nothing listens on port 1."""
        with pytest.raises(RecorderError, match=r"found nothing that answers at http://127.0.0.1:1, expected DynamoDB"):
            Service("http://127.0.0.1:1").stream_of("Shop")

    def test_a_refusal_has_the_services_message(self) -> None:
        """The error holds the operation, the code and the message."""
        service = Service("http://127.0.0.1:1")
        refusal = {"Error": {"Code": "AccessDeniedException", "Message": "You shall not pass"}}

        def refuse(**_: Any) -> Any:
            raise botocore.ClientError(refusal, "GetRecords")  # type: ignore[arg-type]  # a part of what AWS sends

        service.streams.get_records = refuse
        with pytest.raises(RecorderError, match=r"to refuse GetRecords: AccessDeniedException: You shall not pass"):
            service.get_records(ShardIterator="x")


class TestTables:
    def test_an_unknown_table_is_refused_with_the_nearest(self, dynamodb_local: DynamoDBLocal, table: Table) -> None:
        """The engine lists the names of its tables."""
        name, _ = table()
        with pytest.raises(RecorderError, match=f"found no table '{name}s' at .* did you mean '{name}'"):
            Service(dynamodb_local.endpoint_url).stream_of(f"{name}s")

    def test_a_table_without_a_stream_is_refused(self, dynamodb_local: DynamoDBLocal, table: Table) -> None:
        """The message holds the command that enables the stream."""
        name, _ = table(None)
        with pytest.raises(RecorderError, match=f"without a stream.*aws dynamodb update-table --table-name {name}"):
            Service(dynamodb_local.endpoint_url).stream_of(name)
