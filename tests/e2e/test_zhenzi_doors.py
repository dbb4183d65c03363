"""Whoever guesses AppSecrets waits longer and longer, and learns nothing meanwhile; nobody else does."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from hongyan.core.limit import Window
from hongyan.core.time import DAY, MINUTE, SECOND
from hongyan.service.administer import rotate_app_secret
from support.held import HeldHouse
from support.process import Dev, new_address, new_phone
from support.zhenzi import (
    BALANCE,
    FIND,
    PATHS,
    SEND,
    SEND_TEMPLATE,
    SENT,
    Zhenzi,
    changed,
    closed,
    moved_in,
)

WRONG = '{"code":110,"data":"应用秘钥(AppSecret)错误"}'.encode()
RISING = (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300)
"""Seconds after the tenth wrong secret, the eleventh, …"""


def guess(app: Zhenzi, times: int = 1) -> None:
    """Wrong secrets, one after the other."""
    for number in range(times):
        assert app.with_secret(f"guess-{number}").call(BALANCE).body == WRONG


def shut(held: HeldHouse, app: Zhenzi) -> int:
    """Guess until the door is shut for longer than a slow machine takes; for how long."""
    guess(app, 10)
    for seconds in RISING[:6]:
        held.clock.pass_by(seconds * SECOND)
        guess(app)
    return RISING[6] * SECOND


@pytest.fixture
def app(held: HeldHouse) -> Zhenzi:
    return moved_in(held, units=100).at(new_address())


def test_nine_wrong_secrets_cost_nothing(app: Zhenzi) -> None:
    guess(app, 9)
    assert app.balance() == 100


def test_from_the_tenth_on_the_door_is_shut_twice_as_long_each_time(
    held: HeldHouse, app: Zhenzi
) -> None:
    guess(app, 9)
    for seconds in RISING:
        guess(app)
        # The machine's clock goes on meanwhile, by much less than half of this.
        held.clock.pass_by(seconds * SECOND // 2)
        assert app.call(BALANCE).body == WRONG
        held.clock.pass_by(seconds * SECOND // 2)
        assert app.balance() == 100


def test_what_is_guessed_at_a_shut_door_is_not_counted(held: HeldHouse, app: Zhenzi) -> None:
    wait = shut(held, app)
    guess(app, 30)
    held.clock.pass_by(wait)
    assert app.balance() == 100


@pytest.mark.parametrize("path", PATHS)
def test_a_shut_door_refuses_the_right_secret_at_every_path(
    held: HeldHouse, app: Zhenzi, path: str
) -> None:
    phone = new_phone()
    app.sent(phone, messageId=f"of {phone}")
    wait = shut(held, app)
    assert app.call(path, phone).body == WRONG
    held.clock.pass_by(wait)
    assert app.call(path, phone).code == 0


def test_at_a_shut_door_no_fault_of_a_request_shows(held: HeldHouse, app: Zhenzi) -> None:
    """Any other answer would tell a guesser that this secret was the right one."""
    once = (Window("day", 1, DAY),)
    phone = new_phone()
    app.sent(phone, messageId="used", clientIp="203.0.113.7")
    wait = shut(held, app)
    changed(held, app, windows=once, client_windows=once)
    faulty: list[tuple[str, dict[str, str | None]]] = [
        (SEND, {"message": None}),
        (SEND, {"message": "鸿" * 1_001}),
        (SEND, {"message": "【坏】【】"}),
        (SEND, {"number": "1"}),
        (SEND, {"messageId": "used"}),
        (SEND, {"messageId": "x" * 65}),
        (SEND, {"clientIp": "203.0.113.7"}),
        (SEND, {}),
        (SEND_TEMPLATE, {"templateId": None}),
        (SEND_TEMPLATE, {"templateId": "999999"}),
        (SEND_TEMPLATE, {"templateParams": "{}"}),
        (SEND_TEMPLATE, {"templateParams": "[]"}),
        (FIND, {"messageId": None}),
        (FIND, {"messageId": "unknown"}),
        (FIND, {"messageId": "used"}),
    ]
    for path, changes in faulty:
        assert app.call(path, phone, **changes).body == WRONG, (path, changes)
    for differing in ({"free_text": False}, {"networks": (ip_network("192.0.2.0/24"),)}):
        changed(held, app, **differing)
        assert app.call(SEND, phone).body == WRONG, differing
    changed(held, app, enabled=False)
    assert app.call(SEND, phone).body == WRONG
    closed(held, app)
    assert app.call(SEND, phone).body == WRONG
    held.clock.pass_by(wait)
    assert app.call(SEND, phone).code == 111


def test_a_guesser_shuts_the_door_of_one_app_at_one_address_only(
    held: HeldHouse, app: Zhenzi
) -> None:
    shut(held, app)
    assert app.call(BALANCE).body == WRONG
    assert app.at(new_address()).balance() == 100
    assert moved_in(held).at(app.address).balance() == 100


def test_an_unknown_app_has_no_door(held: HeldHouse) -> None:
    nobody = Zhenzi(held.url, "99", "wrong")
    for _ in range(30):
        assert nobody.call(BALANCE).code == 105


def test_a_shut_door_stays_shut_over_a_restart(tmp_path: Path) -> None:
    ahead = 0
    with HeldHouse(tmp_path) as held:
        app = moved_in(held)
        guess(app, 10)
        for seconds in RISING[:9]:
            held.clock.pass_by(seconds * SECOND)
            ahead += seconds * SECOND
            guess(app)
    again = HeldHouse(tmp_path)
    again.clock.pass_by(ahead)
    with again:
        app = replace(app, url=again.url)
        assert app.call(SEND).body == WRONG
        assert app.at(new_address()).balance() == 100
        again.clock.pass_by(5 * MINUTE)
        assert app.balance() == 100
        guess(app)
        again.clock.pass_by(4 * MINUTE)
        assert app.call(SEND).body == WRONG


def test_a_day_later_all_is_forgiven(held: HeldHouse, app: Zhenzi) -> None:
    guess(app, 10)
    held.clock.pass_by(DAY)
    guess(app, 9)
    assert app.balance() == 100


def test_of_guesses_that_come_together_one_is_looked_at(held: HeldHouse, app: Zhenzi) -> None:
    wait = shut(held, app)
    held.clock.pass_by(wait)
    secrets = [f"guess-{number}" for number in range(64)]
    with ThreadPoolExecutor(64) as pool:
        guessed = list(pool.map(lambda one: app.with_secret(one).call(BALANCE).body, secrets))
    assert guessed == [WRONG] * 64
    # The one has doubled the wait. A second one would have doubled it again.
    held.clock.pass_by(2 * wait)
    assert app.balance() == 100


def test_the_right_secret_among_guesses_is_let_in_or_not_and_charged_so(
    held: HeldHouse, app: Zhenzi
) -> None:
    with ThreadPoolExecutor(32) as pool:
        calls = [
            pool.submit((app if number % 2 else app.with_secret("wrong")).call, SEND, new_phone())
            for number in range(64)
        ]
        heard = [call.result().body for call in calls]
    assert set(heard[::2]) == {WRONG}
    assert set(heard[1::2]) <= {WRONG, SENT}
    held.clock.pass_by(5 * MINUTE)
    assert app.balance() == 100 - heard.count(SENT)


def test_nothing_is_charged_at_a_shut_door(held: HeldHouse, app: Zhenzi) -> None:
    phone = new_phone()
    wait = shut(held, app)
    for path in (SEND, SEND_TEMPLATE):
        assert app.call(path, phone, messageId="m1").body == WRONG
    held.clock.pass_by(wait)
    assert app.balance() == 100
    assert app.call(FIND, messageId="m1").code == 100
    app.sent(phone, messageId="m1")


# Rotation.


def rotated(dev: Dev, app: Zhenzi, hours: int) -> Zhenzi:
    made = dev.command("app", "rotate-secret", app.name, "--overlap", str(hours))
    return app.with_secret(made["app_secret"])


def test_two_secrets_live_while_they_overlap_and_a_third_ends_the_first(own: Dev) -> None:
    first = moved_in(own)
    assert first.balance() == 100
    second = rotated(own, first, 1)
    assert [one.call(BALANCE).code for one in (second, first)] == [0, 0]
    third = rotated(own, first, 1)
    assert [one.call(BALANCE).code for one in (third, second, first)] == [0, 0, 110]
    assert len({one.app_secret for one in (first, second, third)}) == 3


def test_without_an_overlap_the_old_secret_ends_at_once(own: Dev) -> None:
    first = moved_in(own)
    assert first.balance() == 100
    second = rotated(own, first, 0)
    assert [one.call(BALANCE).code for one in (second, first)] == [0, 110]


def test_an_overlap_ends_by_itself(held: HeldHouse) -> None:
    first = moved_in(held)
    with held.administering() as administering:
        app = administering.directory().apps[first.name]
        made = rotate_app_secret(administering, app, held.clock() + MINUTE)
    second = first.with_secret(made.secret)
    assert [one.call(BALANCE).code for one in (second, first)] == [0, 0]
    held.clock.pass_by(MINUTE)
    assert [one.call(BALANCE).code for one in (second, first)] == [0, 110]
