"""Zhenzi as a served protocol: a code for every error there is, and 1000 whatever breaks."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from hongyan.core import errors as e
from hongyan.core.errors import HongyanError
from hongyan.protocols.zhenzi import CODES, Zhenzi, refuse, unread
from hongyan.service.admit import Admission
from hongyan.service.ports import Sealer, Store
from hongyan.service.serving import Serving
from hongyan.wire.http import Request, Routes, route_of
from hongyan.wire.zhenzi import Code, Malformed, read_answer
from support.zhenzi import PATHS

FORM = b"appId=100001&appSecret=secret-of-nobody&number=13800138000&message=hello&messageId=m"

BAD_PARAMETERS = {
    *(e.InvalidNumber, e.CountryClosed, e.InvalidText, e.MeaninglessText, e.FreeTextClosed),
    *(e.ReferenceUsed, e.InvalidTemplate, e.InvalidParameters, e.InvalidPurpose, e.InvalidCode),
    *(e.UnknownSignature, e.NotFound, e.OptedOut),
}
FAILED = {
    *(e.NoRoute, e.StoreUnavailable, e.Overloaded, e.StepUpRequired, e.CodeRefused, e.NoSendsLeft),
    *(e.ProofInvalid, e.ProofUsed, e.KeyReused, e.UnknownKey, e.KeyNotAllowed),
}
WORDS: dict[type[HongyanError], int] = {
    **dict.fromkeys(BAD_PARAMETERS, 100),
    e.TextTooLong: 101,
    e.UnknownApp: 105,
    e.AppDisabled: 106,
    e.AddressNotAllowed: 107,
    e.NoBalance: 108,
    e.Limited: 109,
    e.WrongSecret: 110,
    e.AccountClosed: 111,
    e.UnknownTemplate: 117,
    **dict.fromkeys(FAILED, 1000),
}


def leaves(root: type[HongyanError]) -> Iterator[type[HongyanError]]:
    below = root.__subclasses__()
    if not below:
        yield root
    for one in below:
        yield from leaves(one)


def made(error: type[HongyanError]) -> HongyanError:
    match error:
        case e.Limited:
            return e.Limited("phone", "day", 1)
        case e.InvalidNumber:
            return e.InvalidNumber("too_short", "The number is too short.")
        case _:
            return error()


def asked(path: str = PATHS[0], body: bytes = FORM) -> Request:
    return Request("POST", path, b"", {}, body, "127.0.0.1", route=path)


def test_every_error_has_a_code_of_the_tables() -> None:
    assert WORDS.keys() == {*leaves(HongyanError), e.InvalidText}
    assert set(WORDS.values()) | {0} == set(Code)


@pytest.mark.parametrize("error", WORDS, ids=lambda one: one.__name__)
def test_an_error_is_told_by_its_code_and_no_word_of_ours(error: type[HongyanError]) -> None:
    response = refuse(asked(), made(error))
    told = read_answer(response.body)
    assert (response.status, told.code) == (200, WORDS[error])
    assert not told.data.isascii() or told.data == "ip错误"
    assert str(made(error)) not in told.data


def test_the_table_names_no_error_twice_over_and_none_that_is_gone() -> None:
    assert {error: int(code) for error, code in CODES.items()}.items() <= WORDS.items()


def test_what_was_not_read_is_code_100() -> None:
    for why in ("too_large", "too_slow", "not_http", "head_too_large"):
        response = unread(why)
        assert (response.status, read_answer(response.body).code) == (200, 100)


def test_a_malformed_request_is_told_what_is_wrong() -> None:
    told = read_answer(refuse(asked(), Malformed("number不能为空")).body)
    assert told.data == "参数格式错误: number不能为空"


class Broken:
    """A store, or anything, that raises whatever it is asked for."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "error", [e.StoreUnavailable(), e.Overloaded(), RuntimeError("a bug"), KeyError("appSecret")]
)
async def test_whatever_breaks_is_code_1000(
    path: str, error: Exception, quiet_log: list[Any]
) -> None:
    broken: Any = Broken(error)
    served = Zhenzi(
        Serving(
            store=broken,
            sealer=broken,
            clock=broken,
            chance=broken,
            admission=Admission(cast("Store", broken), cast("Sealer", broken)),
            acceptance=broken,
            desk=broken,
        )
    )
    by_method, _ = Routes(served.routes()).find(path)
    route = route_of(by_method, "POST")
    assert route is not None
    request = asked(path)
    with pytest.raises(type(error)) as raised:
        await route.handle(request)
    response = route.refuse(request, raised.value)
    assert response.body == '{"code":1000,"data":"系统未知错误"}'.encode()
    is_bug = not isinstance(error, HongyanError)
    assert [one["event"] for one in quiet_log] == ["zhenzi.failed"] * is_bug
