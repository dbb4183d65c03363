"""Codes for what is not allowed, too much, or broken on the server's side."""

from typing import Final

from hongyan.wire.tencent.codes.told import Told

_AGAIN_EN: Final = (
    "Ask whether the text went out (PullSmsSendStatusByPhoneNumber) before sending it again."
)
_AGAIN_ZH: Final = "重发前请先用 PullSmsSendStatusByPhoneNumber 确认短信是否已经发出。"
_LIMITS_EN: Final = "Wait until the window has passed, or change the app's limits."
_LIMITS_ZH: Final = "请等待限制时间过去，或调整应用的频率限制。"
_CAPS_EN: Final = "Wait until midnight in Beijing, or raise the app's cap: `hongyan app caps`."
_CAPS_ZH: Final = "请等到北京时间次日零点，或用 `hongyan app caps` 调高应用的每日上限。"

REFUSED: Final[dict[str, Told]] = {
    "InternalError": Told(
        "Something went wrong inside.",
        "内部错误。",
        _AGAIN_EN,
        _AGAIN_ZH,
    ),
    "InternalError.JsonParseFail": Told(
        "The parameters could not be read inside.",
        "内部解析参数失败。",
        "Compare them with the documents.",
        "请对照文档检查参数。",
    ),
    "InternalError.OtherError": Told(
        "Something went wrong that no other code names.",
        "其他内部错误。",
        _AGAIN_EN,
        _AGAIN_ZH,
    ),
    "InternalError.ParseBackendResponseFail": Told(
        "The carrier's answer could not be read.",
        "解析运营商返回失败。",
        _AGAIN_EN,
        _AGAIN_ZH,
    ),
    "InternalError.RequestTimeException": Told(
        "The request's time is too far from the server's.",
        "请求时间不正常。",
        "Set the machine's clock by NTP.",
        "请用 NTP 校准机器时间。",
    ),
    "InternalError.RestApiInterfaceNotExist": Told(
        "There is no such interface.",
        "接口不存在。",
        "Check the address and the action.",
        "请检查地址与接口名。",
    ),
    "InternalError.SendAndRecvFail": Told(
        "The inside of the service did not answer in time.",
        "接口超时或收发包超时。",
        _AGAIN_EN,
        _AGAIN_ZH,
        says_en="send and recv sso package fail",
    ),
    "InternalError.SigFieldMissing": Told(
        "The signature was lost inside.",
        "后端请求包缺少 Sig 字段。",
        "Send the request again: nothing was sent.",
        "短信未发出，请重新请求。",
    ),
    "InternalError.SigVerificationFail": Told(
        "The signature was refused inside.",
        "后端校验 Sig 失败。",
        "Check that SmsSdkAppId and key belong to one account.",
        "请确认 SmsSdkAppId 与密钥属于同一账号。",
    ),
    "InternalError.Timeout": Told(
        "Handing the text over took too long.",
        "请求下发短信超时。",
        _AGAIN_EN,
        _AGAIN_ZH,
    ),
    "InternalError.UnknownError": Told(
        "Something went wrong of an unknown kind.",
        "未知错误。",
        _AGAIN_EN,
        _AGAIN_ZH,
    ),
    "LimitExceeded.AppCountryOrRegionDailyLimit": Told(
        "The app's texts to this country are used up for today.",
        "应用当日发往该国家/地区的短信已达上限。",
        _CAPS_EN,
        _CAPS_ZH,
    ),
    "LimitExceeded.AppCountryOrRegionInBlacklist": Told(
        "The app may not send to this country.",
        "应用未开放向该国家/地区发送。",
        "Open the country for the app: `hongyan app change --country`, `app caps --never`.",
        "请开放该国家/地区：`hongyan app change --country`，`app caps --never`。",
    ),
    "LimitExceeded.AppDailyLimit": Told(
        "The app's texts are used up for today.",
        "应用当日短信条数已达上限。",
        _CAPS_EN,
        _CAPS_ZH,
    ),
    "LimitExceeded.AppGlobalDailyLimit": Told(
        "The app's texts to other countries are used up for today.",
        "应用当日国际/港澳台短信条数已达上限。",
        _CAPS_EN,
        _CAPS_ZH,
    ),
    "LimitExceeded.AppMainlandChinaDailyLimit": Told(
        "The app's texts within mainland China are used up for today.",
        "应用当日国内短信条数已达上限。",
        _CAPS_EN,
        _CAPS_ZH,
    ),
    "LimitExceeded.DailyLimit": Told(
        "The account's texts to other countries are used up for today.",
        "账号当日国际/港澳台短信条数已达上限。",
        _LIMITS_EN,
        _LIMITS_ZH,
    ),
    "LimitExceeded.DeliveryFrequencyLimit": Told(
        "This number got a text of this app a moment ago.",
        "下发短信命中了频率限制策略。",
        "Wait a minute before the next text; let the button count down.",
        "请间隔一分钟再发送，并在按钮上显示倒计时。",
        says_en="the delivery of SMS messages hits the frequency limit",
    ),
    "LimitExceeded.GlobalSmsSendingRateLimit": Told(
        "Texts to other countries are sent too fast.",
        "国际短信发送速率超限。",
        "Send fewer a second.",
        "请降低每秒发送量。",
    ),
    "LimitExceeded.PhoneNumberCountLimit": Told(
        "One call takes 200 numbers at most.",
        "单次请求的手机号超过 200 个。",
        "Spread them over several calls.",
        "请分多次请求发送。",
    ),
    "LimitExceeded.PhoneNumberDailyLimit": Told(
        "This number has got as many texts today as it may.",
        "该号码当日短信条数已达上限。",
        _LIMITS_EN,
        _LIMITS_ZH,
        says_en="the number of sms messages sent from a single mobile number every day exceeds the"
        " upper limit",
    ),
    "LimitExceeded.PhoneNumberOneHourLimit": Told(
        "This number has got as many texts this hour as it may.",
        "该号码 1 小时内短信条数已达上限。",
        _LIMITS_EN,
        _LIMITS_ZH,
        says_en="the number of sms messages sent from a single mobile number within 1 hour exceeds"
        " the upper limit",
    ),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": Told(
        "This number has got this same text today as often as it may.",
        "该号码当日收到的相同内容已达上限。",
        _LIMITS_EN,
        _LIMITS_ZH,
        says_en="the number of the same sms messages sent from a single mobile number exceeds the"
        " upper limit",
    ),
    "LimitExceeded.PhoneNumberThirtySecondLimit": Told(
        "This number got the same text within the last 30 seconds.",
        "该号码 30 秒内已收到相同内容。",
        "Wait 30 seconds before sending the same text again.",
        "请间隔 30 秒再发送相同内容。",
        says_en="the number of SMS messages sent from a single mobile number within 30 seconds"
        " exceeds the upper limit",
    ),
    "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny": Told(
        "An individual's account may not send marketing texts.",
        "个人用户没有发送营销短信的权限。",
        "Use an enterprise account.",
        "请使用企业账号。",
    ),
    "UnauthorizedOperation.RequestIpNotInWhitelist": Told(
        "The caller's address is not on the allow-list.",
        "请求 IP 不在白名单中。",
        "Add the server's outgoing address to the allow-list.",
        "请把服务器的出口 IP 加入白名单。",
        says_en="request ip is not in the whitelist",
    ),
    "UnauthorizedOperation.RequestPermissionDeny": Told(
        "This account may not do that, or a test template was sent to a number that is no test"
        " number, or after its end date.",
        "请求没有权限；或测试模板发往了非测试号码，或测试期已过。",
        "Have it opened for the account; for a test template, see `hongyan app tencent`.",
        "请为账号开通相应权限；测试模板请用 `hongyan app tencent` 查看测试号码与截止日期。",
        says_en="This account may not do that.",
        says_zh="请求没有权限。",
    ),
    "UnauthorizedOperation.SdkAppIdIsDisabled": Told(
        "The app is disabled.",
        "该 SdkAppId 已被停用。",
        "Enable the app, or use another one.",
        "请启用该应用，或换用其他应用。",
        says_en="sdkappid is disabled",
    ),
    "UnauthorizedOperation.ServiceSuspendDueToArrears": Told(
        "The account is closed or in arrears.",
        "账号欠费或已停用。",
        "Settle the account.",
        "请缴清欠费或恢复账号。",
    ),
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": Told(
        "The app belongs to another account than the key.",
        "SmsSdkAppId 与密钥不属于同一账号。",
        "Take key and SmsSdkAppId from the same account.",
        "请使用同一账号下的密钥和 SmsSdkAppId。",
        says_en="request SmsSdk AppId verify fail",
    ),
    "UnsupportedOperation": Told(
        "This is not supported.",
        "操作不支持。",
        "Read the message; it says what is.",
        "请查看错误信息中的说明。",
    ),
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone": Told(
        "A template for mainland China was used for a number elsewhere.",
        "国内模板不能发送国际/港澳台号码。",
        "Apply for a template with International 1.",
        "请申请 International 为 1 的模板。",
        says_en="the chinese mainland template cannot be sent to global phone numbers",
    ),
    "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber": Told(
        "Numbers of mainland China and of other countries are in one call.",
        "同一请求里既有国内号码也有国际号码。",
        "Send them in two calls, each with its own template.",
        "请分成两次请求，各用对应的模板。",
    ),
    "UnsupportedOperation.ContainDomesticPhoneNumber": Told(
        "This action takes no numbers of mainland China.",
        "该接口不支持中国大陆号码。",
        "Use SendSms for +86.",
        "+86 号码请使用 SendSms。",
    ),
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone": Told(
        "A template for other countries was used for a number of mainland China.",
        "国际模板不能发送国内号码。",
        "Apply for a template with International 0.",
        "请申请 International 为 0 的模板。",
        says_en="the global template cannot be sent to chinese mainland phone numbers",
    ),
    "UnsupportedOperation.UnsupportedRegion": Told(
        "Texts to this country are not open.",
        "不支持向该国家/地区下发短信。",
        "Have the country opened.",
        "请开通该国家/地区。",
        says_en="unsupported region",
    ),
}
