"""Callbacks: what a receiver may believe."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.wire.callback import TOLERANCE_S, is_signed, signed

SECRET = bytes(range(32))
NOW = 1_795_233_600
BODY = b"messageId=m-1&status=success"


def believed(**differing: object) -> bool:
    headers = signed(SECRET, NOW, "06XY4C1J00000", BODY)
    told: dict[str, object] = {
        "secret": SECRET,
        "timestamp": NOW,
        "event": "06XY4C1J00000",
        "body": BODY,
        "signature": headers["hongyan-signature"],
        "now": NOW,
    }
    return is_signed(**(told | differing))  # type: ignore[arg-type]


def test_the_signature_is_the_documented_one() -> None:
    headers = signed(SECRET, NOW, "06XY4C1J00000", BODY)
    signing = b"1795233600.06XY4C1J00000.messageId=m-1&status=success"
    expected = hmac.new(SECRET, signing, hashlib.sha256).hexdigest()
    assert headers == {
        "hongyan-event": "06XY4C1J00000",
        "hongyan-timestamp": "1795233600",
        "hongyan-signature": f"v1={expected}",
    }


@pytest.mark.parametrize("age", [0, TOLERANCE_S, -TOLERANCE_S])
def test_a_call_is_believed_while_it_is_new(age: int) -> None:
    assert believed(now=NOW + age)


@pytest.mark.parametrize(
    "differing",
    [
        {"now": NOW + TOLERANCE_S + 1},
        {"now": NOW - TOLERANCE_S - 1},
        {"secret": bytes(32)},
        {"timestamp": NOW + 1},
        {"event": "06XY4C1J00001"},
        {"body": BODY + b"&"},
        {"signature": "v1="},
        {"signature": ""},
        {"signature": "v1=é"},
    ],
    ids=str,
)
def test_nothing_else_is_believed(differing: dict[str, object]) -> None:
    assert not believed(**differing)


@given(st.binary(), st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), st.integers(0, 1 << 40))
def test_what_is_signed_is_believed(body: bytes, event: str, timestamp: int) -> None:
    signature = signed(SECRET, timestamp, event, body)["hongyan-signature"]
    assert is_signed(SECRET, timestamp, event, body, signature, timestamp)
