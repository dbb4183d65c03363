"""Short links, URL Links and websites: what opens, for how long, and what never does."""

import os
import re
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import pytest

from hongyan.core.identifier import written
from hongyan.core.time import DAY
from hongyan.service.administer import new_key
from hongyan.service.directory import Environment, KeyKind
from hongyan.service.website import MOST_BYTES, WechatSettings
from hongyan.settings import ServerSettings, Settings
from hongyan.wire.wechat.answers import message_of
from support.held import HeldHouse
from support.mini_program import (
    NICKNAME,
    SEND_V2,
    URL_LINK,
    Heard,
    Holder,
    MiniProgram,
    app_of,
    moved_in,
    new_number,
    noticed,
    websites_of,
)
from support.process import new_address

pytestmark = pytest.mark.timeout(40)

LINK = re.compile(r"https?://\S+")
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148"
WECHAT = IPHONE + " MicroMessenger/8.0.40"


@pytest.fixture
def mini(held: HeldHouse) -> MiniProgram:
    return moved_in(held)


@pytest.fixture
def holder(mini: MiniProgram) -> Holder:
    return mini.with_token()


def opened(mini: MiniProgram, address: str, method: str = "GET", **headers: str) -> Heard:
    written = address.removeprefix(mini.url)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return mini.http(method, written, headers=named)


def link_sent(holder: Holder, **changes: Any) -> str:
    """The link in a text that was just sent."""
    number = new_number()
    holder.sent(holder.send(number, **changes))
    (found,) = LINK.findall(holder.text(number)["text"])
    return str(found)


def is_gone(heard: Heard) -> bool:
    return heard.status == 404 and "链接已失效" in heard.body.decode()


def test_a_link_opens_its_page(mini: MiniProgram, holder: Holder) -> None:
    link = link_sent(holder, path="/index.html?action=double12#top")
    heard = opened(mini, link)
    assert heard.status == 302
    location = heard.headers["location"]
    assert location == f"{mini.url}/site/{mini.env}/index.html?action=double12#top"
    assert heard.headers["cache-control"] == "no-store"
    assert heard.headers["referrer-policy"] == "no-referrer"
    page = opened(mini, location.partition("#")[0])
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == "sandbox allow-scripts"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not {"set-cookie", "access-control-allow-origin"} & set(page.headers)
    assert "你好" in page.body.decode()


def test_clicks_stand_in_the_timeline(held: HeldHouse, mini: MiniProgram, holder: Holder) -> None:
    number = new_number()
    (told,) = holder.sent(holder.send(number))
    (link,) = LINK.findall(holder.text(number)["text"])
    key = new_key(KeyKind.SECRET)
    with held.administering() as administering:
        administering.add_key(app_of(held, mini).id, key)
    noticed(held)
    app = held.nobody.with_key(key.secret)
    message = written(message_of(told["serial_no"]))

    def clicks() -> list[Any]:
        return [step for step in app.message(message)["timeline"] if "opened" in str(step)]

    assert clicks() == []
    for _ in range(3):
        assert opened(mini, link).status == 302
    (step,) = clicks()
    assert "3 times" in str(step)


def test_a_link_lives_30_days(held: HeldHouse, mini: MiniProgram, holder: Holder) -> None:
    link = link_sent(holder)
    held.clock.pass_by(30 * DAY - 60_000)
    assert opened(mini, link).status == 302
    held.clock.pass_by(60_000)
    assert is_gone(opened(mini, link))


def test_no_link_that_is_not_there_differs(mini: MiniProgram, holder: Holder) -> None:
    link = link_sent(holder)
    letters = link.rpartition("/")[2]
    expired = opened(mini, "/s/00000000000")
    assert is_gone(expired)
    others = (
        letters[:-1] + ("0" if letters[-1] != "0" else "1"),
        letters.swapcase(),
        letters + "0",
        letters[:-1],
        "a",
        "%E4%BD%A0",
        "..",
        "zzzzzzzzzzz",
        "https:",
    )
    for other in others:
        heard = opened(mini, f"/s/{other}")
        assert (heard.status, heard.body) == (expired.status, expired.body)
        named = set(heard.headers) - {"date"}
        assert {name: heard.headers[name] for name in named} == {
            name: expired.headers[name] for name in named
        }


def test_a_page_that_was_taken_away_is_gone(
    held: HeldHouse, mini: MiniProgram, holder: Holder
) -> None:
    link = link_sent(holder)
    location = opened(mini, link).headers["location"]
    (websites_of(held) / mini.env / "index.html").unlink()
    assert is_gone(opened(mini, location))


# URL Links.


