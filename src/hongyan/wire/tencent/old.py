"""SendSms of version 2019-07-11, as the same packages still offer it: the same under older names."""

import msgspec

from hongyan.wire.tencent.requests import Request, SendSmsRequest


class SendSms2019Request(Request, frozen=True, kw_only=True):
    """发送短信 (2019-07-11)"""

    phone_number_set: tuple[str, ...]
    template_id: str = msgspec.field(name="TemplateID")
    sms_sdk_app_id: str = msgspec.field(name="SmsSdkAppid")
    sign: str | None = None
    template_param_set: tuple[str, ...] | None = None
    extend_code: str | None = None
    session_context: str | None = None
    sender_id: str | None = None

    def renewed(self) -> SendSmsRequest:
        """The same in the words of 2021-01-11."""
        return SendSmsRequest(
            phone_number_set=self.phone_number_set,
            sms_sdk_app_id=self.sms_sdk_app_id,
            template_id=self.template_id,
            sign_name=self.sign,
            template_param_set=self.template_param_set,
            extend_code=self.extend_code,
            session_context=self.session_context,
            sender_id=self.sender_id,
        )
