"""Codes of the gateway: they answer calls of any product, before the action is looked at."""

from typing import Final

from hongyan.wire.tencent.codes.told import Told

GATEWAY: Final[dict[str, Told]] = {
    "ActionOffline": Told(
        "This action has been taken off.",
        "该接口已下线。",
        "Use the action that replaced it in version 2021-01-11.",
        "请改用 2021-01-11 版本中替代它的接口。",
    ),
    "AuthFailure.InvalidAuthorization": Told(
        "There is no Authorization header, or it is not in the form of TC3-HMAC-SHA256.",
        "请求没有 Authorization 头，或其格式不符合 TC3-HMAC-SHA256。",
        "Let the official SDK sign; do not use skipSign, and let no proxy drop the header.",
        "请用官方 SDK 签名，不要使用 skipSign，并确认代理没有去掉该请求头。",
    ),
    "AuthFailure.InvalidSecretId": Told(
        "The SecretId is not in the form of an API key.",
        "SecretId 不是 API 密钥的格式。",
        "Copy the SecretId again, without blanks or line breaks around it.",
        "请重新复制 SecretId，注意前后不要带空格或换行。",
    ),
    "AuthFailure.MFAFailure": Told(
        "This key asks for a person: it is held, as one that may have leaked.",
        "该密钥要求人工验证：它可能已泄露，已被暂停使用。",
        "Let the operator look at it, and release it (`hongyan secret-key release`) or rotate it.",
        "请管理员核查后解除暂停（`hongyan secret-key release`），或更换密钥。",
    ),
    "AuthFailure.SecretIdNotFound": Told(
        "There is no such SecretId, or it has been disabled.",
        "SecretId 不存在或已被禁用。",
        "Check which key the program loads: another environment's is the usual reason.",
        "请检查程序实际加载的密钥，最常见的原因是用了另一个环境的密钥。",
        says_en="The SecretId is not found, please ensure that your SecretId is correct.",
        says_zh="密钥不存在，请检查 SecretId 是否正确。",
    ),
    "AuthFailure.SignatureExpire": Told(
        "The signature's time is more than 300 seconds from the server's.",
        "签名时间与服务器时间相差超过 300 秒。",
        "Set the machine's clock by NTP; sign each request anew instead of keeping a signed one.",
        "请用 NTP 校准机器时间，并且每次请求都重新签名，不要复用旧的签名。",
    ),
    "AuthFailure.SignatureFailure": Told(
        "The signature does not match the request: key, Host, path or body differ.",
        "签名与请求不符：密钥、Host、路径或正文至少有一项不同。",
        "Check the SecretKey; behind a proxy keep the Host header (proxy_set_header Host"
        " $http_host) and pass the body on unchanged.",
        "请检查 SecretKey；若经过代理，请保留 Host 头（proxy_set_header Host $http_host），"
        "且不要改动正文。",
        says_en="The provided credentials could not be validated."
        " Please check your signature is correct.",
        says_zh="请求签名验证失败，请检查您的签名计算是否正确。",
    ),
    "AuthFailure.TokenFailure": Told(
        "The token of these temporary credentials is missing, wrong or has expired.",
        "临时密钥的 Token 缺失、错误或已过期。",
        "Fetch temporary credentials anew and send their token with them.",
        "请重新获取临时密钥，并随请求带上对应的 Token。",
    ),
    "AuthFailure.UnauthorizedOperation": Told(
        "This key may not call this action.",
        "该密钥没有调用此接口的权限。",
        "Allow the action for the key, or use another key.",
        "请为该密钥授权此接口，或换用有权限的密钥。",
    ),
    "DryRunOperation": Told(
        "The request is good; as a dry run it did nothing.",
        "请求有效；因为是 DryRun，所以没有执行。",
        "Leave DryRun out to have it done.",
        "去掉 DryRun 参数即可真正执行。",
    ),
    "FailedOperation": Told(
        "The operation failed.",
        "操作失败。",
        "Read the message; it says which part failed.",
        "请查看错误信息中说明的具体原因。",
    ),
    "InvalidAction": Told(
        "There is no action of this name.",
        "接口不存在，请检查 Action 的拼写。",
        "Write the action as in the documents, such as SendSms.",
        "请按文档书写接口名，例如 SendSms。",
        says_en="The action `{parameter}` is not found.",
        says_zh="接口 `{parameter}` 不存在。",
    ),
    "InvalidParameterValue": Told(
        "A parameter's value is outside what is allowed.",
        "参数取值不在允许的范围内。",
        "The message names the parameter; look up its range.",
        "请按错误信息中的参数名查阅其取值范围。",
        says_en="The value of parameter `{parameter}` is not valid.",
        says_zh="参数 `{parameter}` 取值错误。",
    ),
    "InvalidRequest": Told(
        "The request's form is not one that is taken here.",
        "请求的格式不正确。",
        "POST JSON as application/json; no action of SMS takes multipart/form-data.",
        "请以 application/json 发送 POST 请求；短信接口都不接受 multipart/form-data。",
    ),
    "IpInBlacklist": Told(
        "The caller's address is on a block list.",
        "来源 IP 在黑名单中。",
        "Call from another address, or have this one taken off the list.",
        "请更换来源 IP，或将该 IP 移出黑名单。",
    ),
    "IpNotInWhitelist": Told(
        "The caller's address is not on the allow-list.",
        "来源 IP 不在白名单中。",
        "Add the server's outgoing address to the key's allow-list.",
        "请把服务器的出口 IP 加入该密钥的白名单。",
    ),
    "LimitExceeded": Told(
        "A quota is used up.",
        "超过配额限制。",
        "Wait until the quota is renewed, or have it raised.",
        "请等待配额恢复，或申请提高配额。",
    ),
    "NoSuchProduct": Told(
        "There is no such product.",
        "产品不存在。",
        "Call the address of SMS.",
        "请调用短信产品的地址。",
    ),
    "NoSuchVersion": Told(
        "There is no such version of the API.",
        "接口版本不存在。",
        "Use version 2021-01-11.",
        "请使用 2021-01-11 版本。",
        says_en="The version `{parameter}` is not found.",
        says_zh="接口版本 `{parameter}` 不存在。",
    ),
    "RequestLimitExceeded": Told(
        "Too many requests in this second.",
        "请求的次数超过了频率限制。",
        "Send more numbers in one call (up to 200), and try again after a second.",
        "请在一次请求中合并多个号码（最多 200 个），并在一秒后重试。",
    ),
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded": Told(
        "This account sends too many requests in all regions together.",
        "该主账号在所有地域的请求总数超过了频率限制。",
        "Spread the calls over time, and try again after a second.",
        "请把请求分散开，并在一秒后重试。",
    ),
    "RequestLimitExceeded.IPLimitExceeded": Told(
        "This address sends too many requests.",
        "该 IP 的请求次数超过了频率限制。",
        "Spread the calls over time, and try again after a second.",
        "请把请求分散开，并在一秒后重试。",
    ),
    "RequestLimitExceeded.UinLimitExceeded": Told(
        "This account sends too many requests.",
        "该主账号的请求次数超过了频率限制。",
        "Spread the calls over time, and try again after a second.",
        "请把请求分散开，并在一秒后重试。",
    ),
    "RequestSizeLimitExceeded": Told(
        "The request is too large.",
        "请求包超过限制大小。",
        "JSON may have 10 MB, a form 1 MB, a query 32 KB; make images smaller.",
        "JSON 不超过 10 MB，表单不超过 1 MB，查询串不超过 32 KB；请压缩图片。",
    ),
    "ResourceInUse": Told(
        "Something else still uses this.",
        "资源被占用。",
        "Delete what uses it first.",
        "请先删除正在使用它的内容。",
    ),
    "ResourceInsufficient": Told(
        "There is not enough of what the request needs.",
        "资源不足。",
        "Try again later.",
        "请稍后重试。",
    ),
    "ResourceNotFound": Told(
        "What the request is about does not exist.",
        "资源不存在。",
        "Check the id.",
        "请检查所填的 ID。",
    ),
    "ResourceUnavailable": Told(
        "What the request is about cannot be used now.",
        "资源不可用。",
        "Try again later.",
        "请稍后重试。",
    ),
    "ResponseSizeLimitExceeded": Told(
        "The answer would be too large.",
        "返回包超过限制大小。",
        "Ask for less with Limit and Offset.",
        "请用 Limit 和 Offset 减少返回内容。",
    ),
    "ServiceUnavailable": Told(
        "The service cannot take this now; nothing was kept or charged.",
        "服务暂时不可用；请求未被受理，也未计费。",
        "Try again in a few seconds.",
        "请过几秒后重试。",
    ),
    "UnauthorizedOperation": Told(
        "This account may not do that.",
        "未授权操作。",
        "Have the account given the right to it.",
        "请为账号授予相应权限。",
    ),
    "UnknownParameter": Told(
        "The request has a parameter that this action does not know.",
        "请求中含有该接口没有定义的参数。",
        "Mind the spelling and capitals: 2021-01-11 has SignName, TemplateId and SmsSdkAppId where"
        " 2019-07-11 had Sign, TemplateID and SmsSdkAppid.",
        "请检查拼写和大小写：2021-01-11 版为 SignName、TemplateId、SmsSdkAppId，"
        "而 2019-07-11 版为 Sign、TemplateID、SmsSdkAppid。",
        says_en="The parameter `{parameter}` is not recognized.",
        says_zh="未定义的参数 `{parameter}`。",
    ),
    "UnsupportedProtocol": Told(
        "Only GET and POST are taken.",
        "不支持的请求方法，只支持 GET 和 POST。",
        "Call with POST.",
        "请使用 POST 方法调用。",
    ),
    "UnsupportedRegion": Told(
        "The region does not have this product.",
        "接口不支持所传地域。",
        "Leave X-TC-Region out, or use ap-guangzhou.",
        "请去掉 X-TC-Region，或使用 ap-guangzhou。",
    ),
}
