"""Hongyan behind Hongyan by Tencent's API: what goes well, what is refused, what is lost on the way."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hongyan.app.development import APP
from hongyan.app.furniture import TENCENT_APP
from hongyan.core.frequency import DOCUMENTED, Frequency
from hongyan.core.hours import ALWAYS
from hongyan.core.message import Kind
from hongyan.service.directory import Callback, Form, TencentProfile
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
from support.fleet import seeded, web, worker
from support.process import NOTICE, Dev, eventually, hongyan, new_phone

pytestmark = pytest.mark.timeout(60)

RECEIPTS_KEY = "where-receipts-are-taken"
RECEIPTS = f"/receipts/tencent/{RECEIPTS_KEY}"
TEXT = f"【鸿雁】您好，{NOTICE['params'][0]}的预约已登记。"


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    with Dev(tmp_path_factory.mktemp("upstream") / "data") as house:
        # The number that is switched off is texted more often than once a minute.
        limit(house, Frequency(same_per_30s=0, per_minute=0))
        yield house


def limit(upstream: Dev, frequency: Frequency) -> None:
    """How often the upstream's app may text a number."""
    with upstream.administering() as administering:
        app = administering.directory().apps[TENCENT_APP]
        limited = msgspec.structs.replace(
            app, windows=frequency.windows, content_windows=frequency.content_windows
        )
        administering.change_app(limited)
    upstream.app.sent(new_phone())  # With any batch it notices what another process has changed.


@pytest.fixture(scope="module")
def notice(upstream: Dev) -> str:
    return template_of(upstream, TENCENT_APP, Kind.NOTICE, "您好，{1}的预约已登记。")


def calling(upstream: Dev, notice: str, **settings: Any) -> dict[str, str]:
    """The environment of a house that calls this one as its upstream."""
    known: Any = upstream.file["tencent"]
    given = {
        "api_url": upstream.url,
        "secret_id": known["secret_id"],
        "secret_key": known["secret_key"],
        "sdk_app_id": known["sdk_app_id"],
        "templates": f'{{ 1 = "{known["template_id"]}", 2 = "{notice}" }}',
    }
    return environment_of("tencent", given | settings)


