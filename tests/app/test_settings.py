"""Settings: every mistake is told with its file, line and key, and every number has its bounds."""

from pathlib import Path

import msgspec
import pytest

from hongyan.settings import Settings, SettingsError, from_environment, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hongyan.toml"


def loaded(file: Path, text: str, **environment: str) -> Settings:
    file.write_text(text, encoding="utf-8")
    return load(file, environment)


def refused(file: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(file, text)
    return str(caught.value)


# The file.


def test_an_empty_file_means_the_defaults(file: Path) -> None:
    assert loaded(file, "") == Settings()


def test_what_the_file_says_is_taken(file: Path) -> None:
    settings = loaded(
        file,
        "data = '/var/lib/hongyan'\n[server]\nport = 80\ntrusted_proxies = ['10.0.0.0/8']\n"
        "[verification]\ncool_down_s = [30, 45]\n",
    )
    assert settings.data == "/var/lib/hongyan"
    assert settings.server.port == 80
    assert settings.server.trusted_proxies == ("10.0.0.0/8",)
    assert settings.verification.cool_down_s == (30, 45)
    assert settings.verification.attempts == 5


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("datum = 'here'", 1, "datum"),
        ("data = 5", 1, "data"),
        ("\n[server]\nprot = 80", 3, "server.prot"),
        ("[server]\n# port = 1\nport = '80'", 3, "server.port"),
        ("[server]\nport = 65536", 2, "server.port"),
        ("[server]\naccess_log = 'some'", 2, "server.access_log"),
        ("[ server ]\n  drain_s   = 0", 2, "server.drain_s"),
        ("[server]\ntrusted_proxies = ['a', 5]", 2, "server.trusted_proxies"),
        ("[verification]\nattempts = 5\nattempt = 5", 3, "verification.attempt"),
        ("[store]\nattempts = 5\n[verification]\nattempts = 99", 4, "verification.attempts"),
        ("[verification]\ncool_down_s = [60, 29]", 2, "verification.cool_down_s"),
        (
            "[verification]\nattempts = 5\ncode_lifetime_s = 600\nlifetime_s = 300",
            1,
            "verification",
        ),
        ("[verification]\nfailures = 100", 1, "verification"),
        ("\n\n[sever]\nport = 80", 3, "sever"),
        ("[providers.sandbox]\nspeed = 1", 2, "providers.sandbox.speed"),
        ("[providers.pigeon]\nkey = 1", 1, "providers.pigeon"),
        ("[metrics]\nkey = 12345", 2, "metrics.key"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(
    file: Path, text: str, line: int, key: str
) -> None:
    if text.startswith("[store]"):
        text = text.replace("attempts = 5", "window_entries = 5", 1)
    assert refused(file, text).startswith(f"{file}, line {line}: {key}: ")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("server.port = 65536", "server.port"),
        ("server = { port = 65536 }", "server.port"),
        ('[server]\n"port" = 65536', "server.port"),
        ("[server]\n'prot' = 80", "server.prot"),
        ('"a b" = 1', "a b"),
    ],
)
def test_a_mistake_is_told_with_its_line_however_toml_is_written(
    file: Path, text: str, key: str
) -> None:
    line = text.count("\n") + 1
    assert refused(file, text).startswith(f"{file}, line {line}: {key}: ")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[server]\ntrusted_proxies = ['nonsense']", "server.trusted_proxies"),
        ("[server]\ntrusted_proxies = ['10.0.0.1/8']", "server.trusted_proxies"),
        ("[server]\ntrusted_proxies = [\n '::1',\n 'nonsense',\n]", "server.trusted_proxies"),
        ("[server]\nbase_url = 'https://[sms'", "server.base_url"),
        ("[server]\nbase_url = 'https://sms:65536'", "server.base_url"),
        ("[server]\nbase_url = 'https://sms.example.com\"'", "server.base_url"),
    ],
)
def test_what_is_no_network_or_address_is_told_with_its_line(
    file: Path, text: str, key: str
) -> None:
    assert refused(file, text).startswith(f"{file}, line 2: {key}: ")


@pytest.mark.parametrize("text", ["[server\nport = 1", "port = ", "a = 1\na = 2", "\0", "a == 1"])
def test_what_is_not_toml_is_told_with_file_and_line(file: Path, text: str) -> None:
    sentence = refused(file, text)
    assert sentence.startswith(f"{file} is not TOML: ")
    assert "line" in sentence or "end of document" in sentence


