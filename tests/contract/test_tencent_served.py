"""Tencent as a served protocol, on every store: what official clients were recorded to say, repetitions,
and a code whatever breaks.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
import pytest

from hongyan.core import errors as e
from hongyan.core.errors import HongyanError
from hongyan.core.time import DAY, MINUTE, SECOND
from hongyan.protocols import Tencent
from hongyan.protocols.tencent import FAULTS, UNREAD, fault_of
from hongyan.protocols.tencent.reviewing import MOST_A_DAY
from hongyan.protocols.tencent.sending import OBSTACLES, code_of, code_of_error
from hongyan.service.admit import Admission
from hongyan.service.directory import NEVER, Review, SecretKey
from hongyan.service.ports import Sealer, Store
from hongyan.service.serving import Serving
from hongyan.service.texting import Obstacle
from hongyan.wire.http import Request, Routes
from hongyan.wire.tencent.codes import CODES
from support.tencent import SECRET_ID, SECRET_KEY, Recorded, recorded
from support.tencent_house import APP, House, opened
from support.world import NOON, Furnish, Moment

NOT_CARRIED_OUT = {
    "node_tc3_multipart": "InvalidRequest",
    "py_tc3_multipart": "InvalidRequest",
    "node_tc3_octet": "InvalidRequest",
    "py_tc3_octet": "InvalidRequest",
    "node_tc3_bigint": "UnknownParameter",
    "node_tc3_empty": "MissingParameter",
    "node_tc3_empty_get": "MissingParameter",
}
"""Signed well, and yet no call that an action takes."""

Ask = Callable[[Request], Awaitable[dict[str, Any]]]


@pytest.fixture
async def house(furnish: Furnish) -> House:
    return await opened(furnish)


# What official clients were recorded to say.


async def test_each_recorded_call_is_carried_out(furnish: Furnish) -> None:
    calls = sorted(recorded(), key=lambda one: one.timestamp)
    house = await opened(furnish, Moment(calls[0].timestamp * SECOND))
    for one in calls:
        house.world.clock.now = one.timestamp * SECOND
        assert_answered(one, await house.ask(one.request))


def assert_answered(one: Recorded, response: dict[str, Any]) -> None:
    code = response.get("Error", {}).get("Code", "")
    name = one.label[4:]
    if not one.signature:
        assert code == "AuthFailure.InvalidAuthorization", one.label
    elif name in NOT_CARRIED_OUT:
        assert code == NOT_CARRIED_OUT[name], one.label
    else:
        assert code == "", (one.label, response)
        assert "SendStatusSet" in response or "PullSmsSendStatusSet" in response


async def test_a_recorded_call_of_another_time_is_refused(house: House) -> None:
    signed = [one for one in recorded() if one.signature][:3]
    house.world.clock.now = (max(one.timestamp for one in signed) + 301) * SECOND
    for one in signed:
        response = await house.ask(one.request)
        assert response["Error"]["Code"] == "AuthFailure.SignatureExpire"


async def test_an_account_changes_so_much_in_a_day(house: House) -> None:
    """Each change has every process read the directory again."""
    codes = [await code_of_deletion(house, number) for number in range(2, MOST_A_DAY + 3)]
    assert set(codes[:MOST_A_DAY]) == {"FailedOperation.TemplateIdNotExist"}
    assert codes[MOST_A_DAY] == "RequestLimitExceeded"
    house.world.clock.pass_by(DAY)
    assert await code_of_deletion(house, 1) == ""


async def code_of_deletion(house: House, template: int) -> str:
    response = await house.ask(house.signed("DeleteSmsTemplate", TemplateId=template))
    code: str = response.get("Error", {}).get("Code", "")
    return code


async def test_a_key_that_is_held_waits_for_a_person(house: House) -> None:
    """Whoever cannot sign by it learns nothing of that."""
    world = house.world
    assert world.administering.hold_secret_key(SECRET_ID, is_held=True)
    await world.store.refresh()
    assert (await house.ask(house.sending()))["Error"]["Code"] == "AuthFailure.MFAFailure"
    forged = house.sending()
    written = forged.headers[b"authorization"][:-4] + b"0000"
    forged.headers = {**forged.headers, b"authorization": written}
    assert (await house.ask(forged))["Error"]["Code"] == "AuthFailure.SignatureFailure"
    assert await house.balance() == 1_000
    assert world.administering.hold_secret_key(SECRET_ID, is_held=False)
    await world.store.refresh()
    world.clock.pass_by(SECOND)
    assert "SendStatusSet" in await house.ask(house.sending())


# Repetitions.


async def test_a_repetition_gets_the_first_answer_and_sends_nothing(house: House) -> None:
    request = house.sending()
    first = await house.ask(request)
    again = await house.ask(request)
    assert first["SendStatusSet"][0]["Code"] == "Ok"
    assert again["SendStatusSet"] == first["SendStatusSet"]
    assert await house.balance() == 999


async def test_a_call_comes_again_for_as_long_as_its_signature_is_good(house: House) -> None:
    """Also where the caller's clock is ahead by all that it may be."""
    world = house.world
    world.clock.pass_by(300 * SECOND)
    request = house.sending()
    world.clock.pass_by(-300 * SECOND)
    first = await house.ask(request)
    world.clock.pass_by(601 * SECOND - 1)
    assert (await house.ask(request))["SendStatusSet"] == first["SendStatusSet"]
    assert await house.balance() == 999
    world.clock.pass_by(1)
    assert (await house.ask(request))["Error"]["Code"] == "AuthFailure.SignatureExpire"


