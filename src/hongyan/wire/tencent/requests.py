"""What is asked: the requests of Tencent Cloud SMS 2021-01-11. Made by scripts/tencent_types.py.

None stands for what was not sent.
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

Whole: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""Tencent's uint64, as far as any store keeps one."""


class Request(
    msgspec.Struct, rename="pascal", frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What an action takes."""


class MultiSmsInfo(Request, frozen=True, kw_only=True):
    phone_number: str
    template_id: str
    template_param_set: tuple[str, ...] | None = None
    sender_id: str | None = None
    session_context: str | None = None


class AddSmsSignRequest(Request, frozen=True, kw_only=True):
    """添加短信签名"""

    sign_name: str
    sign_type: Whole
    document_type: Whole
    international: Whole
    sign_purpose: Whole
    proof_image: str
    commission_image: str | None = None
    remark: str | None = None
    qualification_id: Whole | None = None


class AddSmsTemplateRequest(Request, frozen=True, kw_only=True):
    """添加短信模板"""

    template_name: str
    template_content: str
    sms_type: Whole
    international: Whole
    remark: str


class CallbackStatusStatisticsRequest(Request, frozen=True, kw_only=True):
    """回执数据统计"""

    begin_time: str
    end_time: str
    sms_sdk_app_id: str
    limit: Whole
    offset: Whole


class DeleteSmsSignRequest(Request, frozen=True, kw_only=True):
    """删除短信签名"""

    sign_id: Whole


class DeleteSmsTemplateRequest(Request, frozen=True, kw_only=True):
    """删除短信模板"""

    template_id: Whole


class DescribePhoneNumberInfoRequest(Request, frozen=True, kw_only=True):
    """号码信息查询"""

    phone_number_set: tuple[str, ...]


class DescribeSendRecordListRequest(Request, frozen=True, kw_only=True):
    """查询短信下发记录"""

    phone_number: str
    sms_sdk_app_id: str
    begin_time: Whole
    end_time: Whole | None = None
    limit: Whole | None = None
    offset: Whole | None = None


class DescribeSmsSignListRequest(Request, frozen=True, kw_only=True):
    """短信签名状态查询"""

    international: Whole
    sign_id_set: tuple[Whole, ...] | None = None
    limit: Whole | None = None
    offset: Whole | None = None


class DescribeSmsTemplateListRequest(Request, frozen=True, kw_only=True):
    """短信模板状态查询"""

    international: Whole
    template_id_set: tuple[Whole, ...] | None = None
    limit: Whole | None = None
    offset: Whole | None = None


class ModifySmsSignRequest(Request, frozen=True, kw_only=True):
    """修改短信签名"""

    sign_id: Whole
    sign_name: str
    sign_type: Whole
    document_type: Whole
    international: Whole
    sign_purpose: Whole
    proof_image: str
    commission_image: str | None = None
    remark: str | None = None
    qualification_id: Whole | None = None


class ModifySmsTemplateRequest(Request, frozen=True, kw_only=True):
    """修改短信模板"""

    template_id: Whole
    template_name: str
    template_content: str
    sms_type: Whole
    international: Whole
    remark: str


class PullSmsReplyStatusByPhoneNumberRequest(Request, frozen=True, kw_only=True):
    """拉取单个号码短信回复状态"""

    begin_time: Whole
    offset: Whole
    limit: Whole
    phone_number: str
    sms_sdk_app_id: str
    end_time: Whole | None = None


class PullSmsReplyStatusRequest(Request, frozen=True, kw_only=True):
    """拉取短信回复状态"""

    limit: Whole
    sms_sdk_app_id: str


class PullSmsSendStatusByPhoneNumberRequest(Request, frozen=True, kw_only=True):
    """拉取单个号码短信下发状态"""

    begin_time: Whole
    offset: Whole
    limit: Whole
    phone_number: str
    sms_sdk_app_id: str
    end_time: Whole | None = None


class PullSmsSendStatusRequest(Request, frozen=True, kw_only=True):
    """拉取短信下发状态"""

    limit: Whole
    sms_sdk_app_id: str


class ReportConversionRequest(Request, frozen=True, kw_only=True):
    """上报转化率"""

    sms_sdk_app_id: str
    serial_no: str
    conversion_time: Whole | None = None


class SendMultiGlobalSmsRequest(Request, frozen=True, kw_only=True):
    """批量发送国际短信"""

    sms_sdk_app_id: str
    multi_sms_info_set: tuple[MultiSmsInfo, ...]


class SendSmsRequest(Request, frozen=True, kw_only=True):
    """发送短信"""

    phone_number_set: tuple[str, ...]
    sms_sdk_app_id: str
    template_id: str
    sign_name: str | None = None
    template_param_set: tuple[str, ...] | None = None
    extend_code: str | None = None
    session_context: str | None = None
    sender_id: str | None = None


class SendStatusStatisticsRequest(Request, frozen=True, kw_only=True):
    """发送短信数据统计"""

    begin_time: str
    end_time: str
    sms_sdk_app_id: str
    limit: Whole
    offset: Whole


class SmsPackagesStatisticsRequest(Request, frozen=True, kw_only=True):
    """套餐包信息统计"""

    sms_sdk_app_id: str
    limit: Whole
    offset: Whole
    begin_time: str
    end_time: str
