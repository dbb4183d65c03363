"""注册入口：号码 → 验证码 → 用户。Phone, code, user. Run it by `uvicorn main:app --port 3000`."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from codes import Codes, TooOften
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints
from settings import from_environment
from sms import Outcome, Sms

_MAINLAND = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
_SENT = "验证码已发送"
_MAYBE = "验证码可能已发出，一分钟内没有收到请重试"
_WORDS: dict[Outcome, tuple[int, int, str]] = {
    Outcome.TOO_OFTEN: (429, 1003, "请求太频繁，请稍后再试"),
    Outcome.NO_NUMBER: (400, 1002, "该号码不能接收验证码"),
    Outcome.FAILED: (503, 1001, "短信服务异常"),
}
"""Of what was not sent: (status, code, message)."""

codes = Codes()
sms = Sms(from_environment())
users: dict[str, int] = {}
"""您的数据库"""


class Registration(BaseModel):
    phone: Annotated[str, StringConstraints(max_length=20)]


class Confirmation(BaseModel):
    registration: Annotated[str, StringConstraints(max_length=64)]
    code: Annotated[str, StringConstraints(pattern="^[0-9]{6}$")]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await sms.close()


app = FastAPI(lifespan=lifespan)


@app.exception_handler(RequestValidationError)
async def unreadable(request: Request, _: RequestValidationError) -> JSONResponse:
    """Says no more than is needed: what was sent may be a number or a code."""
    if request.url.path.endswith("/confirm"):
        return _told(400, 1004, "验证码错误或已失效")
    return _told(400, 1002, "手机号码不正确")


@app.post("/user/register")
async def register(body: Registration, request: Request) -> JSONResponse:
    found = _MAINLAND.fullmatch(body.phone.strip())
    if found is None:
        return _told(400, 1002, "手机号码不正确")
    phone = f"+86{found[1]}"
    try:
        # 前面有反向代理时，用 uvicorn 的 --proxy-headers 让它是访客的地址。
        made = codes.create(phone, request.client.host if request.client else "")
    except TooOften:
        return _told(*_WORDS[Outcome.TOO_OFTEN])
    outcome = await sms.send_code(phone, made.code, made.minutes)
    if outcome is Outcome.SENT:
        return _told(200, 0, _SENT, registration=made.id)
    if outcome is Outcome.UNKNOWN:  # 可能已经发出：验证码留着有效，不再发。
        return _told(202, 0, _MAYBE, registration=made.id)
    codes.drop(made.id)
    return _told(*_WORDS[outcome])


@app.post("/user/confirm")
async def confirm(body: Confirmation) -> JSONResponse:
    phone = codes.take(body.registration, body.code)
    if phone is None:
        return _told(400, 1004, "验证码错误或已失效")
    user = users.setdefault(phone, len(users) + 1)
    return _told(200, 0, "注册成功", user={"id": user})


def _told(status: int, code: int, message: str, **more: Any) -> JSONResponse:
    return JSONResponse({"code": code, "message": message} | more, status)