async def test_a_refused_call_that_comes_again_sends_nothing(house: House) -> None:
    """Neither for a rule of the protocol's, nor for one of the store's, when that has passed."""
    desk = house.world.administering
    desk.review_template(1, Review.REJECTED, "")
    await house.world.store.refresh()
    request = house.sending()
    first = await house.ask(request)
    assert first["SendStatusSet"][0]["Code"].startswith("FailedOperation.Template")
    assert (await house.ask(request))["SendStatusSet"] == first["SendStatusSet"]
    desk.review_template(1, Review.APPROVED, "")
    await house.world.store.refresh()
    assert (await house.ask(request))["Error"]["Code"] == "AuthFailure.SignatureExpire"
    assert await house.balance() == 1_000


async def test_what_the_store_refused_stays_refused(furnish: Furnish) -> None:
    house = await opened(furnish)
    desk = house.world.administering
    request = house.sending()
    for number in range(10):
        many = [f"1390000{number}{one:03d}" for one in range(100)]
        assert len((await house.ask(house.sending(PhoneNumberSet=many)))["SendStatusSet"]) == 100
    first = await house.ask(request)
    code = "FailedOperation.InsufficientBalanceInSmsPackage"
    assert first["SendStatusSet"][0]["Code"] == code
    desk.add_package(house.world.account, 100, "")
    await house.world.store.refresh()
    assert (await house.ask(request))["SendStatusSet"] == first["SendStatusSet"]
    assert await house.balance() == 100


async def test_the_action_that_is_not_signed_cannot_be_changed(house: House) -> None:
    request = house.sending()
    await house.ask(request)
    other = msgspec.structs.replace(
        request, headers={**request.headers, b"x-tc-version": b"2019-07-11"}
    )
    assert (await house.ask(other))["Error"]["Code"] != ""
    multi = house.signed("SendMultiGlobalSms", SmsSdkAppId=APP, MultiSmsInfoSet=[])
    assert (await house.ask(multi))["Error"]["Code"].endswith("MultiSmsInfoSetEmpty")
    assert await house.balance() == 999


async def test_the_same_of_another_key_or_another_second_is_another_call(house: House) -> None:
    await house.ask(house.sending())
    await house.ask(house.sending(SmsSdkAppId=APP, SessionContext="other"))
    house.world.clock.pass_by(SECOND)
    await house.ask(house.sending())
    other = house.signed("SendSms", "AKIDother", **json.loads(house.sending().body))
    await house.ask(other)
    assert await house.balance() == 996


async def test_reads_are_not_repetitions(house: House) -> None:
    now = house.world.clock() // SECOND
    asked: dict[str, Any] = {
        "PhoneNumber": "13800138000",
        "SmsSdkAppId": APP,
        "BeginTime": now - 60,
    }
    request = house.signed("DescribeSendRecordList", **asked)
    assert (await house.ask(request))["TotalCount"] == 0
    await house.ask(house.sending())
    assert (await house.ask(request))["TotalCount"] == 1


# Keys.


@pytest.mark.parametrize(
    ("differing", "peer", "code"),
    [
        ({"ends_at": NOON}, "127.0.0.1", "AuthFailure.SecretIdNotFound"),
        ({"ends_at": NOON + MINUTE}, "127.0.0.1", ""),
        ({"token": "token"}, "127.0.0.1", "AuthFailure.TokenFailure"),
    ],
)
async def test_a_key_is_good_for_just_what_it_is(
    house: House, differing: dict[str, Any], peer: str, code: str
) -> None:
    key = SecretKey(id="AKIDmore", account=house.world.account, secret=SECRET_KEY)
    house.world.administering.add_secret_key(msgspec.structs.replace(key, **differing))
    request = house.signed("SendSms", "AKIDmore", **json.loads(house.sending().body))
    response = await house.ask(msgspec.structs.replace(request, peer=peer))
    assert response.get("Error", {}).get("Code", "") == code


