"""Where a house keeps what it keeps, and that no password is shown on the way there."""

import stat
from pathlib import Path
from typing import Any

import pytest

from hongyan.app.place import PASSWORD_FILE, URL_FILE, Place, place_of, remember
from hongyan.settings import Settings, SettingsError, from_environment, load
from hongyan.store.opening import StoreSettings

SECRET = "pa%40ss-w0rd"
CLEAR = "pa@ss-w0rd"
URL = "postgresql://hongyan@db.example.com:5433/sms"
WITH_PASSWORD = f"postgresql://hongyan:{SECRET}@db.example.com:5433/sms"


def place(directory: Path, database: str = "", **more: Any) -> Place:
    return place_of(directory, StoreSettings(database=database, **more), directory)


def test_without_a_database_it_is_the_directory(tmp_path: Path) -> None:
    found = place(tmp_path)
    assert (found.database, found.told) == ("", str(tmp_path))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (URL, "sms at db.example.com:5433"),
        ("postgres://db/sms", "sms at db"),
        ("postgresql://[::1]:5433/sms", "sms at [::1]:5433"),
        ("postgresql://a@one:1,two:2/sms?target_session_attrs=read-write", "sms at one:1,two:2"),
        ("postgresql:///sms?host=/run/postgresql", "sms at the local socket"),
        ("postgresql://hongyan@db/", "hongyan at db"),
    ],
)
def test_an_address_is_kept_as_it_is_written(tmp_path: Path, written: str, told: str) -> None:
    found = place(tmp_path, written)
    assert (found.database, found.told) == (written, told)


def test_a_password_is_used_and_never_shown(tmp_path: Path) -> None:
    found = place(tmp_path, WITH_PASSWORD)
    assert (found.database, found.password) == (URL, CLEAR)
    shown = f"{found!r} {found.told} {found.database} {StoreSettings(database=WITH_PASSWORD)!r}"
    assert "w0rd" not in shown


def test_a_password_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(CLEAR + "\n")
    assert place(tmp_path, URL, database_password_file="secret").password == CLEAR
    with pytest.raises(SettingsError, match="No such file"):
        place(tmp_path, URL, database_password_file="none")


def test_a_directory_remembers_its_database(tmp_path: Path) -> None:
    remember(place(tmp_path, WITH_PASSWORD))
    assert place(tmp_path) == place(tmp_path, WITH_PASSWORD) == place(tmp_path, URL)
    assert place(tmp_path, "postgresql://other@db/sms").password == ""
    assert "w0rd" not in (tmp_path / URL_FILE).read_text()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (URL_FILE, PASSWORD_FILE)]
    assert modes == [0o600, 0o600]


BAD = [
    "mysql://w0rd@db/sms",
    "postgresql://u:w0rd/x@db/sms",
    "postgresql://u:12/w0rd@db/sms",
    "postgresql://db:w0rd/sms",
    "postgresql://u:w0rd@db/sms?password=w0rd",
    "postgresql://u@db/sms?sslmode=require&password=w0rd",
    "w0rd",
    "postgresql://u:w0 rd@db/sms",
]


@pytest.mark.parametrize("written", BAD)
def test_an_address_that_is_none_is_refused_without_being_repeated(
    tmp_path: Path, written: str
) -> None:
    file = tmp_path / "hongyan.toml"
    file.write_text(f"[store]\ndatabase = '{written}'\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file, {})
    sentence = str(caught.value)
    assert sentence.startswith(f"{file}, line 2: store.database: its form is postgresql://")
    assert "rd" not in sentence.replace("password", "").replace("postgresql", "")
    with pytest.raises(SettingsError, match=r"the environment: store\.database: its form is"):
        from_environment({"HONGYAN__STORE__DATABASE": written})


def test_a_broken_memory_is_refused(tmp_path: Path) -> None:
    (tmp_path / URL_FILE).write_text("nonsense")
    with pytest.raises(SettingsError, match="its form is"):
        place(tmp_path)


def test_settings_with_a_database_can_be_read(tmp_path: Path) -> None:
    settings = from_environment({"HONGYAN__STORE__DATABASE": URL, "HONGYAN__STORE__WAIT_S": "3"})
    assert settings == Settings(store=StoreSettings(database=URL, wait_s=3))
    assert place_of(tmp_path, settings.store, tmp_path).wait_s == 3
