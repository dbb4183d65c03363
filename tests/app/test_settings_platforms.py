"""`[providers.tencent]` and `[providers.wechat]`: the sample shows every key; mistakes and secrets."""

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hongyan.app.delivery import configured
from hongyan.app.safety import unsafe
from hongyan.providers import TencentUpstreamSettings, WechatUpstreamSettings
from hongyan.providers.wechat import Marketing
from hongyan.settings import Settings, SettingsError, from_environment, load
from support.fake import zhenzi_secret

SECRET = zhenzi_secret()
TENCENT = f"""[providers.tencent]
secret_id = 'AKIDexample'
secret_key = '{SECRET}'
sdk_app_id = '1400006666'
"""
WECHAT = f"""[providers.wechat]
app_id = 'wx0123456789abcdef'
app_secret = '{SECRET}'
env = 'online-12345678910'
"""
TABLES = {"tencent": TENCENT, "wechat": WECHAT}
DEFAULTS: dict[str, Any] = {
    "tencent": TencentUpstreamSettings(secret_id="…", secret_key="…", sdk_app_id="…"),
    "wechat": WechatUpstreamSettings(app_id="…", app_secret="…", env="…"),
}
REQUIRED = {
    "tencent": {"secret_id", "secret_key", "sdk_app_id", "templates"},
    "wechat": {"app_id", "app_secret", "env", "templates", "marketing"},
}
"""What a sample shows as somebody has it, rather than as it is without."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hongyan.toml"


def loaded(file: Path, text: str, **environment: str) -> Settings:
    file.write_text(text, encoding="utf-8")
    return load(file, environment)


def shown(name: str) -> str:
    """The table in the sample, without its `#`."""
    sample = resources.files("hongyan").joinpath("hongyan.sample.toml").read_text("utf-8")
    begins = sample.index(f"# [providers.{name}]")
    table = sample[begins:].partition("\n\n")[0]
    lines = re.findall(rf"^# (\[providers\.{name}\]|[a-z_]+ =.*)$", table, re.MULTILINE)
    return "\n".join(lines)


@pytest.mark.parametrize("name", TABLES)
def test_the_sample_shows_every_key_with_its_default(file: Path, name: str) -> None:
    table = tomllib.loads(shown(name))["providers"][name]
    assert set(table) == set(DEFAULTS[name].__struct_fields__)
    defaults = msgspec.to_builtins(DEFAULTS[name])
    optional = set(table) - REQUIRED[name]
    assert {key: table[key] for key in optional} == {key: defaults[key] for key in optional}
    loaded(file, shown(name))


def test_templates_are_given_by_number(file: Path) -> None:
    settings = loaded(file, shown("tencent") + "\n" + shown("wechat"))
    assert settings.providers.tencent is not None
    assert settings.providers.tencent.templates == {"1": "1717171"}
    assert settings.providers.wechat is not None
    assert settings.providers.wechat.templates == {"1": "923584"}
    assert settings.providers.wechat.marketing == {
        "2": Marketing(content="{1}", path="/index.html")
    }


@pytest.mark.parametrize("name", TABLES)
def test_a_provider_that_is_configured_may_be_routed_to(file: Path, name: str) -> None:
    settings = loaded(file, TABLES[name])
    assert configured(settings.providers, in_development=False) == {name}


def test_secrets_may_come_from_the_environment_and_are_told_nowhere() -> None:
    settings = from_environment(
        {
            "HONGYAN__PROVIDERS__TENCENT__SECRET_ID": "AKIDexample",
            "HONGYAN__PROVIDERS__TENCENT__SECRET_KEY": SECRET,
            "HONGYAN__PROVIDERS__TENCENT__SDK_APP_ID": "1400006666",
            "HONGYAN__PROVIDERS__TENCENT__RECEIPTS_KEY": "receipts of nobody else",
            "HONGYAN__PROVIDERS__WECHAT__APP_ID": "wx1",
            "HONGYAN__PROVIDERS__WECHAT__APP_SECRET": SECRET,
            "HONGYAN__PROVIDERS__WECHAT__ENV": "e",
        }
    )
    assert settings.providers.tencent is not None
    assert settings.providers.tencent.sdk_app_id == "1400006666"
    assert SECRET not in repr(settings)
    assert "nobody else" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        (TENCENT + "secret = ''", 5, "providers.tencent.secret"),
        (TENCENT + "pull_every_s = -1", 5, "providers.tencent.pull_every_s"),
        (TENCENT + "templates = ['1']", 5, "providers.tencent.templates"),
        ("[server]\n[providers.tencent]\nsecret_id = '1'", 2, "providers.tencent"),
        (WECHAT + "marketing = { 1 = '{1}' }", 5, "providers.wechat.marketing"),
        (WECHAT + "marketing = { 1 = { page = '' } }", 5, "providers.wechat.marketing"),
        (WECHAT + "look_every_s = 0", 5, "providers.wechat.look_every_s"),
        *(
            (TABLES[name] + f"api_url = '{url}'", 5, f"providers.{name}.api_url")
            for name in TABLES
            for url in ("sms.tencentcloudapi.com", "ftp://example.com", "https://a/?b=c")
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(file: Path, text: str, line: int, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(file, text)
    assert str(caught.value).startswith(f"{file}, line {line}: {key}")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("url", "is_safe"),
    [("https://a.example.com", True), ("http://[::1]:80", True), ("http://a.example.com", False)],
)
def test_nothing_is_served_that_sends_secrets_in_the_clear(
    file: Path, tmp_path: Path, name: str, url: str, is_safe: bool
) -> None:
    server = "[server]\nbase_url = 'https://sms.example.com'\n"
    settings = loaded(file, server + TABLES[name] + f"api_url = '{url}'")
    assert [f"api_url is {url}" in one for one in unsafe(settings, tmp_path)] == [True] * (
        not is_safe
    )


@pytest.mark.parametrize(("key", "is_safe"), [("", True), ("a" * 15, False), ("a" * 16, True)])
def test_nor_that_takes_receipts_under_a_short_key(
    file: Path, tmp_path: Path, key: str, is_safe: bool
) -> None:
    server = "[server]\nbase_url = 'https://sms.example.com'\n"
    settings = loaded(file, server + TENCENT + f"receipts_key = '{key}'")
    assert ["receipts_key" in one for one in unsafe(settings, tmp_path)] == [True] * (not is_safe)
