"""Every code of Zhenzi 榛子云, with its cause and cure in English and Chinese, for who explains."""

from collections.abc import Mapping
from typing import Final

from hongyan.wire.tencent.codes.told import Told
from hongyan.wire.zhenzi import REASONS, SENT, Code

_AGAIN_EN: Final = "Look for the messageId (findSmsByMessageId.do) before you send it again."
_AGAIN_ZH: Final = "重发前请先用 messageId 查询（findSmsByMessageId.do）短信是否已经发出。"

CODES: Final[Mapping[Code, Told]] = {
    Code.OK: Told(
        "The text was taken and is kept.",
        "短信已受理并落盘。",
        "Nothing needs to be done; whether it arrived is told by find or by a callback.",
        "无需处理；是否送达请查询短信或等待状态回调。",
        says_zh=SENT,
    ),
    Code.BAD_PARAMETERS: Told(
        "A field is missing or malformed; or the values do not fit the template, or the messageId"
        " was used today already.",
        "缺少字段或格式错误；或参数与模板不符，或 messageId 在 24 小时内已经用过。",
        "What stands behind the colon names the field. Marketing goes to nobody who opted out.",
        "冒号后面写明了是哪个字段；营销短信不会发给已退订的号码。",
        says_zh=REASONS[Code.BAD_PARAMETERS],
    ),
    Code.TOO_LONG: Told(
        "The text has over 1000 characters.",
        "短信内容超过 1000 字。",
        "Shorten it.",
        "请缩短内容。",
        says_zh=REASONS[Code.TOO_LONG],
    ),
    Code.UNKNOWN_APP: Told(
        "There is no app with this AppId.",
        "没有这个 AppId。",
        "Copy it again (`hongyan app list`), and see that the address is that of the right house.",
        "请重新复制 AppId（`hongyan app list`），并确认 apiUrl 指向正确的服务。",
        says_zh=REASONS[Code.UNKNOWN_APP],
    ),
    Code.APP_DISABLED: Told(
        "The app is disabled.",
        "应用已被停用。",
        "Enable it: `hongyan app enable`.",
        "请重新启用应用：`hongyan app enable`。",
        says_zh=REASONS[Code.APP_DISABLED],
    ),
    Code.ADDRESS_REFUSED: Told(
        "The app may not be called from this address.",
        "调用方地址不在该应用的白名单内。",
        "Let the address in (`hongyan app allow-ip`); behind a proxy, see trusted_proxies.",
        "请加入白名单（`hongyan app allow-ip`）；有反向代理时请检查 trusted_proxies。",
        says_zh=REASONS[Code.ADDRESS_REFUSED],
    ),
    Code.NO_BALANCE: Told(
        "The packages do not cover the text.",
        "套餐余量不足。",
        "Add a package: `hongyan package add`.",
        "请购买套餐：`hongyan package add`。",
        says_zh=REASONS[Code.NO_BALANCE],
    ),
    Code.OVER_LIMIT: Told(
        "A limit of the app is reached, for this number or for this clientIp.",
        "触发了应用对该号码或该 clientIp 的频率限制。",
        "Wait until its window has passed, or change the limits: `hongyan app limit`.",
        "请等待限制时间过去，或调整限制：`hongyan app limit`。",
        says_zh=REASONS[Code.OVER_LIMIT],
    ),
    Code.WRONG_SECRET: Told(
        "The AppSecret is wrong; or it was wrong so often from this address that none is tried.",
        "AppSecret 错误；或该地址多次输错后暂时不再校验。",
        "Copy it again, or make another (`hongyan app rotate-secret`), and wait five minutes.",
        "请重新复制，或更换（`hongyan app rotate-secret`），五分钟后再试。",
        says_zh=REASONS[Code.WRONG_SECRET],
    ),
    Code.NO_ACCOUNT: Told(
        "The account is closed.",
        "账号已关闭。",
        "Open it again: `hongyan account open`.",
        "请重新开通账号：`hongyan account open`。",
        says_zh=REASONS[Code.NO_ACCOUNT],
    ),
    Code.NO_TEMPLATE: Told(
        "The account has no template with this number, or it is not approved.",
        "账号下没有该模板，或模板尚未通过审核。",
        "Copy the templateId again and see its state: `hongyan template list`.",
        "请重新复制 templateId 并查看审核状态：`hongyan template list`。",
        says_zh=REASONS[Code.NO_TEMPLATE],
    ),
    Code.FAILED: Told(
        "The house cannot take it now; nothing of it was kept.",
        "服务暂时无法受理，未产生任何效果。",
        _AGAIN_EN,
        _AGAIN_ZH,
        says_zh=REASONS[Code.FAILED],
    ),
}