def test_a_url_link_shows_where_to_go(mini: MiniProgram, holder: Holder) -> None:
    link = holder.call(URL_LINK, {"path": "pages/index/index"}).json["url_link"]
    on_desktop = opened(mini, link).body.decode()
    assert NICKNAME in on_desktop
    assert "请在手机上" in on_desktop
    assert "weixin://" not in on_desktop
    on_phone = opened(mini, link, user_agent=IPHONE).body.decode()
    assert 'href="weixin://dl/business/?t=' in on_phone
    in_wechat = opened(mini, link, user_agent=WECHAT).body.decode()
    assert in_wechat != on_phone
    at_work = opened(mini, link, user_agent=WECHAT + " wxwork/4.0").body.decode()
    assert "在微信中打开" in at_work


def test_a_url_link_may_open_a_website(mini: MiniProgram, holder: Holder) -> None:
    website = {"env": mini.env, "path": "/index.html", "query": "a=1"}
    link = holder.call(URL_LINK, {"cloud_base": website}).json["url_link"]
    heard = opened(mini, link)
    assert heard.status == 302
    assert heard.headers["location"] == f"{mini.url}/site/{mini.env}/index.html?a=1"


def test_a_url_link_ends(held: HeldHouse, mini: MiniProgram, holder: Holder) -> None:
    asked = {"path": "a", "expire_type": 1, "expire_interval": 1}
    link = holder.call(URL_LINK, asked).json["url_link"]
    assert opened(mini, link).status == 200
    held.clock.pass_by(DAY)
    assert is_gone(opened(mini, link))
    for other in (
        link + "A",
        link[:-1],
        link[:-2] + "__",
        f"{mini.url}/u/x",
        f"{mini.url}/u/%C3%A9",
    ):
        assert is_gone(opened(mini, other))


def test_a_text_leads_to_a_url_link(mini: MiniProgram, holder: Holder) -> None:
    link = holder.call(URL_LINK, {"path": "a" * 500, "query": "b" * 1_024}).json["url_link"]
    number = new_number()
    asked = {
        "env": mini.env,
        "phone_number_list": [number],
        "template_id": "2053122",
        "template_param_list": ["内容"],
        "url_link": link,
    }
    holder.sent(holder.call(SEND_V2, asked))
    (short,) = LINK.findall(holder.text(number)["text"])
    assert opened(mini, short).headers["location"] == link


# Files.


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.PNG", "image/png"),
        ("a.svg", "image/svg+xml"),
        ("a.json", "application/json"),
        ("a.unheard", "application/octet-stream"),
        ("a", "application/octet-stream"),
        ("图片.jpg", "image/jpeg"),
        ("two words.txt", None),
    ],
)
def test_a_file_has_its_type(
    held: HeldHouse, mini: MiniProgram, name: str, content_type: str | None
) -> None:
    folder = websites_of(held) / mini.env / "action"
    folder.mkdir()
    (folder / name).write_bytes(b"content")
    heard = opened(mini, f"/site/{mini.env}/action/{quote(name)}")
    if content_type is None:  # No path that a text may lead to has a blank in it.
        assert is_gone(heard)
        return
    assert (heard.status, heard.body) == (200, b"content")
    assert heard.headers["content-type"] == content_type


def test_a_folder_is_its_index(held: HeldHouse, mini: MiniProgram) -> None:
    folder = websites_of(held) / mini.env / "action"
    folder.mkdir()
    (folder / "index.html").write_bytes(b"in it")
    assert opened(mini, f"/site/{mini.env}/action/").body == b"in it"
    assert opened(mini, f"/site/{mini.env}/").status == 200
    assert is_gone(opened(mini, f"/site/{mini.env}/action"))


def test_a_file_that_is_known_is_not_sent_again(held: HeldHouse, mini: MiniProgram) -> None:
    address = f"/site/{mini.env}/index.html"
    heard = opened(mini, address)
    etag = heard.headers["etag"]
    again = opened(mini, address, if_none_match=etag)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == etag
    page = websites_of(held) / mini.env / "index.html"
    page.write_text("another one", "utf-8")
    changed = opened(mini, address, if_none_match=etag)
    assert (changed.status, changed.body) == (200, b"another one")
    assert opened(mini, address, "HEAD").status == 200


def large_file(held: HeldHouse, mini: MiniProgram) -> tuple[str, bytes]:
    """(its path, its content) of the largest that is served."""
    content = os.urandom(1 << 20) * (MOST_BYTES >> 20)
    (websites_of(held) / mini.env / "film.mp4").write_bytes(content)
    return f"/site/{mini.env}/film.mp4", content


def test_a_large_file_is_served_whole(held: HeldHouse, mini: MiniProgram) -> None:
    path, content = large_file(held, mini)
    heard = opened(mini, path)
    assert (heard.status, heard.headers["content-length"]) == (200, str(MOST_BYTES))
    assert heard.body == content
    assert opened(mini, path, "HEAD").headers["content-length"] == str(MOST_BYTES)
    assert opened(mini, path, if_none_match=heard.headers["etag"]).status == 304


