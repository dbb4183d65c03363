"""Hongyan behind Hongyan by WeChat's API: what goes well, what is refused, what is lost on the way."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hongyan.app.development import APP
from hongyan.app.furniture import WECHAT_APP
from hongyan.core.hours import ALWAYS
from hongyan.core.message import Kind
from support.between import Between
from support.chain import (
    ASKED_S,
    SENT,
    arrived,
    environment_of,
    front_of,
    metric,
    port_of,
    template_of,
    tried,
)
from support.process import Dev, eventually, new_phone

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    with Dev(tmp_path_factory.mktemp("upstream") / "data") as house:
        yield house


@pytest.fixture(scope="module")
def notice(upstream: Dev) -> str:
    return template_of(upstream, WECHAT_APP, Kind.NOTICE, "您好，{1}的预约已登记。")


def calling(upstream: Dev, notice: str, **settings: Any) -> dict[str, str]:
    """The environment of a house that calls this one as its upstream."""
    known: Any = upstream.file["wechat"]
    given = {
        "api_url": upstream.url,
        "app_id": known["appid"],
        "app_secret": known["secret"],
        "env": known["env"],
        "templates": f'{{ 2 = "{notice}" }}',
        "use_short_name": "true",
        "look_every_s": 1,
    }
    return environment_of("wechat", given | settings)


@pytest.fixture(scope="module")
def front(upstream: Dev, notice: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    data = tmp_path_factory.mktemp("front") / "data"
    # Whichever number the template has that is made there.
    each = (
        f'{number} = {{ content = "{{1}}上新", path = "/index.html" }}' for number in range(3, 40)
    )
    marketing = f"{{ {', '.join(each)} }}"
    with front_of(data, "wechat", calling(upstream, notice, marketing=marketing)) as house:
        yield house
        told = house.err
    assert upstream.file["wechat"]["secret"] not in told
    assert "Traceback" not in told


def stopped(front: Dev) -> float | None:
    return metric(front, "hongyan_provider_stopped", provider="wechat")


# What goes well.


def test_a_notice_arrives_once_and_becomes_delivered_by_asking(upstream: Dev, front: Dev) -> None:
    phone = new_phone()
    message = front.app.sent(phone)
    found = front.app.settled(message, "delivered", seconds=ASKED_S)
    assert tried(found, "wechat") == ["submitted"]
    assert arrived(upstream, phone) == ["【鸿雁】您好，周五的预约已登记。"]
    assert front.nobody.texts(phone) == []


def test_a_number_that_is_switched_off_is_told_as_undelivered(upstream: Dev, front: Dev) -> None:
    message = front.app.sent("19900000006")
    assert front.app.settled(message, "undelivered", seconds=ASKED_S)


def test_marketing_leads_to_a_page(upstream: Dev, front: Dev) -> None:
    template_of(front, APP, Kind.MARKETING, "{1}上新，拒收请回复R")
    with front.administering() as administering:
        app = administering.directory().apps[APP]
        administering.change_app(msgspec.structs.replace(app, hours=ALWAYS))
    front.command("route", "marketing", "wechat")
    phone = new_phone()
    message = front.app.sent(phone, template=f"{APP}_marketing", params=["秋茶"])
    front.app.settled(message, "delivered", seconds=ASKED_S)
    [text] = arrived(upstream, phone)
    assert text.startswith("【鸿雁】秋茶上新,跳转小程序 http")


def test_many_numbers_go_in_few_calls(upstream: Dev, notice: str, tmp_path: Path) -> None:
    phones = [new_phone() for _ in range(100)]
    environment = calling(upstream, notice)
    with (
        Between(port_of(upstream)) as between,
        front_of(
            tmp_path / "data",
            "wechat",
            environment | environment_of("wechat", {"api_url": between.url}),
        ) as front,
    ):
        for one in front.app.send(phones).json["messages"]:
            front.app.settled(one["id"], *SENT)
        assert between.texts <= 10
        eventually(lambda: all(arrived(upstream, phone) for phone in phones))
    assert [len(arrived(upstream, phone)) for phone in phones] == [1] * 100


def test_a_token_that_somebody_else_has_replaced_is_replaced_here(
    upstream: Dev, front: Dev
) -> None:
    front.app.settled(front.app.sent(new_phone()), *SENT)
    known: Any = upstream.file["wechat"]
    asked = {
        "grant_type": "client_credential",
        "appid": known["appid"],
        "secret": known["secret"],
        "force_refresh": True,
    }
    forced = upstream.nobody.post("/cgi-bin/stable_token", asked)
    assert forced.json["access_token"]
    phone = new_phone()
    front.app.settled(front.app.sent(phone), *SENT)
    assert len(arrived(upstream, phone)) == 1


# What it refuses.


def test_a_wrong_secret_halts_and_a_right_one_goes_on(
    upstream: Dev, notice: str, tmp_path: Path
) -> None:
    phone, wrong = new_phone(), "wrong" * 6
    environment = calling(upstream, notice, app_secret=wrong)
    with front_of(tmp_path / "data", "wechat", environment) as front:
        eventually(lambda: stopped(front) == 1)
        message = front.app.sent(phone)
        assert front.err.count("provider.stopped") == 1
        assert wrong not in front.err
        assert front.stop() == 0
    with front_of(tmp_path / "data", "wechat", calling(upstream, notice)) as front:
        found = front.app.settled(message, *SENT, seconds=ASKED_S)
        assert tried(found, "wechat") == ["submitted"]
    assert len(arrived(upstream, phone)) == 1


# What goes wrong on the way.


def test_an_answer_that_is_lost_leaves_a_doubt_that_asking_settles(
    upstream: Dev, notice: str, tmp_path: Path
) -> None:
    phone = new_phone()
    with (
        Between(port_of(upstream)) as between,
        front_of(
            tmp_path / "data", "wechat", calling(upstream, notice, api_url=between.url)
        ) as front,
    ):
        between.answers_to_lose = 1
        message = front.app.sent(phone)
        front.app.settled(message, "unconfirmed")
        [answer] = between.lost
        assert b'"code":"Ok"' in answer
        found = front.app.settled(message, "delivered", seconds=ASKED_S)
        assert tried(found, "wechat") == ["unconfirmed"]
    assert len(arrived(upstream, phone)) == 1


def test_what_a_killed_house_was_sending_is_settled_by_the_next_one(
    upstream: Dev, notice: str, tmp_path: Path
) -> None:
    phone = new_phone()
    with (
        Between(port_of(upstream)) as between,
        front_of(
            tmp_path / "data", "wechat", calling(upstream, notice, api_url=between.url)
        ) as front,
    ):
        front.app.settled(front.app.sent(new_phone()), *SENT)  # It has a token.
        upstream.terminate(signal.SIGSTOP)
        try:
            before = between.texts
            message = front.app.sent(phone)
            eventually(lambda: between.texts > before)
            front.kill()
        finally:
            upstream.terminate(signal.SIGCONT)
        eventually(lambda: len(arrived(upstream, phone)) == 1)
    with front_of(tmp_path / "data", "wechat", calling(upstream, notice)) as front:
        found = front.app.settled(message, "delivered", seconds=ASKED_S)
        assert tried(found, "wechat") == ["unconfirmed"]
    assert len(arrived(upstream, phone)) == 1
