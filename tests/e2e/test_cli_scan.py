"""`hongyan scan` as a person or a build calls it: what it says, and its exit codes."""

import json
from pathlib import Path

import pytest

from support import fake
from support.commands import refused
from support.process import hongyan, hongyan_of_an_ordinary_user

ZHENZI, WECHAT, KEY = fake.zhenzi_secret(), fake.wechat_secret(), fake.hongyan_key()
ROOTS = {"miniprogramRoot": "miniprogram/", "cloudfunctionRoot": "cloudfunctions/"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A mini program with a cloud function, as the quick start lays it out; without a leak."""
    write(tmp_path / "project.config.json", json.dumps(ROOTS))
    write(tmp_path / "miniprogram/app.js", "const KEY = 'pk_publishable'\nApp({})\n")
    write(tmp_path / "miniprogram/logo.png", "\x89PNG\r\n\x1a\n\0")
    write(tmp_path / "miniprogram/node_modules/a/index.js", f"secret: '{WECHAT}'")
    write(tmp_path / "cloudfunctions/send/index.js", "const { APP_SECRET } = process.env\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_help_names_it_and_its_exit_code() -> None:
    told = " ".join(hongyan("--help").out.split())
    assert " scan " in told
    assert "3 a finding of `doctor` or `scan`" in told
    assert "hongyan-scan: ignore" in hongyan("scan", "--help").out


def test_nothing_found_ends_with_0(shop: Path) -> None:
    done = hongyan("scan", shop)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "0 errors, 0 warnings. 3 files read, 2 skipped (1 binary: .png; 1 not entered).\n"
    )


def test_a_secret_that_ships_is_an_error_with_its_place_and_cure(shop: Path) -> None:
    page = "miniprogram/pages/register/register.js"
    line = f"zhenzisms.client.init('https://sms_developer.zhenzikj.com', '100001', '{ZHENZI}')"
    write(shop / page, f"Page({{}})\n  {line}\n")
    done = hongyan("scan", shop)
    assert (done.code, done.err) == (3, "")
    first, what, cure, counts = done.out.splitlines()
    assert first == f"error    {page}:2:{line.index(ZHENZI) + 3}"
    assert what.split() == (
        f"AppSecret of Zhenzi 榛子云, {ZHENZI[:3]}…{ZHENZI[-3:]} (zhenzi_app_secret)".split()
    )
    assert "Reset it in Zhenzi's console now" in cure
    assert "'hongyan app rotate-secret APPID --overlap 0'" in cure
    assert "pk_…" in cure
    assert counts.startswith("1 error, 0 warnings. 4 files read")
    assert ZHENZI not in done.out


def test_a_secret_of_a_cloud_function_is_a_warning(shop: Path) -> None:
    write(shop / "cloudfunctions/send/index.js", f"const appSecret = '{ZHENZI}'\n")
    done = hongyan("scan", shop)
    assert done.code == 3
    assert "warning  cloudfunctions/send/index.js:1:20" in done.out
    assert "process.env" in done.out
    assert "0 errors, 1 warning." in done.out
    assert hongyan("scan", shop, "--no-warnings").out == done.out
    assert hongyan("scan", shop, "--no-warnings").code == 0


def test_an_error_counts_without_warnings_too(shop: Path) -> None:
    write(shop / "miniprogram/config.json", json.dumps({"secret": WECHAT}))
    assert hongyan("scan", shop, "--no-warnings").code == 3


def test_machines_get_one_object(shop: Path) -> None:
    write(shop / "miniprogram/app.js", f"const KEY = '{KEY}'")
    write(shop / "deploy.sh", f"export APP_SECRET={WECHAT}")
    write(shop / "mock.js", f"secret = '{WECHAT}' // hongyan-scan: ignore")
    done = hongyan("scan", shop, "--json")
    assert (done.code, done.err) == (3, "")
    told = done.json
    findings = told.pop("findings")
    assert told == {
        "errors": 1,
        "warnings": 1,
        "ignored": 1,
        "read": 5,
        "skipped": [
            {"path": "miniprogram/logo.png", "reason": "binary"},
            {"path": "miniprogram/node_modules", "reason": "not_entered"},
        ],
    }
    assert [
        (one["severity"], one["rule"], one["path"], one["line"], one["column"], one["place"])
        for one in findings
    ] == [
        ("warning", "wechat_app_secret", "deploy.sh", 1, 19, "repository"),
        ("error", "hongyan_secret_key", "miniprogram/app.js", 1, 14, "phone"),
    ]
    assert all(one["title"] and one["cure"].endswith(".") for one in findings)
    assert "'hongyan key rotate APP HINT --overlap 0'" in findings[1]["cure"]
    assert not [secret for secret in (KEY, WECHAT) if secret in done.out]


def test_a_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    sentence = refused("scan", tmp_path / "none")
    assert sentence == f"{tmp_path / 'none'} cannot be scanned: No such file or directory."
    write(tmp_path / "app.js", "")
    assert "Not a directory" in refused("scan", tmp_path / "app.js")


def test_a_directory_must_be_named() -> None:
    assert hongyan("scan").code == 2


def test_what_cannot_be_read_is_told(shop: Path) -> None:
    write(shop / "miniprogram/closed.js", "")
    (shop / "miniprogram/closed.js").chmod(0)
    write(shop / "miniprogram/shut/app.js", "")
    (shop / "miniprogram/shut").chmod(0)
    write(shop / "miniprogram/app.wxapkg", "")
    try:
        done = hongyan_of_an_ordinary_user("scan", shop)
    finally:
        (shop / "miniprogram/shut").chmod(0o700)
    assert (done.code, done.err) == (0, "")
    for path in ("closed.js", "shut"):
        assert f"skipped  miniprogram/{path}: cannot be read" in done.out
    assert "skipped  miniprogram/app.wxapkg: a built package, which cannot be read" in done.out
    assert "3 files read, 5 skipped (1 package; 2 unreadable; 1 binary: .png;" in done.out


def test_what_is_excluded_is_not_read(shop: Path) -> None:
    write(shop / "miniprogram/mock/data.js", f"secret = '{WECHAT}'")
    write(shop / "miniprogram/app.test.js", f"secret = '{WECHAT}'")
    done = hongyan("scan", shop, "--exclude", "mock", "--exclude", "*.test.js")
    assert done.code == 0
    assert "2 excluded" in done.out


def test_names_of_any_kind_are_told(shop: Path) -> None:
    path = shop.joinpath("miniprogram", "[red]短信\udcff\n.js")
    write(path, f"secret = '{WECHAT}'")
    done = hongyan("scan", shop)
    assert done.code == 3
    assert r"error    miniprogram/[red]短信\xff\n.js:1:11" in done.out
    told = hongyan("scan", shop, "--json").json
    assert told["findings"][0]["path"] == r"miniprogram/[red]短信\xff\n.js"
