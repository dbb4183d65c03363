"""Cloud calls that are wrong: whatever comes to /admin, user code gets an errCode, and nothing is sent."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.core.time import MINUTE, SECOND
from hongyan.service import enrol
from hongyan.service.website import WechatSettings
from hongyan.settings import Settings
from hongyan.wire.cloudcall import multipart, protobuf
from hongyan.wire.cloudcall.commapi import CallData, Pair
from hongyan.wire.cloudcall.fault import Failure, Word
from hongyan.wire.cloudcall.names import PATHS
from support.cloud_function import CloudFunction, Plain, function_of
from support.held import HeldHouse
from support.mini_program import MiniProgram, app_of, changed, moved_in, new_number, noticed

MULTIPART: Final = "multipart/form-data; boundary="
SECRETS: Final = {
    "secret_id": ("AKIDnobody", Word.INVALID_COMMON),
    "secret_key": ("another", Word.INVALID_COMMON),
    "token": ("0" * 64, Failure.ILLEGAL_SOURCE),
    "env": ("online-99999999999", Word.INVALID_ENV),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldHouse]:
    with HeldHouse(tmp_path_factory.mktemp("cloudcall")) as opened:
        yield opened


@pytest.fixture(scope="module")
def mini(house: HeldHouse) -> MiniProgram:
    return moved_in(house)


@pytest.fixture(scope="module")
def function(house: HeldHouse, mini: MiniProgram) -> CloudFunction:
    return function_of(house, mini)


@pytest.fixture(params=[False, True], ids=["tc3", "cos"])
def plain(house: HeldHouse, function: CloudFunction, request: pytest.FixtureRequest) -> Plain:
    return Plain(function, house.clock() // SECOND, request.param)


def calling(plain: Plain, **changes: str) -> Plain:
    """The same caller with something else in its environment."""
    return Plain(plain.function.having(**changes), plain.now_s, plain.by_cos)


def sending(plain: Plain, number: str = "") -> dict[str, Any]:
    return plain.function.marketing(number or new_number())


def outcome(answered: Any) -> Any:
    """CloudBase's word, the cloud call's code, or the API's."""
    if answered.content_type.startswith("application/json"):
        return answered.refused
    return answered.data.error_code or answered.errcode


def test_a_plain_call_is_taken(plain: Plain) -> None:
    answer = plain.ask(**sending(plain))
    assert answer.json["send_status_list"][0]["code"] == "Ok"
    assert plain.post(plain.form(**sending(plain)), "/admin?&eventId=1&seqId=2").errcode == 0


