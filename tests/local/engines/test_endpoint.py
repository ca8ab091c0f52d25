"""``router.local.engines.endpoint``: clients of an engine at an endpoint URL."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from router.errors import RouterError
from router.local.engines.embedded import Embedded
from router.local.engines.endpoint import Endpoint, EndpointError, local_client


class TestEndpoint:
    @pytest.mark.parametrize("url", ["nonsense", "", "localhost:8000", "ftp://localhost", "http://", "http://[::1"])
    def test_a_text_that_is_no_http_url_is_refused(self, url: str) -> None:
        """The error comes before a client is made."""
        with pytest.raises(EndpointError, match="expected one such as") as caught:
            Endpoint(url)
        assert isinstance(caught.value, RouterError)

    @pytest.mark.parametrize(
        ("host", "local"),
        [("localhost", True), ("127.0.0.1", True), ("127.0.0.2", True), ("[::1]", True), ("engine", False)],
    )
    def test_loopback_addresses_are_local(self, host: str, local: bool) -> None:
        """All other hosts are not."""
        assert Endpoint(f"http://{host}:8000").local is local

    def test_streams_at_aws_have_an_address_of_their_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """AWS's URL of DynamoDB gives the URL of its streams."""
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        endpoint = Endpoint("https://dynamodb.eu-west-1.amazonaws.com")
        assert (
            endpoint.client("dynamodbstreams").meta.endpoint_url == "https://streams.dynamodb.eu-west-1.amazonaws.com"
        )
        assert endpoint.client("dynamodb").meta.endpoint_url == "https://dynamodb.eu-west-1.amazonaws.com"

    def test_on_this_machine_no_credentials_are_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A client of a loopback endpoint has dummy credentials."""
        monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        with Embedded() as engine:
            assert Endpoint(engine.endpoint_url).client("dynamodb").list_tables()["TableNames"] == []


class TestRefuseWebPages:
    @pytest.mark.parametrize("status", [200, 404])
    def test_a_web_page_in_the_place_of_an_answer_is_refused(self, status: int) -> None:
        """The error names the URL and leaves the page out."""
        page = b"<!DOCTYPE html><html>secret</html>"

        class Page(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name is http.server's
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
                """Leave standard error alone."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            with pytest.raises(EndpointError) as caught:
                local_client("dynamodb", url).list_tables()
            server.shutdown()
        assert str(caught.value) == (
            f"found a web page at {url} (HTTP status {status}), expected a DynamoDB endpoint; check the URL"
        )