async def test_a_temporary_key_comes_with_its_token(house: House) -> None:
    house.world.administering.add_secret_key(
        SecretKey(
            id="AKIDtemporary",
            account=house.world.account,
            secret=SECRET_KEY,
            token="the token",
            ends_at=NEVER,
        )
    )
    request = house.signed("SendSms", "AKIDtemporary", **json.loads(house.sending().body))
    headers = {**request.headers, b"x-tc-token": b"the token"}
    response = await house.ask(msgspec.structs.replace(request, headers=headers))
    assert response["SendStatusSet"][0]["Code"] == "Ok"


async def test_what_a_proxy_tells_of_the_host_may_have_been_signed(house: House) -> None:
    request = house.sending()
    behind = {**request.headers, b"host": b"10.0.0.7:8080"}
    moved = msgspec.structs.replace(request, headers=behind)
    assert (await house.ask(moved))["Error"]["Code"] == "AuthFailure.SignatureFailure"
    told = msgspec.structs.replace(moved, forwarded_host="sms.example.com")
    assert "SendStatusSet" in await house.ask(told)


async def test_public_names_may_have_been_signed(furnish: Furnish) -> None:
    house = await opened(furnish, public_names=["sms.example.com"])
    request = house.sending()
    headers = {**request.headers, b"host": b"10.0.0.7:8080"}
    assert "SendStatusSet" in await house.ask(msgspec.structs.replace(request, headers=headers))


# Pace.


async def test_by_live_rules_an_account_makes_so_many_calls_a_second(furnish: Furnish) -> None:
    house = await opened(furnish, rules="live")
    now = house.world.clock() // SECOND
    asked: dict[str, Any] = {
        "PhoneNumber": "13800138000",
        "SmsSdkAppId": APP,
        "BeginTime": now,
        "Offset": 0,
    }
    request = house.signed("PullSmsSendStatusByPhoneNumber", **asked, Limit=10)
    codes = [(await house.ask(request)).get("Error", {}).get("Code", "") for _ in range(22)]
    assert codes == [""] * 20 + ["RequestLimitExceeded"] * 2
    house.world.clock.pass_by(SECOND)
    assert "Error" not in await house.ask(request)


# A code for whatever stops a call.


def leaves(root: type[HongyanError]) -> list[type[HongyanError]]:
    below = root.__subclasses__()
    return [leaf for one in below for leaf in leaves(one)] if below else [root]


@pytest.mark.parametrize("error", leaves(HongyanError), ids=lambda one: one.__name__)
def test_every_error_of_a_whole_call_has_a_code(error: type[HongyanError]) -> None:
    match error:
        case e.Limited:
            raised: HongyanError = e.Limited("phone", "day", 1)
        case e.InvalidNumber:
            raised = e.InvalidNumber("too_short", "The number is too short.")
        case _:
            raised = error()
    assert fault_of(raised).code in CODES
    assert code_of_error(raised) in CODES


def test_every_obstacle_has_a_code_of_its_own() -> None:
    assert OBSTACLES.keys() == set(Obstacle)
    codes = [code_of(one) for one in Obstacle]
    assert len(set(codes)) == len(codes)
    assert {*codes, *FAULTS.values(), *UNREAD.values()} <= CODES.keys()


def test_what_was_not_read_is_told_in_the_envelope(house: House) -> None:
    for why, code in {**UNREAD, "not_http": "InvalidRequest"}.items():
        response = house.served.unread(why)
        assert (response.status, response.content_type) == (200, b"application/json")
        assert json.loads(response.body)["Response"]["Error"]["Code"] == code


class Broken:
    """A store, or anything, that raises whatever it is asked for."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (e.StoreUnavailable(), "ServiceUnavailable"),
        (e.Overloaded(), "RequestLimitExceeded"),
        (RuntimeError("a bug"), "InternalError"),
        (KeyError("SecretKey"), "InternalError"),
    ],
)
async def test_whatever_breaks_has_a_code(
    house: House, error: Exception, code: str, quiet_log: list[Any]
) -> None:
    request = house.sending()
    broken: Any = Broken(error)
    store = cast("Store", broken)
    house.served = Tencent(
        Serving(
            store=store,
            sealer=cast("Sealer", broken),
            clock=house.world.clock,
            chance=bytes,
            admission=Admission(store, cast("Sealer", broken)),
            acceptance=broken,
            desk=broken,
        )
    )
    house.routes = Routes(house.served.routes())
    request.headers = {**request.headers, b"x-tc-traceid": b"a trace", b"x-tc-language": b"en-US"}
    response = await house.answer(request)
    assert json.loads(response.body)["Response"]["Error"]["Code"] == code
    assert b"SecretKey" not in response.body
    assert response.headers == ((b"x-tc-traceid", b"a trace"),)
    is_bug = not isinstance(error, HongyanError)
    assert [one["event"] for one in quiet_log] == ["tencent.failed"] * is_bug