def test_a_call_that_comes_again_gets_the_first_answer(house: HeldHouse) -> None:
    """Whatever the limits of its texts are: this mini program has none."""
    free = moved_in(house)
    changed(house, free, windows=(), content_windows=())
    plain = Plain(function_of(house, free), house.clock() // SECOND)
    form = plain.form(**sending(plain))
    first, again = plain.post(form), plain.post(form)
    assert first.json["send_status_list"][0]["code"] == "Ok"
    assert again.json == first.json
    later = Plain(plain.function, plain.now_s + 1).post(form)
    assert later.json["send_status_list"][0]["code"] == "Ok"
    assert later.json != first.json


def test_old_signatures_may_be_closed(tmp_path: Path) -> None:
    wechat = WechatSettings(old_signatures=False)
    with HeldHouse(tmp_path, msgspec.structs.replace(Settings(), wechat=wechat)) as house:
        function = function_of(house, moved_in(house))
        for by_cos, expected in ((True, Word.INVALID_COMMON), (False, 0)):
            plain = Plain(function, house.clock() // SECOND, by_cos)
            assert outcome(plain.ask(**sending(plain))) == expected


@pytest.mark.parametrize("what", SECRETS)
def test_what_belongs_to_nobody_is_refused(plain: Plain, what: str) -> None:
    strange, expected = SECRETS[what]
    assert outcome(calling(plain, **{what: strange}).ask(**sending(plain))) == expected


@pytest.mark.parametrize("what", ["token", "env"])
def test_what_belongs_to_another_account_is_refused(
    house: HeldHouse, plain: Plain, what: str
) -> None:
    other = function_of(house, moved_in(house))
    theirs = calling(plain, **{what: getattr(other, what)})
    assert outcome(theirs.ask(**sending(plain))) == SECRETS[what][1]


def test_an_appid_of_another_account_is_refused(house: HeldHouse, plain: Plain) -> None:
    for appid in (moved_in(house).appid, "wx0", "小程序"):
        found = outcome(plain.ask(appid=appid, **sending(plain)))
        assert found == Failure.ILLEGAL_SOURCE


def test_ones_own_appid_is_as_good_as_none(plain: Plain, mini: MiniProgram) -> None:
    assert outcome(plain.ask(appid=mini.appid, **sending(plain))) == 0


def test_an_old_function_names_no_environment(plain: Plain) -> None:
    form = plain.form(**sending(plain))
    del form["envname"]
    assert outcome(plain.post(form)) == 0


def test_a_token_opens_what_it_names(house: HeldHouse, mini: MiniProgram, plain: Plain) -> None:
    bare = function_of(house, mini, "urlscheme.generate")
    one = Plain(bare, plain.now_s, plain.by_cos)
    assert outcome(one.ask("urlscheme.generate")) == 0
    for api in PATHS:
        if api != "urlscheme.generate":
            assert one.ask(api).failure == Failure.NOT_PERMITTED, api
    for api in ("", "*", "cloudbase.sendsms", "auth.code2Session", "/tcb/sendsms"):
        assert one.ask(api).failure == Failure.NO_API, api


def test_every_api_of_the_list_is_served(plain: Plain) -> None:
    """With nothing at all in the call, each says what it lacks."""
    told = {api: outcome(plain.ask(api)) for api in PATHS}
    assert set(told.values()) == {0, -501007, 41008}, told


def test_tokens_and_keys_end(house: HeldHouse, mini: MiniProgram) -> None:
    for end in ("token", "key"):
        function = function_of(house, mini)
        plain = Plain(function, house.clock() // SECOND)
        assert outcome(plain.ask(**sending(plain))) == 0
        with house.administering() as desk:
            if end == "token":
                hint = f"…{function.token[-4:]}"
                hints = {one.hint for one in desk.directory().cloud_tokens.values()}
                (hint,) = {one for one in hints if one.endswith(function.token[-4:])}
                app = app_of(house, mini).id
                assert desk.end_cloud_token(app, hint, house.clock())
            else:
                assert desk.end_secret_key(function.secret_id, house.clock())
        noticed(house)
        expected = Failure.ILLEGAL_SOURCE if end == "token" else Word.INVALID_COMMON
        assert outcome(plain.ask(**sending(plain))) == expected


def test_a_new_key_is_known_at_once(house: HeldHouse, mini: MiniProgram) -> None:
    """It is looked for again where it is not known."""
    app = app_of(house, mini)
    with house.administering() as desk:
        key = enrol.new_secret_key(app.account.id)
        desk.add_secret_key(key)
        token = enrol.permit(desk, app, mini.env, {"urlscheme.generate"})
    function = CloudFunction(house.url, mini.env, key.id, key.secret, token.secret)
    assert Plain(function, house.clock() // SECOND).ask("urlscheme.generate").errcode == 0


@pytest.mark.parametrize("minutes", [-61, 61])
def test_signatures_end(plain: Plain, minutes: int) -> None:
    then = Plain(plain.function, plain.now_s + minutes * MINUTE // SECOND, plain.by_cos)
    assert then.ask(**sending(plain)).refused == Word.INVALID_COMMON


def test_a_call_that_was_changed_is_refused(plain: Plain) -> None:
    form = plain.form(**sending(plain))
    for name in ("apiname", "envname", "wxcloudapitoken"):
        changed_form = form | {name: form[name] + b"0"}
        signed = Plain(plain.function, plain.now_s, plain.by_cos)
        kind = {"content-type": f"{MULTIPART}0123456789"}
        unsigned = signed.raw(multipart.written(changed_form, "0123456789"), kind)
        assert unsigned.refused == Word.INVALID_COMMON


def test_an_account_that_is_closed_calls_nothing(house: HeldHouse) -> None:
    mini = moved_in(house)
    plain = Plain(function_of(house, mini), house.clock() // SECOND)
    changed(house, mini, enabled=False)
    assert outcome(plain.ask(**sending(plain))) == 48001


def test_a_key_is_used_where_it_may_be(house: HeldHouse, mini: MiniProgram) -> None:
    function = function_of(house, mini)
    plain = Plain(function, house.clock() // SECOND)
    with house.administering() as desk:
        desk.restrict_secret_key(function.secret_id, [ip_network("10.0.0.0/8")])
    noticed(house)
    assert plain.ask(**sending(plain)).refused == Word.INVALID_SOURCE


def test_a_key_that_is_held_calls_nothing(house: HeldHouse, mini: MiniProgram) -> None:
    function = function_of(house, mini)
    plain = Plain(function, house.clock() // SECOND)
    with house.administering() as desk:
        assert desk.hold_secret_key(function.secret_id, is_held=True)
    noticed(house)
    assert plain.ask(**sending(plain)).refused == Word.INVALID_COMMON


# Bytes.

PAIRS: Final = st.lists(
    st.builds(Pair, st.text(max_size=20), st.binary(max_size=40), st.text(max_size=5)), max_size=5
)
DATA: Final = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda pairs, kind, appid: CallData(tuple(pairs), kind, appid).written(),
        PAIRS,
        st.integers(-5, 5),
        st.text(max_size=20),
    ),
)
BROKEN: Final = {
    "a varint of eleven bytes": b"\x08" + b"\xff" * 10 + b"\x01",
    "a varint that does not end": b"\x08\xff",
    "a length over what is there": b"\x12\x7f\x00",
    "a wrong wire type": protobuf.number(2, 7),
    "a group": b"\x0b",
    "an inner API": CallData(api_type=1).written(),
}
JSONS: Final = (b"{", b'"\\ud800"', b"[" * 5_000, b"nul", b"\xff", b"")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=DATA)
def test_any_data_gets_an_answer(house: HeldHouse, function: CloudFunction, data: bytes) -> None:
    plain = Plain(function, house.clock() // SECOND)
    answer = plain.post(plain.form() | {"requestdata": data})
    assert outcome(answer) in {Word.INVALID_PARAM, Failure.ILLEGAL_SOURCE, -501007, 47001}


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=600), boundary=st.text(st.characters(max_codepoint=255), max_size=9))
def test_any_bytes_get_an_answer(function: CloudFunction, body: bytes, boundary: str) -> None:
    kind = "".join(letter for letter in f"{MULTIPART}{boundary}" if letter.isprintable())
    answer = Plain(function, 0).raw(body, {"content-type": kind})
    assert answer.refused in {Word.INVALID_PARAM, Word.INVALID_COMMON}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_protobuf_is_refused(plain: Plain, what: str) -> None:
    form = plain.form() | {"requestdata": BROKEN[what]}
    assert plain.post(form).refused == Word.INVALID_PARAM


@pytest.mark.parametrize("value", JSONS)
def test_broken_json_is_a_wrong_format(plain: Plain, value: bytes) -> None:
    data = CallData((Pair("content", value),)).written()
    assert plain.post(plain.form() | {"requestdata": data}).errcode == 47001


def test_a_name_that_comes_twice_is_a_wrong_format(plain: Plain) -> None:
    pairs = (Pair("env", b'"a"'), Pair("env", b'"b"'))
    form = plain.form() | {"requestdata": CallData(pairs).written()}
    assert plain.post(form).errcode == 47001


def test_a_form_that_does_not_end_is_refused(plain: Plain) -> None:
    body = multipart.written(plain.form(), "0")
    kind = {"content-type": f"{MULTIPART}0"}
    for cut in (0, 1, 10, len(body) // 2, len(body) - 5):
        assert plain.raw(body[:cut], kind).refused == Word.INVALID_PARAM


@pytest.mark.parametrize("size", [71, 10_000])
def test_a_long_boundary_is_refused(plain: Plain, size: int) -> None:
    body = multipart.written(plain.form(), "0" * size)
    answer = plain.raw(body, {"content-type": MULTIPART + "0" * size})
    assert answer.refused == Word.INVALID_PARAM


def test_a_body_that_is_too_large_is_refused(plain: Plain) -> None:
    form = plain.form(**plain.function.marketing(content="长" * 90_000))
    answer = plain.raw(multipart.written(form, "0"), {"content-type": f"{MULTIPART}0"})
    assert answer.refused == Word.INVALID_PARAM


def test_nothing_is_forwarded(plain: Plain) -> None:
    form = plain.form(**sending(plain))
    host = urlsplit(plain.function.url).netloc
    absolute = plain.raw(
        multipart.written(form, "0"), {"content-type": f"{MULTIPART}0"}, f"http://{host}/admin"
    )
    assert absolute.refused == Word.INVALID_COMMON
    elsewhere = plain.raw(b"", {}, "http://example.com/other")
    assert elsewhere.status == 404
    tunnel = plain.raw(b"", {}, "example.com:443", "CONNECT")
    assert tunnel.status >= 400
    assert plain.raw(b"", {}, method="GET").status == 405


def test_whatever_is_refused_is_not_charged(house: HeldHouse, function: CloudFunction) -> None:
    mini = moved_in(house)
    plain = Plain(function_of(house, mini), house.clock() // SECOND)
    before = _balance(house, mini)
    plain.ask(**plain.function.marketing(new_number(), path="/../../etc/passwd"))
    plain.ask(**plain.function.marketing(new_number(), content="长" * 31))
    Plain(function, plain.now_s).ask(**sending(plain))
    assert _balance(house, mini) == before
    assert outcome(plain.ask(**sending(plain))) == 0
    assert _balance(house, mini) == before - 1


def _balance(house: HeldHouse, mini: MiniProgram) -> int:
    with house.administering() as desk:
        return desk.balance(app_of(house, mini).account.id)
