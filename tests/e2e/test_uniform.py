"""Whatever is wrong with a check, its answer looks the same and takes the same time (policy row 22)."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from itertools import chain, repeat
from statistics import median, quantiles
from typing import Any, NamedTuple

import pytest

from support.process import NO_SUCH_ID, Client, Dev, new_address, new_phone

ROUNDS = 100
GUESSES = 4
"""One less than lock a verification."""
P99S_APART_S = 0.002
MEDIANS_APART_S = 0.001
TRIES = 40
"""Each takes about half a second where nothing disturbs it."""

pytestmark = pytest.mark.timeout(180)


class Ask(NamedTuple):
    """A check that will be refused, and the connection to ask it on."""

    connection: http.client.HTTPConnection
    client: Client
    path: str
    body: dict[str, Any]

    def __call__(self) -> tuple[float, str]:
        """(seconds, all that could be told from the answer)."""
        headers = {"Authorization": f"Bearer {self.client.key}", "Content-Type": "application/json"}
        body = json.dumps(self.body)
        began = time.perf_counter()
        self.connection.request("POST", self.path, body, headers)
        response = self.connection.getresponse()
        told = response.read()
        spent = time.perf_counter() - began
        names = sorted(name for name in response.headers if name.lower() != "date")
        return spent, repr((response.status, names, told))


Kinds = Mapping[str, Iterator[Ask]]
"""What is wrong → checks of which that is wrong."""


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def _checks(app: Client, other_app: Client, opened: ExitStack) -> Kinds:
    connection = opened.enter_context(closing(app.connection()))

    def ask(verification: str, code: str, **client: str) -> Ask:
        path = f"/v1/verifications/{verification}/check"
        return Ask(connection, app, path, {"code": code, "client": client})

    def guesses(*, as_openid: str) -> Iterator[Ask]:
        for _ in range(ROUNDS // GUESSES):
            phone = new_phone()
            verification = app.started(phone, client={"openid": "owner"})
            code = app.code(phone)
            # Nobody may find out that only the openid was wrong.
            typed = _wrong(code) if as_openid == "owner" else code
            yield from repeat(ask(verification, typed, openid=as_openid), GUESSES)

    phone = new_phone()
    used, code = app.started(phone), app.code(phone)
    assert app.check(used, code).status == 200
    return {
        "unknown": repeat(ask(NO_SUCH_ID, code)),
        "used": repeat(ask(used, code)),
        "another app's": repeat(ask(other_app.started(new_phone()), code)),
        "wrong": iter(list(guesses(as_openid="owner"))),
        "another openid's": iter(list(guesses(as_openid="other"))),
    }


def _registrations(house: Dev, opened: ExitStack) -> Kinds:
    def ask(client: Client, phone: str, code: str) -> Ask:
        connection = opened.enter_context(closing(client.connection()))
        return Ask(connection, client, "/register/verify", {"phone": phone, "code": code})

    def guesses() -> Iterator[Iterator[Ask]]:
        for _ in range(ROUNDS // GUESSES):
            client, phone = house.nobody.at(new_address()), new_phone()
            assert client.post("/register", {"phone": phone}).status == 200
            yield repeat(ask(client, phone, _wrong(client.code(phone))), GUESSES)

    client, phone = house.nobody.at(new_address()), new_phone()
    client.post("/register", {"phone": phone})
    code = client.code(phone)
    assert client.post("/register/verify", {"phone": phone, "code": code}).status == 200
    return {
        "used": repeat(ask(client, phone, code)),
        "never asked for": repeat(ask(client, new_phone(), code)),
        "wrong": chain.from_iterable(list(guesses())),
    }


def _measured(kinds: Kinds) -> dict[str, tuple[float, float]]:
    """(median, p99) of a hundred checks of each kind, taken in turn; all must say the same."""
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    told = set()
    for _ in range(ROUNDS):
        for kind, asks in kinds.items():
            seconds, answer = next(asks)()
            spent[kind].append(seconds)
            told.add(answer)
    assert len(told) == 1
    return {kind: (median(times), quantiles(times, n=100)[98]) for kind, times in spent.items()}


def _are_alike(kinds: Callable[[ExitStack], Kinds]) -> None:
    """A busy machine only ever adds time, so each kind is known by the least it was seen to take:
    what a house tells by its time, it tells every time.
    """
    least: dict[str, tuple[float, float]] = {}
    for _ in range(TRIES):
        with ExitStack() as opened:
            for kind, (middle, slowest) in _measured(kinds(opened)).items():
                before = least.get(kind, (middle, slowest))
                least[kind] = min(middle, before[0]), min(slowest, before[1])
        medians, p99s = zip(*least.values(), strict=True)
        if max(medians) - min(medians) < MEDIANS_APART_S and max(p99s) - min(p99s) < P99S_APART_S:
            return
    raise AssertionError(f"(median, p99) in seconds: {least}")


def test_every_refusal_of_a_code_takes_the_same_time_and_says_the_same(own: Dev) -> None:
    created = own.command("app", "create", "Other", "--name", "app_other")
    own.command("app", "change", "app_other", "--template", "code")
    other = Client(own.url, created["api_key"])
    _are_alike(lambda opened: _checks(own.app, other, opened))


def test_a_registration_tells_no_more_by_its_time(own: Dev) -> None:
    _are_alike(lambda opened: _registrations(own, opened))
