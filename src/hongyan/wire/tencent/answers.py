"""What is answered: the answers of Tencent Cloud SMS 2021-01-11. Made by scripts/tencent_types.py.

Fields have defaults so that an answer that lacks one can still be read.
"""

from typing import TypeAlias

import msgspec

Whole: TypeAlias = int
"""Tencent's uint64."""


class Answer(msgspec.Struct, rename="pascal"):
    """What an action answers, but for its RequestId."""


class AddSignStatus(Answer, kw_only=True):
    sign_id: Whole = 0


class AddTemplateStatus(Answer, kw_only=True):
    template_id: str = ""


class CallbackStatusStatistics(Answer, kw_only=True):
    callback_count: Whole = 0
    request_success_count: Whole = 0
    callback_fail_count: Whole = 0
    callback_success_count: Whole = 0
    internal_error_count: Whole = 0
    invalid_number_count: Whole = 0
    shutdown_error_count: Whole = 0
    black_list_count: Whole = 0
    frequency_limit_count: Whole = 0


class DeleteSignStatus(Answer, kw_only=True):
    delete_status: str = ""
    delete_time: Whole = 0


class DeleteTemplateStatus(Answer, kw_only=True):
    delete_status: str = ""
    delete_time: Whole = 0


class DescribeSignListStatus(Answer, kw_only=True):
    sign_id: Whole = 0
    international: Whole = 0
    status_code: int = 0
    review_reply: str = ""
    sign_name: str = ""
    create_time: Whole = 0
    qualification_id: Whole = 0
    qualification_name: str = ""
    qualification_status_code: int = 0


class DescribeTemplateListStatus(Answer, kw_only=True):
    template_id: Whole = 0
    international: Whole = 0
    status_code: int = 0
    review_reply: str = ""
    template_name: str = ""
    create_time: Whole = 0
    template_content: str = ""


class ModifySignStatus(Answer, kw_only=True):
    sign_id: Whole = 0


class ModifyTemplateStatus(Answer, kw_only=True):
    template_id: Whole = 0


class PhoneNumberInfo(Answer, kw_only=True):
    code: str = ""
    message: str = ""
    nation_code: str = ""
    subscriber_number: str = ""
    phone_number: str = ""
    iso_code: str = ""
    iso_name: str = ""


class PullSmsReplyStatus(Answer, kw_only=True):
    extend_code: str = ""
    country_code: str = ""
    phone_number: str = ""
    sign_name: str = ""
    reply_content: str = ""
    reply_time: Whole = 0
    subscriber_number: str = ""


class PullSmsSendStatus(Answer, kw_only=True):
    user_receive_time: Whole = 0
    country_code: str = ""
    subscriber_number: str = ""
    phone_number: str = ""
    serial_no: str = ""
    report_status: str = ""
    description: str = ""
    session_context: str = ""


class ReportConversionStatus(Answer, kw_only=True):
    code: str = ""
    message: str = ""


class SendMultiStatus(Answer, kw_only=True):
    serial_no: str = ""
    phone_number: str = ""
    fee: Whole = 0
    session_context: str = ""
    code: str = ""
    message: str = ""
    iso_code: str = ""


class SendRecord(Answer, kw_only=True):
    phone_number: str = ""
    serial_no: str = ""
    send_status: Whole = 0
    request_code: str = ""
    status_code: str = ""
    iso_code: str = ""
    content: str = ""
    send_time: Whole = 0
    user_receive_time: Whole = 0


class SendStatus(Answer, kw_only=True):
    serial_no: str = ""
    phone_number: str = ""
    fee: Whole = 0
    session_context: str = ""
    code: str = ""
    message: str = ""
    iso_code: str = ""


class SendStatusStatistics(Answer, kw_only=True):
    fee_count: Whole = 0
    request_count: Whole = 0
    request_success_count: Whole = 0


class SmsPackagesStatistics(Answer, kw_only=True):
    package_create_time: Whole = 0
    package_effective_time: Whole = 0
    package_expired_time: Whole = 0
    package_amount: Whole = 0
    package_type: Whole = 0
    package_id: Whole = 0
    current_usage: Whole = 0


