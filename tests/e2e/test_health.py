"""/healthz, /readyz, /metrics, and what every path and method answers."""

import re
from typing import Any

import pytest

from support.process import Client, Dev


def test_a_house_that_is_open_is_well_and_ready(nobody: Client) -> None:
    assert nobody.get("/healthz").json == {"status": "ok"}
    assert nobody.get("/readyz").json == {"status": "ready", "reasons": []}


def test_a_house_is_ready_once_dev_json_is_there(own: Dev) -> None:
    assert own.file["base_url"] == own.url
    assert own.nobody.get("/readyz").status == 200


def metrics(client: Client) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_metrics_count_requests_hand_overs_and_commits(own: Dev, phone: str) -> None:
    own.app.settled(own.app.sent(phone), "delivered")
    own.nobody.get("/secret?phone=13800138000")
    counted = metrics(own.nobody)
    assert counted['hongyan_requests_total{route="/v1/messages",status="201"}'] == 1
    assert counted['hongyan_requests_total{route="/v1/messages/{id}",status="200"}'] >= 1
    assert counted['hongyan_requests_total{route="other",status="404"}'] == 1
    assert counted['hongyan_attempts_total{outcome="accepted",provider="sandbox"}'] == 1
    assert counted["hongyan_commits_total"] > 1
    assert counted["hongyan_messages_waiting"] == 0
    assert counted["hongyan_store_writable"] == 1
    assert counted["process_resident_memory_bytes"] < 120e6


def test_each_metric_is_told_once(nobody: Client) -> None:
    text = nobody.get("/metrics").body.decode()
    names = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert all(f"# HELP {name} " in text for name in names)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/v1",
        "/v1/",
        "/v2/messages",
        "/v1/verifications/",
        "//",
        "/%00",
        "/v1/messages/a/b",
    ],
)
def test_an_unknown_path_is_not_found(nobody: Client, path: str) -> None:
    assert nobody.get(path).problem == (404, "no_such_path")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/verifications", "OPTIONS, POST"),
        ("GET", "/v1/messages", "POST"),
        ("POST", "/v1/messages/06XSFM3AW0000", "GET"),
        ("DELETE", "/v1/messages/06XSFM3AW0000", "GET"),
        ("PUT", "/v1/proofs/verify", "POST"),
        ("POST", "/healthz", "GET"),
        ("PATCH", "/", "GET"),
        ("TRACE", "/", "GET"),
        ("CONNECT", "example.com:443", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    nobody: Client, method: str, path: str, allowed: str
) -> None:
    answer = nobody.call(method, path)
    assert answer.problem == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/", "/healthz", "/openapi.json", "/.well-known/jwks.json"])
def test_head_is_told_what_get_would_be(nobody: Client, path: str) -> None:
    head, got = nobody.call("HEAD", path), nobody.get(path)
    assert head.body == b""
    assert head.seen[:2] == got.seen[:2]


@pytest.mark.parametrize("path", ["/", "/docs", "/pages/style.css", "/favicon.svg"])
def test_a_page_keeps_to_itself(nobody: Client, path: str) -> None:
    headers: Any = nobody.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_page_that_has_not_changed_is_not_sent_again(nobody: Client) -> None:
    etag = nobody.get("/docs").headers["etag"]
    answer = nobody.call("GET", "/docs", None, {"If-None-Match": etag})
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag


def test_no_answer_tells_what_serves_it(nobody: Client) -> None:
    assert "server" not in nobody.get("/").headers
