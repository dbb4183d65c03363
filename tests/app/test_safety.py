"""What a production house must not have: each finding, with its cure."""

from pathlib import Path
from typing import Any

import pytest

from hongyan.app.safety import unsafe, unwise
from hongyan.protocols import TencentSettings
from hongyan.providers import SandboxSettings
from hongyan.settings import MetricsSettings, ProvidersSettings, ServerSettings, Settings

HTTPS = ServerSettings(base_url="https://sms.example.com")
SAFE = Settings(server=HTTPS)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://sms.example.com",
        "https://sms.example.com:8443/sms",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:8080",
    ],
)
def test_an_address_that_nobody_can_listen_to_is_safe(tmp_path: Path, base_url: str) -> None:
    assert unsafe(Settings(server=ServerSettings(base_url=base_url)), tmp_path) == []


@pytest.mark.parametrize(
    ("base_url", "finding"),
    [
        ("", "base_url is missing"),
        ("sms.example.com", "base_url is missing"),
        ("https://", "base_url is missing"),
        ("http://sms.example.com", "in the clear"),
        ("http://10.0.0.1", "in the clear"),
        ("http://127.0.0.1.example.com", "in the clear"),
        ("http://localhost.example.com", "in the clear"),
        ("ftp://sms.example.com", "in the clear"),
    ],
)
def test_an_address_that_is_not_safe_is_named(tmp_path: Path, base_url: str, finding: str) -> None:
    (found,) = unsafe(Settings(server=ServerSettings(base_url=base_url)), tmp_path)
    assert "[server] base_url" in found
    assert finding in found


def test_an_address_that_is_none_is_named(tmp_path: Path) -> None:
    (found,) = unsafe(Settings(server=ServerSettings(base_url="https://[sms")), tmp_path)
    assert "[server] base_url" in found


def test_the_sandbox_phone_is_not_for_production(tmp_path: Path) -> None:
    settings = Settings(server=HTTPS, providers=ProvidersSettings(sandbox=SandboxSettings()))
    (found,) = unsafe(settings, tmp_path)
    assert "[providers.sandbox]" in found


@pytest.mark.parametrize(("key", "findings"), [("", 0), ("a" * 15, 1), ("a" * 16, 0)])
def test_a_short_metrics_key_is_named_and_not_shown(
    tmp_path: Path, key: str, findings: int
) -> None:
    found = unsafe(Settings(server=HTTPS, metrics=MetricsSettings(key=key)), tmp_path)
    assert len(found) == findings
    assert not any(key in one for one in found)


@pytest.mark.parametrize(("mode", "findings"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)])
def test_a_key_file_that_others_can_read_is_named(tmp_path: Path, mode: int, findings: int) -> None:
    path = tmp_path / "hongyan.key"
    path.touch()
    path.chmod(mode)
    found = unsafe(SAFE, tmp_path)
    assert len(found) == findings
    assert all(f"chmod 600 {path}" in one for one in found)


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    settings = Settings(
        metrics=MetricsSettings(key="short"),
        providers=ProvidersSettings(sandbox=SandboxSettings()),
    )
    assert len(unsafe(settings, tmp_path)) == 3


@pytest.mark.parametrize(
    ("server", "wise"),
    [
        ({"base_url": "https://sms.example.com"}, False),
        ({"base_url": "https://sms.example.com", "trusted_proxies": ("127.0.0.1/32",)}, True),
        ({"base_url": "https://sms.example.com", "host": "0.0.0.0"}, True),  # noqa: S104
        ({"base_url": "http://127.0.0.1:8080"}, True),
    ],
)
def test_a_house_behind_a_proxy_names_it(server: dict[str, Any], *, wise: bool) -> None:
    found = unwise(Settings(server=ServerSettings(**server)))
    assert (not found) is wise
    assert all("trusted_proxies" in one for one in found)


@pytest.mark.parametrize(("after_s", "wise"), [(-1, True), (0, False), (60, False)])
def test_a_house_whose_reviews_nobody_makes_is_told_so(*, after_s: int, wise: bool) -> None:
    settings = Settings(server=HTTPS, tencent=TencentSettings(approve_after_s=after_s))
    found = [one for one in unwise(settings) if "approve_after_s" in one]
    assert (not found) is wise