class AddSmsSignResponse(Answer, kw_only=True):
    """添加短信签名"""

    add_sign_status: AddSignStatus = msgspec.field(default_factory=AddSignStatus)


class AddSmsTemplateResponse(Answer, kw_only=True):
    """添加短信模板"""

    add_template_status: AddTemplateStatus = msgspec.field(default_factory=AddTemplateStatus)


class CallbackStatusStatisticsResponse(Answer, kw_only=True):
    """回执数据统计"""

    callback_status_statistics: CallbackStatusStatistics = msgspec.field(
        default_factory=CallbackStatusStatistics
    )


class DeleteSmsSignResponse(Answer, kw_only=True):
    """删除短信签名"""

    delete_sign_status: DeleteSignStatus = msgspec.field(default_factory=DeleteSignStatus)


class DeleteSmsTemplateResponse(Answer, kw_only=True):
    """删除短信模板"""

    delete_template_status: DeleteTemplateStatus = msgspec.field(
        default_factory=DeleteTemplateStatus
    )


class DescribePhoneNumberInfoResponse(Answer, kw_only=True):
    """号码信息查询"""

    phone_number_info_set: tuple[PhoneNumberInfo, ...] = ()


class DescribeSendRecordListResponse(Answer, kw_only=True):
    """查询短信下发记录"""

    send_record_set: tuple[SendRecord, ...] = ()
    total_count: Whole = 0


class DescribeSmsSignListResponse(Answer, kw_only=True):
    """短信签名状态查询"""

    describe_sign_list_status_set: tuple[DescribeSignListStatus, ...] = ()


class DescribeSmsTemplateListResponse(Answer, kw_only=True):
    """短信模板状态查询"""

    describe_template_status_set: tuple[DescribeTemplateListStatus, ...] = ()


class ModifySmsSignResponse(Answer, kw_only=True):
    """修改短信签名"""

    modify_sign_status: ModifySignStatus = msgspec.field(default_factory=ModifySignStatus)


class ModifySmsTemplateResponse(Answer, kw_only=True):
    """修改短信模板"""

    modify_template_status: ModifyTemplateStatus = msgspec.field(
        default_factory=ModifyTemplateStatus
    )


class PullSmsReplyStatusByPhoneNumberResponse(Answer, kw_only=True):
    """拉取单个号码短信回复状态"""

    pull_sms_reply_status_set: tuple[PullSmsReplyStatus, ...] = ()


class PullSmsReplyStatusResponse(Answer, kw_only=True):
    """拉取短信回复状态"""

    pull_sms_reply_status_set: tuple[PullSmsReplyStatus, ...] = ()


class PullSmsSendStatusByPhoneNumberResponse(Answer, kw_only=True):
    """拉取单个号码短信下发状态"""

    pull_sms_send_status_set: tuple[PullSmsSendStatus, ...] = ()


class PullSmsSendStatusResponse(Answer, kw_only=True):
    """拉取短信下发状态"""

    pull_sms_send_status_set: tuple[PullSmsSendStatus, ...] = ()


class ReportConversionResponse(Answer, kw_only=True):
    """上报转化率"""

    report_conversion_status: ReportConversionStatus = msgspec.field(
        default_factory=ReportConversionStatus
    )


class SendMultiGlobalSmsResponse(Answer, kw_only=True):
    """批量发送国际短信"""

    send_multi_status_set: tuple[SendMultiStatus, ...] = ()


class SendSmsResponse(Answer, kw_only=True):
    """发送短信"""

    send_status_set: tuple[SendStatus, ...] = ()


class SendStatusStatisticsResponse(Answer, kw_only=True):
    """发送短信数据统计"""

    send_status_statistics: SendStatusStatistics = msgspec.field(
        default_factory=SendStatusStatistics
    )


class SmsPackagesStatisticsResponse(Answer, kw_only=True):
    """套餐包信息统计"""

    sms_packages_statistics_set: tuple[SmsPackagesStatistics, ...] = ()
