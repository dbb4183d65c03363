"""Hongyan behind Hongyan: a house whose upstream is another one, in processes of their own."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from hongyan.app.development import ZHENZI_APP
from hongyan.core.message import Kind
from hongyan.core.time import SECOND
from hongyan.providers import ZhenziSettings
from hongyan.settings import ProvidersSettings, Settings
from support.between import Between
from support.fake import zhenzi_secret
from support.held import HeldHouse
from support.process import NOTICE, Client, Dev, eventually, new_phone

pytestmark = pytest.mark.timeout(60)

ASKED_S = 25.0
"""What real questions, some seconds apart, may take."""
SENT = ("submitted", "delivered")


def calling(upstream: Dev, **settings: str) -> dict[str, str]:
    """The environment of a house that calls this one as its upstream."""
    known: Any = upstream.file["zhenzi"]
    given = {
        "API_URL": upstream.url,
        "APP_ID": known["app_id"],
        "APP_SECRET": known["app_secret"],
        "TEMPLATES": f"{{ 1 = {known['template_id']} }}",
    }
    table = given | {name.upper(): value for name, value in settings.items()}
    return {f"HONGYAN__PROVIDERS__ZHENZI__{name}": value for name, value in table.items()}


@contextmanager
def front_of(data: Path, environment: Mapping[str, str]) -> Iterator[Dev]:
    """A house of its own, whose texts go to its upstream."""
    with Dev(data, **environment) as house:
        for kind in ("verification", "notice"):
            house.command("route", kind, "zhenzi")
        yield house


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    with Dev(tmp_path_factory.mktemp("upstream") / "data") as house:
        yield house


@pytest.fixture(scope="module")
def front(upstream: Dev, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    data = tmp_path_factory.mktemp("front") / "data"
    with front_of(data, calling(upstream, balance_every_s="1")) as house:
        yield house
        told = house.err
    assert calling(upstream)["HONGYAN__PROVIDERS__ZHENZI__APP_SECRET"] not in told
    assert "Traceback" not in told


def arrived(upstream: Dev, phone: str) -> list[str]:
    """What the phone behind the upstream has got."""
    return [str(one["text"]) for one in upstream.nobody.texts(phone)]


def port_of(house: Dev) -> int:
    return urlsplit(house.url).port or 0


def tried(found: Any) -> list[str]:
    """What each hand-over came to."""
    steps = [one for one in found["timeline"] if one.get("attempt")]
    assert {one["provider"] for one in steps} == {"zhenzi"}
    return [one["event"] for one in steps if one["event"] != "sending"]


def metric(house: Dev, name: str) -> float | None:
    lines = house.nobody.get("/metrics").body.decode().splitlines()
    found = [line for line in lines if line.startswith(f'{name}{{provider="zhenzi"}}')]
    return float(found[0].split(" ")[1]) if found else None


# What goes well.


def test_words_arrive_once_and_become_delivered_by_asking(upstream: Dev, front: Dev) -> None:
    phone = new_phone()
    message = front.app.sent(phone)
    found = front.app.settled(message, "delivered", seconds=ASKED_S)
    assert tried(found) == ["submitted"]
    [words] = arrived(upstream, phone)
    assert words == f"【鸿雁】您好，{NOTICE['params'][0]}已为您预约成功，请按时到店。"
    assert front.nobody.texts(phone) == []


def test_a_code_goes_by_the_upstreams_template_and_is_good(upstream: Dev, front: Dev) -> None:
    phone = new_phone()
    verification = front.app.started(phone)
    code = upstream.nobody.code(phone)
    assert arrived(upstream, phone) == [f"【鸿雁】您的验证码为{code}，有效期5，请勿泄漏给他人。"]
    assert front.app.check(verification, code).json["status"] == "approved"


def test_a_number_that_is_switched_off_is_told_as_undelivered(upstream: Dev, front: Dev) -> None:
    message = front.app.sent("19900000006")
    assert front.app.settled(message, "undelivered", seconds=ASKED_S)


def test_its_balance_is_seen(upstream: Dev, front: Dev) -> None:
    balance = upstream.balance()
    eventually(lambda: metric(front, "hongyan_provider_balance") == upstream.balance())
    assert balance >= upstream.balance() > 0
    assert metric(front, "hongyan_provider_stopped") == 0


# What it refuses.


def test_an_app_that_is_disabled_there_halts_until_it_is_enabled(upstream: Dev, front: Dev) -> None:
    def enable(*, enabled: bool) -> None:
        with upstream.administering() as administering:
            app = administering.directory().apps[ZHENZI_APP]
            administering.change_app(msgspec.structs.replace(app, enabled=enabled))

    phone = new_phone()
    enable(enabled=False)
    try:
        eventually(lambda: metric(front, "hongyan_provider_stopped") == 1)
        message = front.app.sent(phone)
        assert "provider.stopped" in front.err
        assert front.app.message(message)["status"] == "queued"
    finally:
        enable(enabled=True)
    front.app.settled(message, *SENT, seconds=ASKED_S)
    assert "provider.resumed" in front.err
    assert len(arrived(upstream, phone)) == 1


def test_a_wrong_secret_halts_and_a_right_one_goes_on(upstream: Dev, tmp_path: Path) -> None:
    phone, wrong = new_phone(), zhenzi_secret(7)
    with front_of(tmp_path / "data", calling(upstream, app_secret=wrong)) as front:
        eventually(lambda: metric(front, "hongyan_provider_stopped") == 1)
        message = front.app.sent(phone)
        assert front.err.count("provider.stopped") == 1
        assert wrong not in front.err
        assert front.stop() == 0
    with front_of(tmp_path / "data", calling(upstream)) as front:
        found = front.app.settled(message, *SENT, seconds=ASKED_S)
        assert tried(found) == ["submitted"]
    assert len(arrived(upstream, phone)) == 1


# What goes wrong on the way.


def test_an_answer_that_is_lost_leaves_a_doubt_that_asking_settles(
    upstream: Dev, tmp_path: Path
) -> None:
    phone = new_phone()
    with (
        Between(port_of(upstream)) as between,
        front_of(tmp_path / "data", calling(upstream, api_url=between.url)) as front,
    ):
        between.answers_to_lose = 1
        message = front.app.sent(phone)
        front.app.settled(message, "unconfirmed")
        [answer] = between.lost
        assert answer.endswith('{"code":0,"data":"发送成功"}'.encode())
        found = front.app.settled(message, "delivered", seconds=ASKED_S)
        assert tried(found) == ["unconfirmed"]
    assert len(arrived(upstream, phone)) == 1


def test_what_a_killed_house_was_sending_is_settled_by_the_next_one(
    upstream: Dev, tmp_path: Path
) -> None:
    phone = new_phone()
    with (
        Between(port_of(upstream)) as between,
        front_of(tmp_path / "data", calling(upstream, api_url=between.url)) as front,
    ):
        upstream.terminate(signal.SIGSTOP)
        try:
            message = front.app.sent(phone)
            eventually(lambda: between.texts)
            front.kill()
        finally:
            upstream.terminate(signal.SIGCONT)
        eventually(lambda: len(arrived(upstream, phone)) == 1)
    with front_of(tmp_path / "data", calling(upstream)) as front:
        found = front.app.settled(message, "delivered", seconds=ASKED_S)
        assert tried(found) == ["unconfirmed"]
    assert len(arrived(upstream, phone)) == 1


def test_an_upstream_that_is_killed_under_a_text_is_asked_when_it_is_back(tmp_path: Path) -> None:
    with (
        Dev(tmp_path / "upstream") as upstream,
        Between(port_of(upstream)) as between,
        held_front_of(tmp_path / "front", upstream, between.url) as front,
    ):
        upstream.terminate(signal.SIGSTOP)
        phone = new_phone()
        message = front.app.sent(phone)
        eventually(lambda: between.texts)
        upstream.kill()
        front.app.settled(message, "unconfirmed")
        with Dev(tmp_path / "upstream", "--port", str(port_of(upstream))) as again:
            assert _after_a_while(front, message)["status"] == "rejected"
            assert arrived(again, phone) == []
            # And it is well again.
            other = front.app.sent(phone)
            front.app.settled(other, *SENT, seconds=ASKED_S)
            eventually(lambda: len(arrived(again, phone)) == 1)


@contextmanager
def held_front_of(data: Path, upstream: Dev, url: str) -> Iterator[HeldHouse]:
    """A house whose clock the test holds; its notices go to its upstream."""
    known: Any = upstream.file["zhenzi"]
    zhenzi = ZhenziSettings(app_id=known["app_id"], app_secret=known["app_secret"], api_url=url)
    data.mkdir()
    with HeldHouse(data, Settings(providers=ProvidersSettings(zhenzi=zhenzi))) as front:
        with front.administering() as administering:
            administering.put_route(Kind.NOTICE, ["zhenzi"])
        yield front


def _after_a_while(front: HeldHouse, message: str) -> Any:
    """The message when it has ended, in a time that flies."""
    caller: Client = front.app

    def look() -> Any:
        front.clock.pass_by(10 * SECOND)
        found = caller.message(message)
        return found if found["status"] != "unconfirmed" else None

    return eventually(look, ASKED_S)
