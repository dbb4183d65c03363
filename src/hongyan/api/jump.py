"""Pages for whoever follows a link that opens a mini program, or nothing any more."""

import html
from enum import Enum
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --paper: #f6f4ef; --card: #fffefb; --ink: #1e2522; --soft: #5f6963;
  --line: #dfdacf; --accent: #07834f; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --paper: #131716; --card: #1b201e; --ink: #e8ebe7;
  --soft: #9da8a2; --line: #343c38; --accent: #3fb98a; --on-accent: #06261a; } }
* { box-sizing: border-box; margin: 0; }
body { min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei",
    "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif; }
main { width: 100%; max-width: 26rem; padding: 2.2rem 1.8rem; border: 1px solid var(--line);
  border-radius: 18px; background: var(--card); text-align: center; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; line-height: 1.35; }
p { margin-top: .9rem; text-wrap: balance; }
[lang=en] { color: var(--soft); font-size: .92rem; }
h1 [lang=en] { display: block; font-size: 1rem; font-weight: 500; margin-top: .2rem; }
a { display: block; margin-top: 1.6rem; padding: .8rem 1rem; border-radius: 12px;
  background: var(--accent); color: var(--on-accent); font-weight: 600; text-decoration: none; }
a:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
"""
_FRAME: Final = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title} <span lang="en">{title_en}</span></h1>
<p>{says}</p>
<p lang="en">{says_en}</p>
{more}</main>
</body>
</html>
"""


class Reader(Enum):
    """Where a link was opened."""

    WECHAT = "wechat"
    PHONE = "phone"
    DESKTOP = "desktop"


_SAYS: Final = {
    Reader.WECHAT: (
        "点击下方按钮，打开小程序。",
        "The button below opens the mini program.",
    ),
    Reader.PHONE: (
        "点击下方按钮，在微信中打开小程序。",
        "The button below opens the mini program in WeChat.",
    ),
    Reader.DESKTOP: (
        "小程序只能在手机上打开：请在手机上点开短信里的链接。",
        "Mini programs open on a phone: follow the link of the text message there.",
    ),
}


def _framed(titles: tuple[str, str], says: tuple[str, str], more: str = "") -> str:
    return _FRAME.format(
        style=_STYLE,
        title=titles[0],
        title_en=titles[1],
        says=says[0],
        says_en=says[1],
        more=more,
    )


GONE: Final = _framed(
    ("链接已失效", "This link is gone"),
    (
        "短信里的链接在 30 天后失效。请向发送短信的商家索取新的链接。",
        "Links in text messages end after 30 days. Ask whoever sent it for a new one.",
    ),
)
LATER: Final = _framed(
    ("请稍后再试", "Try again later"),
    (
        "暂时无法打开这个页面，请过一会儿再点一次。",
        "This page cannot be opened just now. Please try again in a moment.",
    ),
)


def reader_of(user_agent: str) -> Reader:
    """What a browser says that it is. WeChat Work is not WeChat: mini programs do not open there."""
    agent = user_agent.lower()
    if "micromessenger" in agent and "wxwork" not in agent:
        return Reader.WECHAT
    is_phone = any(word in agent for word in ("android", "iphone", "ipad", "mobile", "harmony"))
    return Reader.PHONE if is_phone else Reader.DESKTOP


def page_of(reader: Reader, name: str, scheme: str) -> str:
    """The page that opens a mini program."""
    title = html.escape(name)
    button = (
        ""
        if reader is Reader.DESKTOP
        else f'<a href="{html.escape(scheme)}">打开小程序 <span>Open</span></a>\n'
    )
    return _framed((title, "Mini program"), _SAYS[reader], button)