def test_who_reads_slowly_makes_us_hold_a_piece(held: HeldHouse, mini: MiniProgram) -> None:
    path, _ = large_file(held, mini)
    parts = urlsplit(mini.url)
    before = resident_bytes()
    with ExitStack() as readers:
        for _ in range(24):
            reader = readers.enter_context(socket.create_connection((parts.hostname, parts.port)))
            reader.settimeout(10)
            reader.sendall(f"GET {path} HTTP/1.1\r\nhost: {parts.netloc}\r\n\r\n".encode())
            assert reader.recv(8, socket.MSG_PEEK) == b"HTTP/1.1"
        assert resident_bytes() - before < 8 * MOST_BYTES


def resident_bytes() -> int:
    """Of this process, which serves the house."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


def test_nothing_outside_a_website_is_served(held: HeldHouse, mini: MiniProgram) -> None:
    folder = websites_of(held) / mini.env
    secret = held.directory / "hongyan.key"
    assert secret.exists()
    (folder / "link.html").symlink_to(secret)
    (folder / "up").symlink_to(held.directory)
    (folder / "within.html").symlink_to(folder / "index.html")
    (folder / ".hidden").write_text("hidden", "utf-8")
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe.html")
    with (folder / "large.bin").open("wb") as large:
        large.truncate((16 << 20) + 1)
    above = websites_of(held) / "above.html"
    above.write_text("above", "utf-8")
    paths = (
        "link.html",
        "up/hongyan.key",
        "within.html",
        ".hidden",
        "sub",
        "pipe.html",
        "large.bin",
        "../above.html",
        "%2e%2e/above.html",
        "%2e%2e%2fabove.html",
        "..%5cabove.html",
        "sub/../index.html",
        "//index.html",
        "index.html%00.png",
        "index.html%2f",
        "%252e%252e/above.html",
        "index.html/",
        "~",
        "%ff",
    )
    for path in paths:
        assert is_gone(opened(mini, f"/site/{mini.env}/{path}")), path
    for path in ("/site", "/site/", "/site/above.html", "/site/../above.html", "/site/%2e/a"):
        assert is_gone(opened(mini, path)), path
    other = moved_in(held, website=False)
    assert is_gone(opened(mini, f"/site/{other.env}/index.html"))


def test_a_folder_of_no_environment_is_no_website(held: HeldHouse, mini: MiniProgram) -> None:
    for name in ("drafts", mini.env):
        (websites_of(held) / name).mkdir(exist_ok=True)
        (websites_of(held) / name / "index.html").write_text("page", "utf-8")
    assert is_gone(opened(mini, "/site/drafts/index.html"))
    assert opened(mini, f"/site/{mini.env}/index.html").status == 200
    with held.administering() as administering:
        closed = Environment(id=mini.env, app=app_of(held, mini).id, has_website=False)
        assert administering.put_environment(closed)
    noticed(held)
    assert is_gone(opened(mini, f"/site/{mini.env}/index.html"))


# Hosts of their own.


@pytest.fixture
def hosted(tmp_path: Path) -> Any:
    websites = tmp_path / "elsewhere"
    wechat = WechatSettings(
        link_host="https://s.example.com/",
        websites=str(websites),
        website_host="sites.example.com",
    )
    (tmp_path / "data").mkdir()
    server = ServerSettings(trusted_proxies=("127.0.0.1/32",))
    settings = msgspec.structs.replace(Settings(), wechat=wechat, server=server)
    with HeldHouse(tmp_path / "data", settings) as house:
        (house.directory / "websites").symlink_to(websites)
        yield house


def test_websites_have_hosts_of_their_own(hosted: HeldHouse) -> None:
    mini = moved_in(hosted)
    (websites_of(hosted) / mini.env / "docs").write_text("a page called docs", "utf-8")
    link = link_sent(mini.with_token())
    assert link.startswith("https://s.example.com/s/")
    path = link.removeprefix("https://s.example.com")
    location = opened(mini, path, host="s.example.com").headers["location"]
    host = f"{mini.env}.sites.example.com"
    assert location == f"https://{host}/index.html"
    page = opened(mini, "/index.html", host=host)
    assert page.status == 200
    assert "content-security-policy" not in page.headers
    assert "你好" in page.body.decode()
    assert opened(mini, "/", host=host.upper()).body == page.body
    assert opened(mini, "/", host=f"{host}:443").body == page.body
    by_proxy = opened(mini, "/", host="house.internal", x_forwarded_host=host)
    assert by_proxy.body == page.body
    claimed = opened(mini.at(new_address()), "/", host="h", x_forwarded_host=host)
    assert claimed.body != page.body
    # Nothing of the house is found there, and no website at the house's own address.
    assert opened(mini, "/docs", host=host).body == b"a page called docs"
    assert is_gone(opened(mini, "/healthz", host=host))
    assert is_gone(opened(mini, "/tcb/sendsms", "POST", host=host))
    assert is_gone(opened(mini, "/index.html", host="nobody.sites.example.com"))
    assert is_gone(opened(mini, f"/site/{mini.env}/index.html"))
    assert opened(mini, "/healthz").status == 200
