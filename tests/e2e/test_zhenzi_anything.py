"""Whatever is asked of Zhenzi's paths, the answer has the right shape, and only texts are charged."""

from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.wire.zhenzi import Code
from support.process import Dev, new_address
from support.zhenzi import BALANCE_PATHS, FIND_PATHS, PATHS, SEND_PATHS, Zhenzi, moved_in

FIELDS = (
    *("appId", "appSecret", "number", "message", "messageId", "clientIp", "templateId"),
    *("templateParams", "templateParams[0]", "templateParams[]", "apiUrl", "invalidTimes", "x"),
)
VALUES = st.one_of(
    st.sampled_from(["", "0", "1", "13800138000", "15811111111", "null", "[]", '["1","2"]', "a;b"]),
    st.sampled_from(
        ["鸿雁", "验证码123456", "你好", "鸿" * 1_000, "鸿" * 1_001, "【鸿雁】好", "\r\n"]
    ),
    st.sampled_from(
        ['"[\\"1\\", \\"2\\"]"', "[[[[", "9" * 400, "1e999", "\x00", "\ufeff", "😀" * 30]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
TAILS = st.sampled_from([b"", b"&", b"&&", b"&x", b"&=", b"&x=%", b"&x=\xff", b"&number=1", b"\n"])


@pytest.fixture(scope="module")
def app(dev: Dev) -> Zhenzi:
    """At an address of its own: wrong secrets are among what is asked."""
    return moved_in(dev, units=1_000_000)


@given(
    st.sampled_from(PATHS),
    st.dictionaries(st.sampled_from(FIELDS), st.none() | VALUES, max_size=4),
    TAILS,
    st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_is_answered_in_shape_and_charged_if_it_is_sent(
    app: Zhenzi, path: str, changes: dict[str, str | None], tail: bytes, escaped: bool
) -> None:
    form = app.form(path, "13800138000", **changes)
    plain = "&".join(f"{name}={value}" for name, value in form.items())
    body = (urlencode(form) if escaped else plain).encode()
    before = app.balance()
    heard = app.at(new_address()).post(path, body + tail)
    after = app.balance()
    assert heard.code in set(Code) - {Code.FAILED}, heard
    if heard.code == 0 and path in SEND_PATHS:
        assert heard.data == "发送成功"
        assert 1 <= before - after <= 15
    else:
        assert after == before
    if heard.code == 0 and path in BALANCE_PATHS:
        assert heard.data == before
    if heard.code == 0 and path in FIND_PATHS:
        assert heard.data["messageId"] == form["messageId"]
