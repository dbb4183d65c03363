"""Whatever is wrong with a check, its answer looks the same and takes the same time (policy row 22)."""

import http.client
import json
import time
from itertools import cycle
from statistics import quantiles

from support.process import Client, Dev, new_phone

ROUNDS = 100
APART_S = 0.002
TRIES = 4
"""A busy machine makes a difference now and then; a house that tells makes one every time."""

NO_SUCH_ID = "0193a5b0-0000-7000-8000-000000000000"


def _guesses(app: Client, **client: str) -> list[tuple[str, str, dict[str, str]]]:
    """(verification, wrong code, client) for as many wrong checks as there are rounds."""
    found = []
    for _ in range(ROUNDS // 4):
        phone = new_phone()
        verification = app.started(phone, client=client)
        wrong = f"{(int(app.code(phone)) + 1) % 1_000_000:06d}"
        found += [(verification, wrong, client)] * 4
    return found


def _spent(
    connection: http.client.HTTPConnection, app: Client, asks: tuple[str, str, dict[str, str]]
) -> tuple[float, object]:
    verification, code, client = asks
    body = json.dumps({"code": code, "client": client})
    headers = {"Authorization": f"Bearer {app.key}", "Content-Type": "application/json"}
    began = time.perf_counter()
    connection.request("POST", f"/v1/verifications/{verification}/check", body, headers)
    response = connection.getresponse()
    told = response.read()
    spent = time.perf_counter() - began
    names = sorted(name for name in response.headers if name.lower() != "date")
    return spent, (response.status, names, told)


def _apart(app: Client, other_app: Client) -> tuple[float, set[str]]:
    """How far the slowest of a hundred checks of each kind are apart, and what all answered."""
    phone = new_phone()
    used, code = app.started(phone), app.code(phone)
    assert app.check(used, code).status == 200
    theirs = other_app.started(new_phone())
    # Another openid's guess counts: nobody may find out that only the openid was wrong.
    foreign = [
        (verification, code, {"openid": "other"})
        for verification, code, _ in _guesses(app, openid="o")
    ]
    kinds = {
        "unknown": cycle([(NO_SUCH_ID, code, {})]),
        "used": cycle([(used, code, {})]),
        "another app's": cycle([(theirs, code, {})]),
        "wrong": iter(_guesses(app)),
        "another openid's": iter(foreign),
    }
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    told = set()
    connection = app.connection()
    for _ in range(ROUNDS):
        for kind, asks in kinds.items():
            seconds, answer = _spent(connection, app, next(asks))
            spent[kind].append(seconds)
            told.add(repr(answer))
    connection.close()
    slowest = [quantiles(times, n=100)[98] for times in spent.values()]
    return max(slowest) - min(slowest), told


def test_every_refusal_of_a_code_takes_the_same_time_and_says_the_same(own: Dev) -> None:
    created = own.command("app", "create", "Other", "--name", "app_other")
    own.command("app", "change", "app_other", "--template", "code")
    other = Client(own.url, created["api_key"])
    found = []
    for _ in range(TRIES):
        apart, told = _apart(own.app, other)
        assert len(told) == 1
        found.append(apart)
        if apart < APART_S:
            return
    raise AssertionError(f"p99 is apart by {found} s")
