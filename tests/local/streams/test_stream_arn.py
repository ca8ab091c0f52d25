"""``router.local.streams.stream_arn``: the ARNs of streams of engines without accounts."""

from router.local.streams.stream_arn import event_source_arn, relocate

ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Shop/stream/2026-01-02T03:04:05.678"


class TestRelocate:
    def test_region_and_account_are_replaced(self) -> None:
        """The rest of the ARN stays, colons included."""
        local = "arn:aws:dynamodb:ddblocal:000000000000:table/Shop/stream/2026-01-02T03:04:05.678"
        assert relocate(local) == ("arn:aws:dynamodb:us-east-1:123456789012:table/Shop/stream/2026-01-02T03:04:05.678")

    def test_both_can_be_chosen(self) -> None:
        """Region and account are arguments."""
        assert relocate(ARN, region="eu-north-1", account="999999999999").startswith(
            "arn:aws:dynamodb:eu-north-1:999999999999:table/Shop/"
        )


class TestEventSourceArn:
    def test_an_arn_of_aws_stays(self) -> None:
        """An ARN with an account is the event source's own."""
        assert event_source_arn(ARN) == ARN

    def test_an_arn_without_account_gets_one(self) -> None:
        """A local engine's placeholders become a region and an account."""
        local = "arn:aws:dynamodb:ddblocal:000000000000:table/T/stream/2026"
        assert event_source_arn(local) == "arn:aws:dynamodb:us-east-1:123456789012:table/T/stream/2026"
