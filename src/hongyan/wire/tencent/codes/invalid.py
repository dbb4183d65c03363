"""Codes that begin with Invalid or Missing: the request itself is wrong."""

from typing import Final

from hongyan.wire.tencent.codes.told import Told

INVALID: Final[dict[str, Told]] = {
    "InvalidParameter": Told(
        "A parameter has the wrong type.",
        "参数类型错误。",
        "SmsSdkAppId, TemplateId, numbers and each value in TemplateParamSet are JSON strings:"
        ' "1400006789", not 1400006789.',
        "SmsSdkAppId、TemplateId、手机号以及 TemplateParamSet 中的每个值都必须是 JSON 字符串："
        '应为 "1400006789"，而不是 1400006789。',
        says_en="The value type of parameter `{parameter}` is not valid.",
        says_zh="参数 `{parameter}` 取值类型错误。",
    ),
    "InvalidParameter.AppidAndBizId": Told(
        "The app does not belong to this account.",
        "账号与应用 ID 不匹配。",
        "Use the SmsSdkAppId of an app of the key's account.",
        "请使用密钥所属账号下的 SmsSdkAppId。",
    ),
    "InvalidParameter.DirtyWordFound": Told(
        "A parameter holds a word that is not allowed.",
        "参数中含有敏感词。",
        "Put it another way.",
        "请改换措辞。",
    ),
    "InvalidParameter.InvalidParameters": Told(
        "The parameters do not fit together.",
        "参数有误。",
        "Compare them with the documents.",
        "请对照文档检查参数。",
    ),
    "InvalidParameterValue.BeginTimeVerifyFail": Told(
        "BeginTime is not in its form, or not within the time that is kept.",
        "BeginTime 格式不正确，或超出可查询的时间范围。",
        "Statistics take yyyymmddhh in Beijing time; numbers can be looked up for 7 days, send"
        " records for 72 hours.",
        "统计接口的格式为 yyyymmddhh（北京时间）；按号码拉取最多 7 天，发送记录最多 72 小时。",
    ),
    "InvalidParameterValue.ContentLengthLimit": Told(
        "The text with its signature has over 500 characters.",
        "短信内容（含签名）超过 500 字。",
        "Shorten the template or its values.",
        "请缩短模板或变量内容。",
        says_en="the length of the content exceeds the upper limit",
    ),
    "InvalidParameterValue.EndTimeVerifyFail": Told(
        "EndTime is not in its form, before BeginTime, or too far from it.",
        "EndTime 格式不正确、早于 BeginTime，或相差过大。",
        "Let EndTime be after BeginTime and not in the future.",
        "EndTime 应晚于 BeginTime，且不能晚于当前时间。",
    ),
    "InvalidParameterValue.ImageInvalid": Told(
        "An image is not base64 of a PNG or JPEG of up to 5 MB.",
        "图片不是 5 MB 以内的 PNG 或 JPEG 的 base64 编码。",
        "Send the base64 alone, without data:image/jpeg;base64, in front.",
        "请只填 base64 内容，去掉 data:image/jpeg;base64, 前缀。",
    ),
    "InvalidParameterValue.IncorrectPhoneNumber": Told(
        "This is no mobile number.",
        "手机号码格式错误。",
        "Write it in E.164, such as +8613800138000.",
        "请按 E.164 格式填写，例如 +8613800138000。",
        says_en="incorrect phone number",
    ),
    "InvalidParameterValue.InvalidDocumentType": Told(
        "DocumentType is unknown, or does not go with this SignType.",
        "DocumentType 取值错误，或与 SignType 不对应。",
        "Choose the document that the signature's type allows.",
        "请按签名类型选择对应的证明类型。",
    ),
    "InvalidParameterValue.InvalidInternational": Told(
        "International is 0 (mainland China) or 1, and cannot be changed afterwards.",
        "International 只能为 0（国内）或 1（国际/港澳台），且不能修改。",
        "Give 0 for texts to +86.",
        "向 +86 号码发送请填 0。",
    ),
    "InvalidParameterValue.InvalidSignPurpose": Told(
        "SignPurpose is 0 (own use) or 1 (for others, with a letter of authorisation).",
        "SignPurpose 只能为 0（自用）或 1（他用，需委托授权书）。",
        "With 1, send CommissionImage too.",
        "填 1 时请同时提交 CommissionImage。",
    ),
    "InvalidParameterValue.InvalidSmsType": Told(
        "SmsType is 1 (marketing), 2 (notice) or 3 (verification).",
        "SmsType 只能为 1（营销）、2（通知）或 3（验证码）。",
        "Old programs that send 0 mean 3 or 2.",
        "旧程序中的 0 请改为 3 或 2。",
    ),
    "InvalidParameterValue.InvalidStartTime": Told(
        "The span's beginning is after its end.",
        "起始时间晚于截止时间。",
        "Swap them, or leave EndTime out.",
        "请调换两者，或不填 EndTime。",
    ),
    "InvalidParameterValue.InvalidTemplateFormat": Told(
        "The template is not in the form that reviewers take.",
        "模板格式错误。",
        "Number variables {1}, {2}, … without a gap, put words around them, leave out 【】 and"
        " special characters.",
        "变量须从 {1} 起连续编号，前后要有文字，不要使用【】和特殊符号。",
    ),
    "InvalidParameterValue.InvalidUsedMethod": Told(
        "UsedMethod is 0 (own use) or 1 (for others).",
        "UsedMethod 只能为 0（自用）或 1（他用）。",
        "Version 2021-01-11 calls it SignPurpose.",
        "2021-01-11 版中该字段名为 SignPurpose。",
    ),
    "InvalidParameterValue.LimitVerifyFail": Told(
        "Limit is outside its range.",
        "Limit 超出取值范围。",
        "Lists and pulls take up to 100, send records 50, packages 500; statistics take 0.",
        "列表与拉取最大 100，发送记录最大 50，套餐包最大 500；统计接口固定为 0。",
    ),
    "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe": Told(
        "A marketing text must say how to opt out.",
        "营销短信必须包含退订方式。",
        "End the template with 拒收请回复R.",
        "请在模板末尾加上“拒收请回复R”。",
    ),
    "InvalidParameterValue.MultiSmsInfoSetEmpty": Told(
        "MultiSmsInfoSet is empty.",
        "MultiSmsInfoSet 为空。",
        "Give at least one text.",
        "请至少填写一条。",
    ),
    "InvalidParameterValue.OffsetVerifyFail": Told(
        "Offset is outside its range.",
        "Offset 超出取值范围。",
        "Pulls by number and statistics take 0, send records up to 1000.",
        "按号码拉取与统计接口固定为 0，发送记录最大 1000。",
    ),
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": Told(
        "A value of the template holds a link.",
        "模板变量中含有链接。",
        "Put the link into the template itself, and have that reviewed.",
        "请把链接作为固定内容写进模板并提交审核。",
        says_en="URLs are prohibited in template parameters",
    ),
    "InvalidParameterValue.QualificationIdNotFound": Told(
        "There is no such qualification.",
        "资质 ID 不存在。",
        "Texts within mainland China need QualificationId; it is shown with the qualification.",
        "国内短信必须填写 QualificationId，可在资质管理中查看。",
    ),
    "InvalidParameterValue.SdkAppIdNotExist": Told(
        "There is no app with this SmsSdkAppId.",
        "SmsSdkAppId 不存在。",
        "It is a number of 10 digits that begins with 1400, given as a string.",
        "SmsSdkAppId 是以 1400 开头的 10 位数字，以字符串填写。",
        says_en="sdkappid does not exist",
    ),
    "InvalidParameterValue.SignAlreadyPassedCheck": Told(
        "An approved signature cannot be changed.",
        "签名已审核通过，不能再修改。",
        "Apply for a new signature.",
        "请申请新签名。",
    ),
    "InvalidParameterValue.SignExistAndUnapproved": Told(
        "The same signature is approved or in review already.",
        "已存在相同的签名（已通过或待审核）。",
        "Use that one, or wait for its review.",
        "请直接使用，或等待其审核结果。",
    ),
    "InvalidParameterValue.SignNameLengthTooLong": Told(
        "A signature has 2 to 12 characters.",
        "签名内容长度须为 2 到 12 个字。",
        "Use the shorter name that is registered.",
        "请使用已登记的简称。",
    ),
    "InvalidParameterValue.TemplateParameterFormatError": Told(
        "The values of a verification template are 0 to 6 digits each.",
        "验证码模板的变量只能传 0 到 6 位纯数字。",
        'Send "384592" and "5"; units such as 分钟 stand in the template.',
        "例如传 384592 和 5；“分钟”等单位应写在模板里。",
        says_en="Verification code template parameter format error",
    ),
    "InvalidParameterValue.TemplateParameterLengthLimit": Told(
        "A value of the template is too long.",
        "单个模板变量的字符数超过限制。",
        "Accounts opened since 2024-01-25 may send 6 characters a value; move fixed words into the"
        " template.",
        "2024 年 1 月 25 日后开通的账号每个变量最多 6 个字符；请把固定文字写进模板。",
        says_en="the length of a template parameter exceeds the upper limit",
    ),
    "InvalidParameterValue.TemplateWithDirtyWords": Told(
        "The template holds a word that is not allowed.",
        "模板内容含有敏感词。",
        "Put it another way.",
        "请改换措辞。",
    ),
    "InvalidParameterValue.UnsupportedTemplateVariable": Told(
        "New notice and marketing templates may have no variables.",
        "新申请的国内通知和营销模板不支持变量。",
        "Write the text out, or apply for a verification template.",
        "请写成固定内容，或申请验证码类模板。",
    ),
    "MissingParameter": Told(
        "A required parameter is missing.",
        "缺少必填参数。",
        "The message names it; add it.",
        "请补上错误信息中指出的参数。",
        says_en="The request is missing a required parameter `{parameter}`.",
        says_zh="缺少参数 `{parameter}`。",
    ),
    "MissingParameter.EmptyPhoneNumberSet": Told(
        "PhoneNumberSet is empty.",
        "传入的号码列表为空。",
        "Give 1 to 200 numbers.",
        "请填写 1 到 200 个号码。",
    ),
}
