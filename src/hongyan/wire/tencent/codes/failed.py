"""Codes that begin with FailedOperation: a good request that cannot be carried out as it stands."""

from typing import Final

from hongyan.wire.tencent.codes.told import Told

FAILED: Final[dict[str, Told]] = {
    "FailedOperation.ContainSensitiveWord": Told(
        "The text holds a word that carriers block.",
        "短信内容中含有运营商拦截的敏感词。",
        "Put the text another way; look at the template's values too.",
        "请改换措辞，并检查模板变量的取值。",
    ),
    "FailedOperation.FailResolvePacket": Told(
        "The request could not be taken apart.",
        "请求包解析失败。",
        "Compare it with the action's example, field by field.",
        "请逐个字段对照接口示例。",
    ),
    "FailedOperation.ForbidAddMarketingTemplates": Told(
        "An individual's account may not have marketing templates.",
        "个人用户不能申请营销短信模板。",
        "Use an enterprise account, or ask for a notice template.",
        "请使用企业账号，或改为申请通知类模板。",
    ),
    "FailedOperation.InsufficientBalanceInSmsPackage": Told(
        "The packages of this account do not cover this text.",
        "套餐包余量不足。",
        "Add a package, then send again: nothing was charged.",
        "请添加套餐包后重新发送；本次未计费。",
        says_en="insufficient balance in SMS package",
    ),
    "FailedOperation.JsonParseFail": Told(
        "The body is not JSON in UTF-8.",
        "请求正文不是 UTF-8 编码的 JSON。",
        "Let a library write the JSON, and name its encoding nowhere but in UTF-8 bytes.",
        "请用库函数生成 JSON，并以 UTF-8 编码发送。",
    ),
    "FailedOperation.MarketingSendTimeConstraint": Told(
        "Marketing texts are sent from 8:00 to 22:00 in Beijing only.",
        "营销短信只允许在北京时间 8 点到 22 点发送。",
        "Send it after 8:00; verification texts and notices go out at any hour.",
        "请在 8 点以后发送；验证码和通知短信不受此限制。",
        says_en="marketing SMS can only be sent between 8:00 and 22:00",
    ),
    "FailedOperation.MissingSignature": Told(
        "There is no signature yet, and a template needs one.",
        "还没有签名，不能申请模板。",
        "Apply for a signature first; once it is approved, apply for the template.",
        "请先申请签名，通过后再申请模板。",
    ),
    "FailedOperation.MissingSignatureList": Told(
        "No signature with these ids was found.",
        "没有找到这些 ID 的签名。",
        "Check the ids, and International: 0 and 1 have signatures of their own.",
        "请检查签名 ID，以及 International：国内与国际签名是分开的。",
    ),
    "FailedOperation.MissingSignatureToModify": Told(
        "There is no such signature to change.",
        "要修改的签名不存在。",
        "Check SignId; the list of signatures shows it.",
        "请检查 SignId，可在签名列表中查看。",
    ),
    "FailedOperation.MissingTemplateList": Told(
        "No template with these ids was found.",
        "没有找到这些 ID 的模板。",
        "Check the ids, and International: 0 and 1 have templates of their own.",
        "请检查模板 ID，以及 International：国内与国际模板是分开的。",
    ),
    "FailedOperation.MissingTemplateToModify": Told(
        "There is no such template to change.",
        "要修改的模板不存在。",
        "Check TemplateId; the list of templates shows it.",
        "请检查 TemplateId，可在模板列表中查看。",
    ),
    "FailedOperation.NotEnterpriseCertification": Told(
        "Signatures and templates are asked for by enterprise accounts only.",
        "非企业账号不能通过接口申请签名和模板。",
        "Use an account of kind enterprise.",
        "请使用企业账号。",
    ),
    "FailedOperation.OtherError": Told(
        "The request was refused for a reason that no other code names.",
        "其他错误，通常是参数不符合要求。",
        "Read the message; compare the parameters with the documents.",
        "请查看错误信息，并对照文档检查参数。",
    ),
    "FailedOperation.ParametersOtherError": Told(
        "The parameters were refused for a reason that no other code names.",
        "参数有误，原因未知。",
        "Compare the parameters with the documents.",
        "请对照文档检查参数。",
    ),
    "FailedOperation.PhoneNumberInBlacklist": Told(
        "This number has opted out, or is on a carrier's do-not-disturb list.",
        "该号码已退订，或在运营商免打扰名单中。",
        "Send it no marketing; verification texts are not held up by an opt-out.",
        "请勿再向其发送营销短信；退订不影响验证码短信。",
        says_en="the phone number is in the blacklist",
    ),
    "FailedOperation.PhoneNumberParseFail": Told(
        "The number could not be read.",
        "号码解析失败。",
        "Write it in E.164, such as +8613800138000.",
        "请按 E.164 格式填写，例如 +8613800138000。",
        says_en="phone number parse fail",
    ),
    "FailedOperation.ProhibitSubAccountUse": Told(
        "Only the main account's key may list templates.",
        "子账号不能使用该功能。",
        "Use a key of the main account.",
        "请使用主账号的密钥。",
    ),
    "FailedOperation.QualificationIdNotApproved": Told(
        "The qualification has not been approved.",
        "该资质尚未审核通过。",
        "Wait for its review; when it was rejected, mend what the reply names and submit again.",
        "请等待资质审核通过；若被驳回，请按审核意见修改后重新提交。",
    ),
    "FailedOperation.SignIdNotExist": Told(
        "There is no such signature.",
        "签名 ID 不存在。",
        "Check SignId; the list of signatures shows it.",
        "请检查 SignId，可在签名列表中查看。",
    ),
    "FailedOperation.SignNumberLimit": Told(
        "The account has as many signatures as it may have.",
        "签名个数已达上限。",
        "Delete signatures that are no longer used.",
        "请删除不再使用的签名。",
    ),
    "FailedOperation.SignatureIncorrectOrUnapproved": Told(
        "SignName is no approved signature of this account.",
        "签名不正确或未审核通过。",
        "Give the signature's text, not its id and without 【】, exactly as it was approved.",
        "SignName 应填签名内容，不是签名 ID，也不带【】，并与审核通过的内容完全一致。",
        says_en="the signature is incorrect or unapproved",
    ),
    "FailedOperation.TemplateAlreadyPassedCheck": Told(
        "An approved template cannot be changed.",
        "模板已审核通过，不能再修改。",
        "Apply for a new template, and use its id.",
        "请申请新模板，并改用新模板的 ID。",
    ),
    "FailedOperation.TemplateIdNotExist": Told(
        "There is no such template.",
        "模板 ID 不存在。",
        "Check TemplateId; the list of templates shows it.",
        "请检查 TemplateId，可在模板列表中查看。",
    ),
    "FailedOperation.TemplateIncorrectOrUnapproved": Told(
        "The template is not approved, or the text does not match it.",
        "模板未审核通过，或内容与模板不符。",
        "Check that the template's status is 0 and that it belongs to this account.",
        "请确认模板状态为 0（已通过），且属于当前账号。",
        says_en="template is not approved or request content does not match the approved template"
        " content",
    ),
    "FailedOperation.TemplateNumberLimit": Told(
        "The account has as many templates as it may have.",
        "模板个数已达上限。",
        "Delete templates that are no longer used; one with variables often does for several.",
        "请删除不再使用的模板；带变量的模板通常可以一个顶几个。",
    ),
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": Told(
        "TemplateParamSet has more or fewer values than the template has variables.",
        "TemplateParamSet 的个数与模板变量个数不一致。",
        "Give one value for each of {1}, {2}, … of the template, in this order.",
        "请按 {1}、{2}… 的顺序，为模板的每个变量各填一个值。",
        says_en="request content does not match the template content",
    ),
    "FailedOperation.TemplateUnapprovedOrNotExist": Told(
        "The template does not exist or is not approved.",
        "模板不存在或未审核通过。",
        "Check TemplateId and the template's status.",
        "请检查 TemplateId 以及模板状态。",
        says_en="template is not approved or does not exist",
    ),
}
