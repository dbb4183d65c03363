"""What a Zhenzi app may send: its balance, its limits, where it may call from. What is refused costs
nothing and uses nothing up.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest

from hongyan.core.daily import Caps
from hongyan.core.limit import Window
from hongyan.core.time import DAY, HOUR, MINUTE
from hongyan.providers.sandbox import FAULTS
from hongyan.store.sqlite import inspect, seal_of
from support.held import HeldHouse
from support.process import Dev, eventually, new_phone
from support.zhenzi import (
    BALANCE,
    FIND,
    SEND,
    SEND_PATHS,
    SEND_TEMPLATE,
    SENT,
    TEMPLATE_PATHS,
    Zhenzi,
    changed,
    moved_in,
)

SCRIPTED = {number[-1]: number.removeprefix("+86") for number in FAULTS}
OVER_LIMIT = '{"code":109,"data":"今日发送超过限额"}'.encode()
NO_BALANCE = '{"code":108,"data":"余额不足"}'.encode()
REFUSED_ADDRESS = '{"code":107,"data":"ip错误"}'.encode()
TWO_AN_HOUR = (Window("1h", 2, HOUR),)
TWO_A_DAY = (Window("24h", 2, DAY),)


# Balance.


@pytest.mark.parametrize(
    ("length", "segments"),
    [(66, 1), (67, 2), (500, 8), (501, 8), (934, 14), (935, 15), (1_000, 15)],
)
def test_a_text_costs_its_segments(dev: Dev, phone: str, length: int, segments: int) -> None:
    """With its signature of four characters: 70 alone, 67 in each part of a longer one."""
    app = moved_in(dev)
    words = "鸿" * length
    app.sent(phone, message=words)
    assert app.balance() == 100 - segments
    assert dev.nobody.latest(phone)["text"] == f"【鸿雁】{words}"


def test_at_the_end_of_a_package_texts_are_refused_and_the_books_are_right(
    tmp_path: Path,
) -> None:
    with Dev(tmp_path / "data") as house:
        app = moved_in(house, units=3)
        heard = [app.call(SEND, new_phone()).body for _ in range(5)]
        assert heard == [SENT] * 3 + [NO_BALANCE] * 2
        assert app.call(BALANCE).body == b'{"code":0,"data":0}'
        assert app.call(SEND_TEMPLATE).body == NO_BALANCE
        house.stop()
    data = tmp_path / "data"
    assert inspect(data, seal_of(data, lambda: 0)).broken_books == []


def test_a_text_that_the_balance_does_not_cover_is_not_sent_in_part(dev: Dev, phone: str) -> None:
    app = moved_in(dev, units=1)
    assert app.call(SEND, phone, message="鸿" * 67, messageId="m1").body == NO_BALANCE
    assert app.balance() == 1
    app.sent(phone, messageId="m1")
    assert app.call(SEND, phone, messageId="m1").code == 100


def test_many_at_once_never_spend_more_than_there_is(dev: Dev) -> None:
    app = moved_in(dev, units=20)
    with ThreadPoolExecutor(64) as pool:
        heard = list(pool.map(lambda number: app.call(SEND, number).body, numbers(64)))
    assert sorted(heard) == sorted([SENT] * 20 + [NO_BALANCE] * 44)
    assert app.balance() == 0


def numbers(count: int) -> list[str]:
    return [new_phone() for _ in range(count)]


def test_what_surely_never_left_is_refunded_with_its_place_in_the_limits(dev: Dev) -> None:
    app = moved_in(dev, windows=TWO_A_DAY, client_windows=TWO_A_DAY)
    for number in range(4):
        reference = f"m{number}"
        app.sent(SCRIPTED["1"], messageId=reference, clientIp="203.0.113.7")
        eventually(lambda: app.found(reference)["status"] == "rejected")  # noqa: B023 - at once
    assert app.balance() == 100


# Limits.


@pytest.mark.parametrize("path", SEND_PATHS)
def test_a_number_gets_so_many_texts(dev: Dev, path: str) -> None:
    app = moved_in(dev, windows=TWO_A_DAY)
    phone, other = numbers(2)
    heard = [app.call(path, phone, messageId=f"m{number}").body for number in range(4)]
    assert heard == [SENT, SENT, OVER_LIMIT, OVER_LIMIT]
    app.sent(other, path, messageId="m2")
    assert app.balance() == 97
    assert app.call(FIND, messageId="m3").code == 100


def test_an_app_sends_so_many_texts_a_day(dev: Dev) -> None:
    """Also of several at once; and to no country that it never texts."""
    app = moved_in(dev, caps=Caps(in_all=3, mainland=9))
    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(lambda to: app.call(SEND, to).body, numbers(8)))
    assert sorted(heard) == sorted([SENT] * 3 + [OVER_LIMIT] * 5)
    assert app.balance() == 97
    never = moved_in(dev, caps=Caps(never=frozenset({"CN"})))
    assert never.call(SEND, new_phone()).code == 100
    assert never.balance() == 100


def test_a_client_causes_so_many_texts_whatever_it_is_called(dev: Dev) -> None:
    app = moved_in(dev, client_windows=TWO_A_DAY)
    for client in ("221.221.221.111", "o-openid'--", "鸿雁", "::1"):
        calls = [app.call(SEND, number, clientIp=client).body for number in numbers(3)]
        assert calls == [SENT, SENT, OVER_LIMIT]
    for nobody in ("", None, ""):
        app.sent(new_phone(), clientIp=nobody)
    assert app.balance() == 100 - 8 - 3


def test_clients_are_an_apps_own_and_counted_only_where_they_are_limited(dev: Dev) -> None:
    one, other = moved_in(dev, client_windows=TWO_A_DAY), moved_in(dev, client_windows=TWO_A_DAY)
    unlimited = moved_in(dev)
    for app in (one, other, unlimited):
        for number in numbers(2):
            app.sent(number, clientIp="203.0.113.7")
    unlimited.sent(new_phone(), clientIp="203.0.113.7")
    assert one.call(SEND, clientIp="203.0.113.7").body == OVER_LIMIT


def test_of_many_at_once_no_more_than_the_limit_are_sent(dev: Dev, phone: str) -> None:
    app = moved_in(dev, windows=TWO_A_DAY)
    other = moved_in(dev, client_windows=TWO_A_DAY)
    with ThreadPoolExecutor(32) as pool:
        to_one = list(pool.map(lambda _: app.call(SEND, phone).body, range(32)))
        by_one = list(pool.map(lambda to: other.call(SEND, to, clientIp="c").body, numbers(32)))
    assert sorted(to_one) == sorted(by_one) == sorted([SENT] * 2 + [OVER_LIMIT] * 30)
    assert (app.balance(), other.balance()) == (98, 98)


def test_what_a_limit_refuses_uses_up_no_other_limit(held: HeldHouse) -> None:
    app = moved_in(held, windows=TWO_AN_HOUR, client_windows=TWO_AN_HOUR)
    phone, other = numbers(2)
    for number in (phone, phone):
        app.sent(number, clientIp="a")
    # The number is used up, and the client: neither refusal counts for the other.
    for _ in range(3):
        assert app.call(SEND, phone, clientIp="b").body == OVER_LIMIT
        assert app.call(SEND, other, clientIp="a").body == OVER_LIMIT
    app.sent(other, clientIp="b")
    app.sent(other, clientIp="b")
    held.clock.pass_by(HOUR)
    app.sent(phone, clientIp="a")
    assert app.balance() == 95


def test_limits_hold_over_a_restart_and_end_when_they_should(tmp_path: Path, phone: str) -> None:
    with HeldHouse(tmp_path) as held:
        app = moved_in(held, windows=TWO_AN_HOUR, client_windows=TWO_AN_HOUR)
        app.sent(phone, clientIp="c")
        app.sent(phone, clientIp="c")
    with HeldHouse(tmp_path) as held:
        app = Zhenzi(held.url, app.app_id, app.app_secret)
        assert app.call(SEND, phone).body == OVER_LIMIT
        assert app.call(SEND, clientIp="c").body == OVER_LIMIT
        held.clock.pass_by(HOUR - MINUTE)
        assert app.call(SEND, phone).body == OVER_LIMIT
        assert app.call(SEND, clientIp="c").body == OVER_LIMIT
        held.clock.pass_by(MINUTE)
        app.sent(phone, clientIp="c")


def test_a_command_sets_limits_and_ends_them(own: Dev, phone: str) -> None:
    app = moved_in(own)
    own.command("app", "limit", app.name, "--number", "1/86400", "--client", "2/3600")
    app.balance()
    app.sent(phone, clientIp="c")
    assert app.call(SEND, phone).body == OVER_LIMIT
    app.sent(new_phone(), clientIp="c")
    assert app.call(SEND, new_phone(), clientIp="c").body == OVER_LIMIT
    own.command("app", "limit", app.name, "--number", "none", "--client", "none")
    app.balance()
    app.sent(phone, clientIp="c")


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "12345"},
        {"number": "+8613800138000"},
        {"message": "鸿" * 1_001},
        {"message": "\x00"},
        {"message": "【别人】hello"},
        {"messageId": "x" * 65},
        {"appSecret": "wrong"},
        {"clientIp": "\n"},
    ],
)
def test_what_is_refused_uses_up_no_limit_and_no_reference(
    dev: Dev, phone: str, changes: dict[str, str]
) -> None:
    app = moved_in(dev, units=2, windows=TWO_A_DAY, client_windows=TWO_A_DAY)
    named = {"messageId": "m1", "clientIp": "c"}
    for _ in range(4):
        assert app.call(SEND, phone, **(named | changes)).code in (100, 101, 110)
    assert app.balance() == 2
    app.sent(phone, messageId="m1", clientIp="c")
    app.sent(phone, messageId="m2", clientIp="c")


# Addresses.


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """A house that believes what proxies at 127.0.0.1 say of their callers."""
    trusted = {"HONGYAN__SERVER__TRUSTED_PROXIES": '["127.0.0.1/32"]'}
    with Dev(tmp_path_factory.mktemp("behind") / "data", **trusted) as opened:
        yield opened


def forwarded(app: Zhenzi, chain: str) -> Zhenzi:
    return Zhenzi(
        app.url, app.app_id, app.app_secret, app.template_id, headers={"X-Forwarded-For": chain}
    )


@pytest.mark.parametrize(
    ("network", "address", "let_in"),
    [
        ("127.0.0.0/30", "127.0.0.1", True),
        ("127.0.0.0/30", "127.0.0.4", False),
        ("127.0.0.1/32", "127.0.0.1", True),
        ("127.0.0.2/32", "127.0.0.1", False),
        ("2001:db8::/32", "127.0.0.1", False),
    ],
)
def test_an_app_is_called_from_its_own_networks_only(
    dev: Dev, network: str, address: str, *, let_in: bool
) -> None:
    app = moved_in(dev, networks=(ip_network("192.0.2.0/24"), ip_network(network))).at(address)
    for path in (SEND, SEND_TEMPLATE, BALANCE):
        heard = app.call(path)
        assert heard.code == 0 if let_in else heard.body == REFUSED_ADDRESS


@pytest.mark.parametrize(
    ("chain", "let_in"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::7", True),
        ("203.0.113.1, 192.0.2.7", True),
        ("192.0.2.7, 203.0.113.1", False),
        ("203.0.113.1", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_behind_a_trusted_proxy_the_forwarded_address_counts(
    behind: Dev, chain: str, *, let_in: bool
) -> None:
    networks = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/64"))
    heard = forwarded(moved_in(behind, networks=networks), chain).call(SEND, new_phone())
    assert heard.body == (SENT if let_in else REFUSED_ADDRESS)


def test_from_anybody_else_a_forwarded_address_is_a_claim(dev: Dev, behind: Dev) -> None:
    networks = (ip_network("192.0.2.0/24"),)
    assert forwarded(moved_in(dev, networks=networks), "192.0.2.7").call(SEND).code == 107
    stranger = forwarded(moved_in(behind, networks=networks), "192.0.2.7").at("127.0.0.2")
    assert stranger.call(SEND).code == 107


def test_behind_a_proxy_each_address_has_a_door_of_its_own(behind: Dev) -> None:
    app = moved_in(behind)
    guesser, owner = forwarded(app, "203.0.113.66"), forwarded(app, "192.0.2.7")
    for _ in range(10):
        assert guesser.with_secret("wrong").call(BALANCE).code == 110
    assert owner.balance() == 100


def test_an_address_list_is_changed_by_command(own: Dev) -> None:
    app = moved_in(own)
    own.command("app", "allow-ip", app.name, "192.0.2.0/24", "127.0.0.2")
    assert app.call(SEND_TEMPLATE).body in (REFUSED_ADDRESS, SENT)
    assert app.call(SEND_TEMPLATE).body == REFUSED_ADDRESS
    app.at("127.0.0.2").sent(new_phone())
    own.command("app", "allow-ip", app.name, "none")
    app.at("127.0.0.2").balance()
    app.sent(new_phone())


def test_a_disabled_app_is_refused_until_it_is_enabled(own: Dev) -> None:
    app = moved_in(own)
    own.command("app", "disable", app.name)
    assert app.call(BALANCE).code in (0, 106)
    assert app.call(SEND).body == '{"code":106,"data":"应用被禁止"}'.encode()
    own.command("app", "enable", app.name)
    assert app.call(BALANCE).code in (0, 106)
    app.sent(new_phone())


def test_a_text_to_a_number_is_counted_whatever_it_says(dev: Dev, phone: str) -> None:
    app = moved_in(dev, windows=TWO_A_DAY)
    app.sent(phone)
    app.sent(phone, SEND_TEMPLATE)
    for path in TEMPLATE_PATHS:
        assert app.call(path, phone).body == OVER_LIMIT
    changed(dev, app, windows=())
    app.sent(phone)
