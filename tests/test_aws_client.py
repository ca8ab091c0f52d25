"""The boto3 client of a parking place is created on first use."""

import subprocess
import sys
import threading
from typing import Any

import pytest

from router import RegistrationError, S3Parking, SqsParking
from tests.parking.parked import parked


@pytest.mark.parametrize("make", [lambda: SqsParking("https://sqs/1/parked"), lambda: S3Parking("parked")])
def test_without_boto3(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    """Without boto3 the error comes when the place is made, not when a record is parked."""
    monkeypatch.setattr("router.aws_client.find_spec", lambda name: None)
    with pytest.raises(RegistrationError, match=r"found no boto3, .*pip install boto3"):
        make()


def test_boto3_is_imported_on_use() -> None:
    """Importing router and making a place does not import boto3."""
    code = "import router, sys; router.SqsParking('https://sqs/1/parked'); print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_default_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default client is created once, for all lanes, and gives up within seconds."""
    import boto3

    made: list[Any] = []

    class Client:
        def send_message(self, **_: Any) -> None: ...

        def send_message_batch(self, Entries: list[Any], **_: Any) -> Any:  # noqa: N803 - a name of the API
            return {"Successful": Entries}

    def client(service: str, config: Any) -> Client:
        made.append((service, config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]))
        return Client()

    monkeypatch.setattr(boto3, "client", client)
    place = SqsParking("https://sqs/1/parked")
    threads = [threading.Thread(target=place.park, args=(parked(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [("sqs", 2, 5, 2)]
