"""发送验证码。Sends a code by Tencent's own client, and says which of four things came of it."""

import json
import logging
import re
from enum import Enum, auto

import httpx
from settings import Settings
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client_async import SmsClient

_log = logging.getLogger("uvicorn.error")
_TIMEOUT_S = 10
_INVALID = re.compile(r"IncorrectPhoneNumber$|PhoneNumberInBlacklist$")


class Outcome(Enum):
    SENT = auto()
    """平台已受理。"""
    TOO_OFTEN = auto()
    """没有发出：这个号码太频繁。"""
    NO_NUMBER = auto()
    """没有发出：这个号码不能接收。"""
    FAILED = auto()
    """没有发出：平台拒绝了请求。"""
    UNKNOWN = auto()
    """没有等到回答，可能已经发出：不要自动重发。"""


class Sms:
    """One client for the life of the process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        http = HttpProfile(
            protocol=settings.protocol, endpoint=settings.endpoint, reqTimeout=_TIMEOUT_S
        )
        who = Credential(settings.secret_id, settings.secret_key)
        self._client = SmsClient(who, settings.region, ClientProfile(httpProfile=http))

    async def close(self) -> None:
        await self._client.close()

    async def send_code(self, phone: str, code: str, minutes: int) -> Outcome:
        request = models.SendSmsRequest()
        request.from_json_string(
            json.dumps(
                {
                    "PhoneNumberSet": [phone],
                    "SmsSdkAppId": self._settings.sdk_app_id,
                    "SignName": self._settings.sign_name,
                    "TemplateId": self._settings.template_id,
                    "TemplateParamSet": [code, str(minutes)],
                }
            )
        )
        try:
            answer = await self._client.SendSms(request)
        except TencentCloudSDKException as error:
            # 平台的错误都带 requestId。日志里只有错误码，没有号码和验证码。
            _log.warning("SendSms %s %s", error.code, error.requestId or "no answer")
            return Outcome.FAILED if error.requestId else Outcome.UNKNOWN
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("SendSms %s", type(error).__name__)
            return Outcome.UNKNOWN
        # HTTP 200 说明不了什么：每个号码有自己的结果。
        became: str = answer.SendStatusSet[0].Code
        if became == "Ok":
            return Outcome.SENT
        _log.warning("SendSms %s", became)
        if became.startswith("LimitExceeded."):
            return Outcome.TOO_OFTEN
        return Outcome.NO_NUMBER if _INVALID.search(became) else Outcome.FAILED
