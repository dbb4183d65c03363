"""`[providers.zhenzi]`: the sample shows every key, and mistakes are told with file, line and key."""

import re
import tomllib
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from hongyan.app.safety import unsafe
from hongyan.providers import ZhenziSettings
from hongyan.settings import Settings, SettingsError, from_environment, load
from support.fake import zhenzi_secret

SECRET = zhenzi_secret()
TABLE = f"[providers.zhenzi]\napp_id = '100001'\napp_secret = '{SECRET}'\n"
_COMMENTED = re.compile(r"# ((?:\[providers\.zhenzi\]|[a-z_]+ =).*)")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hongyan.toml"


def loaded(file: Path, text: str, **environment: str) -> Settings:
    file.write_text(text, encoding="utf-8")
    return load(file, environment)


def zhenzi(settings: Settings) -> ZhenziSettings:
    assert settings.providers.zhenzi is not None
    return settings.providers.zhenzi


def test_the_sample_shows_every_key_with_its_default(file: Path) -> None:
    sample = resources.files("hongyan").joinpath("hongyan.sample.toml").read_text("utf-8")
    shown = "\n".join(_COMMENTED.findall(sample[sample.index("# [providers.zhenzi]") :]))
    table = tomllib.loads(shown)["providers"]["zhenzi"]
    assert set(table) == set(ZhenziSettings.__struct_fields__)
    defaults = msgspec.to_builtins(ZhenziSettings(app_id="100001", app_secret="…"))
    assert table | {"templates": {}} == defaults
    assert zhenzi(loaded(file, shown)).templates == {"1": 355}


def test_the_secret_may_come_from_the_environment(file: Path) -> None:
    text = "[providers.zhenzi]\napp_id = '100001'\n"
    settings = loaded(file, text, HONGYAN__PROVIDERS__ZHENZI__APP_SECRET=SECRET)
    assert zhenzi(settings).app_secret == SECRET
    assert SECRET not in repr(settings)


def test_variables_of_digits_are_words_where_words_are_wanted() -> None:
    settings = from_environment(
        {
            "HONGYAN__PROVIDERS__ZHENZI__APP_ID": "100001",
            "HONGYAN__PROVIDERS__ZHENZI__APP_SECRET": "1e5",
            "HONGYAN__PROVIDERS__ZHENZI__TEMPLATES__1": "355",
            "HONGYAN__PROVIDERS__ZHENZI__RATE": "2",
        }
    )
    found = zhenzi(settings)
    assert (found.app_id, found.app_secret, found.rate) == ("100001", "1e5", 2)
    assert found.templates == {"1": 355}


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        (TABLE + "app_sercet = ''", 4, "providers.zhenzi.app_sercet"),
        (TABLE + "timeout_s = 0", 4, "providers.zhenzi.timeout_s"),
        (TABLE + "templates = ['355']", 4, "providers.zhenzi.templates"),
        ("[providers.zhenzi]\napp_id = 100001\napp_secret = 'a'", 2, "providers.zhenzi.app_id"),
        ("[providers.zhenzi]\napp_id = ''\napp_secret = 'a'", 2, "providers.zhenzi.app_id"),
        ("[server]\n[providers.zhenzi]\napp_id = '1'", 2, "providers.zhenzi"),
        *(
            (TABLE + f"api_url = '{url}'", 4, "providers.zhenzi.api_url")
            for url in (
                "sms_developer.zhenzikj.com",
                "ftp://sms.zhenzikj.com",
                "https://",
                "https://me:secret@sms.zhenzikj.com",
                "https://sms.zhenzikj.com/?a=b",
                "https://sms.zhenzikj.com:99999",
                "https://sms.zhenzikj.com/ ",
            )
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(file: Path, text: str, line: int, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(file, text)
    assert str(caught.value).startswith(f"{file}, line {line}: {key}: ")
    assert SECRET not in str(caught.value)


def test_a_mistake_in_a_variable_is_told_as_one() -> None:
    given = {
        "HONGYAN__PROVIDERS__ZHENZI__APP_ID": "1",
        "HONGYAN__PROVIDERS__ZHENZI__APP_SECRET": SECRET,
        "HONGYAN__PROVIDERS__ZHENZI__TIMEOUT_S": "long",
    }
    with pytest.raises(SettingsError) as caught:
        from_environment(given)
    told = "the environment: providers.zhenzi.timeout_s: Expected `float`, got `str`."
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://sms_developer.zhenzikj.com", True),
        ("http://127.0.0.1:8080", True),
        ("http://sms.zhenzikj.com", False),
    ],
)
def test_nothing_is_served_that_sends_secrets_in_the_clear(
    file: Path, tmp_path: Path, url: str, is_safe: bool
) -> None:
    server = "[server]\nbase_url = 'https://sms.example.com'\n"
    settings = loaded(file, server + TABLE + f"api_url = '{url}'")
    assert [f"api_url is {url}" in one for one in unsafe(settings, tmp_path)] == [True] * (
        not is_safe
    )
