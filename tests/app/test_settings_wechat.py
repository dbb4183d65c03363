"""`[wechat]`: hosts are hosts, and the folder of the websites lies beside the configuration."""

from pathlib import Path

import pytest

from hongyan.settings import Settings, SettingsError, from_environment, load

NO_HOSTS = (
    "https://s.example.com/a",
    "ftp://s.example.com",
    "s.example.com/a",
    "s example.com",
    "https://",
    "user@s.example.com",
    "s.example.com?a=1",
)


def settings_of(folder: Path, *lines: str) -> Settings:
    file = folder / "hongyan.toml"
    file.write_text("\n".join(["[wechat]", *lines]), "utf-8")
    return load(file, {})


@pytest.mark.parametrize("name", ["link_host", "website_host"])
@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_no_host_is_refused_with_its_line(tmp_path: Path, name: str, host: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_of(tmp_path, f'{name} = "{host}"')
    assert f"line 2: wechat.{name}" in str(refused.value)


@pytest.mark.parametrize("host", ["", "s.example.com", "https://s.example.com/", "http://[::1]:80"])
def test_a_host_may_have_a_scheme(tmp_path: Path, host: str) -> None:
    assert settings_of(tmp_path, f'link_host = "{host}"').wechat.link_host == host


def test_websites_lie_beside_the_configuration(tmp_path: Path) -> None:
    found = settings_of(tmp_path, 'websites = "sites"').wechat.websites
    assert found == str(tmp_path / "sites")
    elsewhere = settings_of(tmp_path, 'websites = "/srv/sites"').wechat.websites
    assert elsewhere == "/srv/sites"
    assert not settings_of(tmp_path).wechat.websites
    given = {"HONGYAN__WECHAT__WEBSITES": "sites"}
    assert from_environment(given).wechat.websites == "sites"