def test_a_file_that_is_missing_is_named_with_what_to_do(file: Path) -> None:
    with pytest.raises(SettingsError, match="hongyan init"):
        load(file, {})


def test_a_file_that_is_not_text_is_named(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        load(file, {})


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, {})


# The environment.


def test_the_environment_lies_over_the_file(file: Path) -> None:
    settings = loaded(
        file,
        "[server]\nport = 80\nhost = '::1'",
        HONGYAN__SERVER__PORT="81",
        HONGYAN__DATA="elsewhere",
        HONGYAN__VERIFICATION__COOL_DOWN_S="[30, 30]",
        HONGYAN__PROVIDERS__SANDBOX__TIMEOUT_S="0.5",
        HONGYAN_URL="http://not.a.setting",
    )
    assert (settings.server.port, settings.server.host) == (81, "::1")
    assert settings.data == "elsewhere"
    assert settings.verification.cool_down_s == (30, 30)
    assert settings.providers.sandbox is not None
    assert settings.providers.sandbox.timeout_s == 0.5


def test_a_mistake_in_the_environment_is_told_with_its_key() -> None:
    with pytest.raises(SettingsError, match=r"^the environment: server\.port: "):
        from_environment({"HONGYAN__SERVER__PORT": "http"})


def test_a_mistake_in_the_environment_is_not_told_of_the_file(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"^the environment: server\.port: "):
        loaded(file, "[server]\nport = 80", HONGYAN__SERVER__PORT="http")


def test_an_unknown_variable_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match=r"server\.prot"):
        from_environment({"HONGYAN__SERVER__PROT": "80"})


def test_a_value_that_is_not_toml_is_a_string() -> None:
    settings = from_environment({"HONGYAN__SERVER__BASE_URL": "https://sms.example.com"})
    assert settings.server.base_url == "https://sms.example.com"


@pytest.mark.parametrize(
    "environment",
    [
        {"HONGYAN__SERVER": "5", "HONGYAN__SERVER__PORT": "80"},
        {"HONGYAN__DATA": "here", "HONGYAN__DATA__MORE": "1"},
    ],
)
def test_a_variable_under_one_that_is_no_table_is_a_mistake(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        from_environment(environment)


# Bounds: every number has some.


def table(name: str) -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(getattr(Settings(), name))
    return found


NUMBERS = [
    (name, key)
    for name in ("server", "store", "verification", "dispatch")
    for key, value in table(name).items()
    if isinstance(value, int) and not isinstance(value, bool)
]


@pytest.mark.parametrize("value", ["0.5", "true", '"many"'])
@pytest.mark.parametrize(("name", "key"), NUMBERS)
def test_a_number_is_a_whole_number(file: Path, name: str, key: str, value: str) -> None:
    assert f"line 2: {name}.{key}: " in refused(file, f"[{name}]\n{key} = {value}")


@pytest.mark.parametrize("value", [-1, 10**12])
@pytest.mark.parametrize(("name", "key"), NUMBERS)
def test_a_number_has_bounds(file: Path, name: str, key: str, value: int) -> None:
    assert f"line 2: {name}.{key}: " in refused(file, f"[{name}]\n{key} = {value}")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("concurrency", 0),
        ("concurrency", -1),
        ("rate", -1),
        ("timeout_s", 0),
        ("receipt_delay_s", -1),
    ],
)
def test_a_number_of_the_sandbox_has_bounds(key: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=key):
        msgspec.convert({"providers": {"sandbox": {key: value}}}, Settings)


@pytest.mark.parametrize(
    ("key", "least", "most"),
    [
        ("code_length", 6, 8),
        ("code_lifetime_s", 60, 600),
        ("sends", 1, 5),
        ("attempts", 3, 10),
        ("accept_previous", 0, 1),
        ("lockout_min", 1, 1_440),
        ("proof_lifetime_s", 30, 600),
    ],
)
def test_the_policys_hard_bounds_are_kept(key: str, least: int, most: int) -> None:
    for value in (least, most):
        policy = {key: value} | ({"lifetime_s": 600} if key == "code_lifetime_s" else {})
        settings = msgspec.convert({"verification": policy}, Settings)
        assert getattr(settings.verification, key) == value
    for value in (least - 1, most + 1):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"verification": {key: value}}, Settings)


def test_no_setting_shows_a_secret() -> None:
    settings = from_environment({"HONGYAN__METRICS__KEY": "a-secret-of-sixteen"})
    assert settings.metrics.key == "a-secret-of-sixteen"
    assert "a-secret" not in repr(settings)