@pytest.fixture(scope="module")
def front(upstream: Dev, notice: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    data = tmp_path_factory.mktemp("front") / "data"
    settings = {"balance_every_s": 1, "receipts_key": RECEIPTS_KEY}
    environment = calling(upstream, notice, **settings) | {"HONGYAN__SERVER__ACCESS_LOG": "all"}
    with front_of(data, "tencent", environment) as house:
        yield house
        told = house.err
    assert RECEIPTS_KEY not in told
    assert upstream.file["tencent"]["secret_key"] not in told
    assert "Traceback" not in told


# What goes well.


def test_a_notice_arrives_once_and_becomes_delivered_by_asking(upstream: Dev, front: Dev) -> None:
    phone = new_phone()
    message = front.app.sent(phone)
    found = front.app.settled(message, "delivered", seconds=ASKED_S)
    assert tried(found, "tencent") == ["submitted"]
    assert arrived(upstream, phone) == [TEXT]
    assert front.nobody.texts(phone) == []


def test_a_code_goes_by_the_upstreams_template_and_is_good(upstream: Dev, front: Dev) -> None:
    phone = new_phone()
    verification = front.app.started(phone)
    code = upstream.nobody.code(phone)
    assert code in arrived(upstream, phone)[0]
    assert front.app.check(verification, code).json["status"] == "approved"


def test_a_number_that_is_switched_off_is_told_as_undelivered(upstream: Dev, front: Dev) -> None:
    message = front.app.sent("19900000006")
    assert front.app.settled(message, "undelivered", seconds=ASKED_S)


def test_its_balance_is_seen(upstream: Dev, front: Dev) -> None:
    eventually(
        lambda: metric(front, "hongyan_provider_balance", provider="tencent") == upstream.balance()
    )
    assert metric(front, "hongyan_provider_stopped", provider="tencent") == 0


def test_many_numbers_go_in_few_calls(upstream: Dev, notice: str, tmp_path: Path) -> None:
    phones = [new_phone() for _ in range(60)]
    with (
        Between(port_of(upstream)) as between,
        front_of(
            tmp_path / "data", "tencent", calling(upstream, notice, api_url=between.url)
        ) as front,
    ):
        answer = front.app.send(phones)
        assert answer.status == 200
        for one in answer.json["messages"]:
            front.app.settled(one["id"], *SENT)
        assert between.texts <= 6
        eventually(lambda: all(arrived(upstream, phone) for phone in phones))
    assert [len(arrived(upstream, phone)) for phone in phones] == [1] * 60


def test_what_it_limits_is_given_to_the_next(upstream: Dev, front: Dev) -> None:
    phone = new_phone()
    front.command("route", "notice", "tencent", "sandbox")
    limit(upstream, DOCUMENTED)
    try:
        front.app.settled(front.app.sent(phone), *SENT)
        second = front.app.sent(phone)
        found = front.app.settled(second, "delivered")
        steps = [one for one in found["timeline"] if one.get("attempt")]
        assert {one["provider"] for one in steps} == {"tencent", "sandbox"}
    finally:
        limit(upstream, Frequency(same_per_30s=0, per_minute=0))
        front.command("route", "notice", "tencent")
    assert len(arrived(upstream, phone)) == 1
    assert len(front.nobody.texts(phone)) == 1


# What it tells by itself.


def pushing(upstream: Dev, url: str) -> None:
    """Have the upstream tell the house there of its ends, or nobody."""
    told = Callback(url + RECEIPTS, b"a secret", Form.TENCENT) if url else None
    with upstream.administering() as administering:
        app = administering.directory().apps[TENCENT_APP]
        administering.change_app(msgspec.structs.replace(app, callback=told))


def received(front: Dev, status: str = "200") -> float | None:
    route = "/receipts/tencent/{key}"
    return metric(front, "hongyan_requests_total", route=route, status=status)


def test_receipts_are_taken_when_they_are_pushed(
    upstream: Dev, notice: str, tmp_path: Path
) -> None:
    settings = {"receipts_key": RECEIPTS_KEY, "asks_a_second": 0.01}
    environment = calling(upstream, notice, **settings)
    with front_of(tmp_path / "data", "tencent", environment) as front:
        # The one question of the next minutes is used up by this one.
        front.app.settled(front.app.sent(new_phone()), "delivered", seconds=ASKED_S)
        pushing(upstream, front.url)
        try:
            delivered = front.app.sent(new_phone())
            undelivered = front.app.sent("19900000006")
            front.app.settled(delivered, "delivered")
            front.app.settled(undelivered, "undelivered")
        finally:
            pushing(upstream, "")
        assert received(front)


def test_one_process_is_told_of_what_another_has_sent(
    upstream: Dev, notice: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    settings = {"receipts_key": RECEIPTS_KEY, "asks_a_second": 0.01}
    environment = calling(upstream, notice, **settings)
    with seeded(data):
        assert hongyan("route", "notice", "tencent", "--data", data).code == 0
        with web(data, **environment) as front, worker(data, **environment):
            front.app.settled(front.app.sent(new_phone()), "delivered", seconds=ASKED_S)
            pushing(upstream, front.url)
            try:
                for _ in range(3):
                    front.app.settled(front.app.sent(new_phone()), "delivered")
            finally:
                pushing(upstream, "")


def test_they_are_pulled_where_that_is_open(upstream: Dev, notice: str, tmp_path: Path) -> None:
    settings = {"pull_every_s": 0.2, "asks_a_second": 0.01}
    environment = calling(upstream, notice, **settings)
    with front_of(tmp_path / "data", "tencent", environment) as front:
        for _ in range(2):
            front.app.settled(front.app.sent(new_phone()), "delivered")


def test_nobody_else_pushes_anything(front: Dev) -> None:
    receipt = {"mobile": "13800138000", "report_status": "SUCCESS", "sid": "2019:1"}
    for body in ([receipt], []):
        taken = front.nobody.post(RECEIPTS, body)
        assert (taken.status, taken.json) == (200, {"result": 0, "errmsg": "OK"})
    assert front.nobody.post(RECEIPTS[:-1], [receipt]).problem == (404, "not_found")
    bodies: tuple[Any, ...] = ("", "5", [5], {"result": 0}, [{"mobile": "1"}], [[[]]])
    for bad in bodies:
        assert front.nobody.post(RECEIPTS, bad).problem == (400, "invalid_request")
    stranger = {"mobile": "13800138000", "nationcode": "86", "text": "R", "time": 1}
    for reply in (stranger, stranger | {"mobile": "x"}):
        assert front.nobody.post(RECEIPTS, reply).status == 200


def test_a_reply_that_is_pushed_stops_marketing(front: Dev) -> None:
    template_of(front, APP, Kind.MARKETING, "{1}上新，拒收请回复R")
    with front.administering() as administering:
        app = administering.directory().apps[APP]
        profile = TencentProfile()  # Whose replies are heard: the newest text is looked for.
        changed = msgspec.structs.replace(app, hours=ALWAYS, tencent=profile)
        administering.change_app(changed)
    front.command("route", "marketing", "sandbox")
    phone, marketing = new_phone(), {"template": f"{APP}_marketing", "params": ["秋茶"]}
    front.app.settled(front.app.sent(phone, **marketing), "delivered")
    reply = {"mobile": phone, "nationcode": "86", "text": "R", "time": 1_700_000_000}
    assert front.nobody.post(RECEIPTS, reply).status == 200
    assert front.app.send(phone, **marketing).problem == (403, "opted_out")
    assert front.app.send(phone).status == 201


def test_it_is_told_of_codes_that_were_filled_in(
    upstream: Dev, notice: str, tmp_path: Path
) -> None:
    with Between(port_of(upstream)) as between:
        settings = {"report_conversion": "true", "api_url": between.url}
        environment = calling(upstream, notice, **settings)
        with front_of(tmp_path / "data", "tencent", environment) as front:

            def told() -> list[bytes]:
                return [one for one in between.requests if b": ReportConversion" in one]

            phone = new_phone()
            verification = front.app.started(phone)
            code = upstream.nobody.code(phone)
            accepted = {"provider": "tencent", "outcome": "accepted"}
            eventually(lambda: metric(front, "hongyan_attempts_total", **accepted))
            assert told() == []
            assert front.app.check(verification, code).status == 200
            eventually(told)
            assert len(told()) == 1
            assert b'"SerialNo":"2019:' in told()[0]


# What it refuses.


def test_an_app_that_is_disabled_there_halts_until_it_is_enabled(upstream: Dev, front: Dev) -> None:
    def enable(*, enabled: bool) -> None:
        with upstream.administering() as administering:
            app = administering.directory().apps[TENCENT_APP]
            administering.change_app(msgspec.structs.replace(app, enabled=enabled))

    def stopped() -> float | None:
        return metric(front, "hongyan_provider_stopped", provider="tencent")

    phone = new_phone()
    enable(enabled=False)
    try:
        eventually(lambda: stopped() == 1)
        message = front.app.sent(phone)
        assert front.app.message(message)["status"] == "queued"
    finally:
        enable(enabled=True)
    front.app.settled(message, *SENT, seconds=ASKED_S)
    assert "provider.resumed" in front.err
    assert len(arrived(upstream, phone)) == 1


def test_a_wrong_key_halts_and_a_right_one_goes_on(
    upstream: Dev, notice: str, tmp_path: Path
) -> None:
    phone, wrong = new_phone(), "wrong" * 6
    environment = calling(upstream, notice, secret_key=wrong)
    with front_of(tmp_path / "data", "tencent", environment) as front:
        eventually(lambda: metric(front, "hongyan_provider_stopped", provider="tencent") == 1)
        message = front.app.sent(phone)
        assert front.err.count("provider.stopped") == 1
        assert wrong not in front.err
        assert front.stop() == 0
    with front_of(tmp_path / "data", "tencent", calling(upstream, notice)) as front:
        found = front.app.settled(message, *SENT, seconds=ASKED_S)
        assert tried(found, "tencent") == ["submitted"]
    assert len(arrived(upstream, phone)) == 1


# What goes wrong on the way.


def test_an_answer_that_is_lost_leaves_a_doubt_that_asking_settles(
    upstream: Dev, notice: str, tmp_path: Path
) -> None:
    phone = new_phone()
    with (
        Between(port_of(upstream)) as between,
        front_of(
            tmp_path / "data", "tencent", calling(upstream, notice, api_url=between.url)
        ) as front,
    ):
        between.answers_to_lose = 1
        message = front.app.sent(phone)
        front.app.settled(message, "unconfirmed")
        [answer] = between.lost
        assert b'"Code":"Ok"' in answer
        found = front.app.settled(message, "delivered", seconds=ASKED_S)
        assert tried(found, "tencent") == ["unconfirmed"]
    assert len(arrived(upstream, phone)) == 1


def test_what_a_killed_house_was_sending_is_settled_by_the_next_one(
    upstream: Dev, notice: str, tmp_path: Path
) -> None:
    phones = [new_phone() for _ in range(20)]
    with (
        Between(port_of(upstream)) as between,
        front_of(
            tmp_path / "data", "tencent", calling(upstream, notice, api_url=between.url)
        ) as front,
    ):
        upstream.terminate(signal.SIGSTOP)
        try:
            messages = [one["id"] for one in front.app.send(phones).json["messages"]]
            eventually(lambda: between.texts)
            front.kill()
        finally:
            upstream.terminate(signal.SIGCONT)
        eventually(lambda: any(arrived(upstream, phone) for phone in phones))
    with front_of(tmp_path / "data", "tencent", calling(upstream, notice)) as front:
        for message in messages:
            front.app.settled(message, "delivered", seconds=ASKED_S)
        tries = [tried(front.app.message(message), "tencent") for message in messages]
    # Those that had not begun are sent by the next one; those that had are in no doubt any more.
    assert all(one in (["unconfirmed"], ["submitted"]) for one in tries)
    assert ["unconfirmed"] in tries
    assert [len(arrived(upstream, phone)) for phone in phones] == [1] * len(phones)
