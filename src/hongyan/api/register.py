"""/register and /register/verify: the loop of the user's own document, in its own words.

Always `{"code","message"}`, code 0 for success. No key: the caller is a stranger at its address.
"""

from typing import Annotated, Final

import msgspec
import structlog
from msgspec import Meta

from hongyan.api.endpoint import Endpoint, answer, decoded, idempotency
from hongyan.api.problem import BadRequest, retry_after
from hongyan.core import errors as e
from hongyan.core.identifier import written
from hongyan.service.ports import Clock, Sealer
from hongyan.service.prove import Proofs
from hongyan.service.register import Registration
from hongyan.wire.http import Request, Response

_log: Final = structlog.get_logger()

_FAILED: Final = (500, 1001, "短信服务异常")
_BAD_NUMBER: Final = (400, 1002, "手机号格式错误")
_TOO_SOON: Final = (429, 1003, "发送过于频繁，请稍后再试")
_BAD_CODE: Final = (400, 1004, "验证码错误或已失效")
_BAD_REQUEST: Final = (400, 1002, "请求格式错误")
_KEY_REUSED: Final = (409, 1002, "此幂等键已用于另一个请求")


class Register(msgspec.Struct):
    """Send a code to this number. Unknown members are passed over, as front ends add their own."""

    phone: Annotated[str, Meta(max_length=64)]


class RegisterVerify(msgspec.Struct):
    """Register this number with the code that it received."""

    phone: Annotated[str, Meta(max_length=64)]
    code: Annotated[str, Meta(max_length=32)]


class Member(msgspec.Struct):
    """Who registered. `new` is false for one who had registered before."""

    member_id: str
    new: bool
    proof: str


class Answer(msgspec.Struct, omit_defaults=True):
    """The answer in the document's words."""

    code: int
    message: str
    data: Member | None = None
    retry_after: int = 0
    """1003: seconds to wait."""


_register: Final = msgspec.json.Decoder(Register)
_verify: Final = msgspec.json.Decoder(RegisterVerify)


class RegisterApi:
    """Answers for the loop."""

    def __init__(
        self, registration: Registration, proofs: Proofs, sealer: Sealer, clock: Clock
    ) -> None:
        self._registration = registration
        self._sealer = sealer
        self._proofs = proofs
        self._clock = clock

    async def start(self, request: Request) -> Response:
        body: Register = decoded(request, _register)
        key = idempotency(request, self._registration.app, self._sealer)
        await self._registration.start(body.phone, request.peer, key)
        return answer(Answer(0, "验证码已发送"))

    async def verify(self, request: Request) -> Response:
        body: RegisterVerify = decoded(request, _verify)
        app = self._registration.app
        key = idempotency(request, app, self._sealer)
        approved = await self._registration.verify(body.phone, body.code, request.peer, key)
        proof = self._proofs.made(approved, app, "")
        member = Member(written(approved.member or 0), approved.new_member, proof)
        return answer(Answer(0, "注册成功", member))

    def refuse(self, request: Request, error: Exception) -> Response:
        """Whatever was raised, in the document's words."""
        match error:
            case e.Limited():
                return self._too_soon(error)
            case e.HongyanError():
                return _refused(*_word_for(error))
            case BadRequest():
                return _refused(*_BAD_REQUEST)
            case _:
                pass
        _log.error("register.failed", route=request.route, exc_info=error)
        return _refused(*_FAILED)

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/register",
                handle=self.start,
                name="register",
                summary="Send a registration code",
                tag="Registration",
                takes=Register,
                gives={200: Answer, 400: Answer, 409: Answer, 429: Answer, 500: Answer},
                idempotent=True,
                refuse=self.refuse,
            ),
            Endpoint(
                method="POST",
                path="/register/verify",
                handle=self.verify,
                name="registerVerify",
                summary="Register the number, or sign in the one who has it",
                tag="Registration",
                takes=RegisterVerify,
                gives={200: Answer, 400: Answer, 409: Answer, 429: Answer, 500: Answer},
                idempotent=True,
                refuse=self.refuse,
            ),
        ]

    def _too_soon(self, error: e.Limited) -> Response:
        status, code, message = _TOO_SOON
        seconds = retry_after(error.retry_at, self._clock())
        response = answer(Answer(code, message, retry_after=seconds), status)
        response.headers = ((b"retry-after", b"%d" % seconds),)
        return response


def _word_for(error: e.HongyanError) -> tuple[int, int, str]:
    match error:
        case e.InvalidNumber() | e.CountryClosed():
            return _BAD_NUMBER
        case e.CodeRefused() | e.InvalidCode():
            return _BAD_CODE
        case e.StepUpRequired():
            return _TOO_SOON
        case e.KeyReused():
            return _KEY_REUSED
        case _:
            return _FAILED


def _refused(status: int, code: int, message: str) -> Response:
    return answer(Answer(code, message), status)
