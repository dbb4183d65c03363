"""Whatever is asked of Tencent's protocol is answered in its envelope, by a code of its own, and only
texts that were taken are charged.
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.wire.tencent.actions import ACTIONS, NEW, OLD
from hongyan.wire.tencent.codes import CODES
from support.process import Dev
from support.tencent import load
from support.tencent_app import Said, TencentApp, moved_in

EXAMPLES: dict[str, Any] = load("examples.json")
NAMES = sorted(ACTIONS[NEW])
ANYTHING = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

WORDS = st.one_of(
    st.sampled_from(["", " ", "1", "+8613800138000", "2026112112", "AA生活服务", "{1}", "\r\n"]),
    st.sampled_from(["9" * 400, "\x00", "\ufeff", "😀" * 30, "鸿" * 600, "MTIz", "【】"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 3, 100, 101, 2**63 - 1, 2**63, 2**64, 10**30, 0.5, 1e300]),
    st.integers(1_795_000_000, 1_800_000_000),
)
VALUES = st.recursive(
    st.one_of(WORDS, NUMBERS, st.none(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=5,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "X-Tc-Action",
            "X-Tc-Version",
            "X-Tc-Timestamp",
            "X-Tc-Token",
            "X-Tc-Language",
            "X-Tc-Region",
            "X-Tc-Content-Sha256",
            "Content-Type",
            "Authorization",
        ]
    ),
    st.one_of(
        st.sampled_from(["", "SendSms", OLD, "0", "99999999999", "UNSIGNED-PAYLOAD", "en"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    ),
    max_size=2,
)


@pytest.fixture(scope="module")
def app(dev: Dev) -> TencentApp:
    return moved_in(dev, units=1_000_000, countries=frozenset({"CN", "MY"}))


def asked(app: TencentApp, action: str) -> dict[str, Any]:
    """The platform's own example of a request, for this app."""
    request = json.loads(json.dumps(EXAMPLES[action][0]["request"]))
    ours = {"SmsSdkAppId": app.sdk_app_id, "TemplateId": app.template_id, "SignName": app.sign_name}
    found: dict[str, Any] = {
        name: ours[name] if name in ours and isinstance(value, str) else value
        for name, value in request.items()
    }
    return found


def balance(dev: Dev, app: TencentApp) -> int:
    with dev.administering() as administering:
        return administering.balance(administering.directory().apps[app.name].account.id)


def assert_in_shape(said: Said) -> None:
    assert said.error == "" or said.error in CODES
    assert said.error.partition(".")[0] != "InternalError", said


def charged(said: Said) -> int:
    if said.error:
        return 0
    for one in said.statuses:
        assert one["Code"] == "Ok" or one["Code"] in CODES
        assert one["Code"] == "Ok" or one["Fee"] == 0
    return sum(one["Fee"] for one in said.statuses)


@given(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.integers(0, 9), VALUES), max_size=2),
    st.dictionaries(WORDS, VALUES, max_size=1),
)
@settings(suppress_health_check=ANYTHING)
def test_whatever_is_signed_is_answered_and_charged_if_it_is_sent(
    dev: Dev, app: TencentApp, action: str, changes: list[tuple[int, Any]], more: dict[str, Any]
) -> None:
    request = asked(app, action)
    for place, value in changes:
        request[list(request)[place % len(request)]] = value
    before = balance(dev, app)
    said = app.call(action, **request | more)
    assert_in_shape(said)
    assert before - balance(dev, app) == charged(said)


@given(st.binary(max_size=200), HEADERS)
@settings(suppress_health_check=ANYTHING)
def test_whatever_bytes_and_headers_come_nothing_is_charged(
    dev: Dev, app: TencentApp, body: bytes, changes: dict[str, str]
) -> None:
    before = balance(dev, app)
    said = app.post(body, {**app.headers("SendSms", body), **changes})
    assert_in_shape(said)
    assert said.error
    assert balance(dev, app) == before


@given(
    st.binary(max_size=100) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "ignore"))
)
@settings(suppress_health_check=ANYTHING)
def test_whatever_stands_in_a_form(app: TencentApp, tail: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for before in (b"Action=SendSms&", b"Action=SendSms&Version=2021-01-11&Signature=x&"):
        said = app.post(before + tail, headers)
        assert_in_shape(said)
        assert said.error
