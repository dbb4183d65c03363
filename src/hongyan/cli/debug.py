"""`debug send`: one text by a served protocol, and what its code means."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import rich_click as click

from hongyan.app.development import DEV_FILE
from hongyan.cli.show import REFUSED, as_json, fail, show
from hongyan.cli.trying import WAYS, NoAnswer, Tried, Wanted
from hongyan.cli.where import DATA
from hongyan.wire.tencent.codes import CHINESE, ENGLISH, Told

_APP: Final = {"tencent": "sdk_app_id", "wechat": "appid", "zhenzi": "app_id"}
_SECRET: Final = {"tencent": "secret_key", "wechat": "secret", "zhenzi": "app_secret"}
_TEMPLATE: Final = {"wechat": "notification_template_id"}
"""What dev.json calls it; elsewhere `template_id`."""
_PARAMS: Final = {
    "tencent": ("384592", "5"),
    "wechat": ("理发套餐", "/index.html"),
    "zhenzi": ("3421", "5分钟"),
}
"""Of dev's own templates."""


@click.group()
def debug() -> None:
    """Find out why a text is not sent."""


@debug.command("send")
@click.argument("phone")
@click.option(
    "--by",
    type=click.Choice(list(WAYS)),
    default="tencent",
    show_default=True,
    help="As whose client.",
)
@click.option("--template", default="", help="A template's id.")
@click.option("--param", "params", multiple=True, help="A value for {1}, {2} …, in order.")
@click.option("--text", default="", help="wechat: marketing. zhenzi: a free text.")
@click.option("--path", default="/index.html", show_default=True, help="wechat: of the website.")
@click.option("--sign-name", default="", help="tencent: the signature.")
@click.option("--env", "environment", default="", help="wechat: the environment.")
@click.option("--app", default="", help="SdkAppId, appid or AppId.")
@click.option("--secret-id", default="", envvar="HONGYAN_SECRET_ID", help="tencent: the SecretId.")
@click.option(
    "--secret", default="", envvar="HONGYAN_SECRET", help="SecretKey or AppSecret; better unseen."
)
@click.option("--url", default="", envvar="HONGYAN_URL", help="The house's address.")
@click.option(
    "--data",
    "directory",
    type=click.Path(path_type=Path),
    default=DATA,
    show_default=True,
    help="What is not given is taken from DIR/dev.json.",
)
@as_json
def debug_send(
    phone: str,
    by: str,
    template: str,
    params: Sequence[str],
    text: str,
    path: str,
    sign_name: str,
    environment: str,
    app: str,
    secret_id: str,
    secret: str,
    url: str,
    directory: Path,
) -> None:
    """Send one text to PHONE as a client of Tencent, WeChat or Zhenzi does, and explain the code that
    comes back: cause and cure, in Chinese and English. It is a real text: limits and packages count it.

    In a house of `hongyan dev`, PHONE is enough. Elsewhere name the house and the app; the secrets are
    best handed over by HONGYAN_SECRET_ID and HONGYAN_SECRET.
    """
    known = _known(directory, by)
    # What dev.json has of one app is of no use with another, and nothing for another house to see.
    is_theirs = url.rstrip("/") in ("", known.get("base_url")) and app in ("", known.get(_APP[by]))
    of_app = known if is_theirs else {}
    found_template = template or of_app.get(_TEMPLATE.get(by, "template_id"), "")
    wanted = Wanted(
        url=(url or known.get("base_url", "")).rstrip("/"),
        phone=phone,
        app=app or of_app.get(_APP[by], ""),
        secret_id=secret_id or of_app.get("secret_id", ""),
        secret=secret or of_app.get(_SECRET[by], ""),
        environment=environment or of_app.get("env", ""),
        signature=sign_name or of_app.get("sign_name", ""),
        template=found_template,
        params=tuple(params) if params or template else _PARAMS[by],
        text=text,
        path=path,
    )
    _require_whole(by, wanted)
    try:
        tried = WAYS[by](wanted)
    except NoAnswer as error:
        sentence = f"What answers at {wanted.url} is no Hongyan, or it is not open ({error})."
        fail(f"{sentence} Whether the text was sent is not known: look before you try again.")
    show(_row(by, wanted.url, tried), _explained(by, tried))
    if not tried.is_taken:
        raise SystemExit(REFUSED)


def _known(directory: Path, by: str) -> dict[str, str]:
    """The house and its app as dev.json tells them; nothing where there is none."""
    try:
        found = msgspec.json.decode((directory / DEV_FILE).read_bytes(), type=dict[str, Any])
        return {"base_url": str(found.get("base_url", "")), **found.get(by, {})}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _require_whole(by: str, wanted: Wanted) -> None:
    needed = {"--url": wanted.url, "--app": wanted.app, "--secret": wanted.secret}
    if by == "tencent":
        needed |= {"--secret-id": wanted.secret_id}
    if by == "wechat":
        needed |= {"--env": wanted.environment}
    if not (wanted.text and by != "tencent"):
        needed |= {"--template": wanted.template}
    if missing := [name for name, value in needed.items() if not value]:
        fail(f"Give {', '.join(missing)}, or the --data directory of a 'hongyan dev'.")


def _row(by: str, url: str, tried: Tried) -> dict[str, Any]:
    told = _told_of(tried)
    return {
        "by": by,
        "url": url,
        "taken": tried.is_taken,
        "code": tried.code,
        "message": tried.message,
        "serial_no": tried.serial,
        "request_id": tried.request_id,
        "cause": {"zh": told.cause(CHINESE), "en": told.cause(ENGLISH)},
        "cure": {"zh": told.cure(CHINESE), "en": told.cure(ENGLISH)},
    }


def _explained(by: str, tried: Tried) -> str:
    told = _told_of(tried)
    lines = [
        f"{by}: {tried.code}  {tried.message}",
        *(f"SerialNo {one}" for one in (tried.serial,) if one),
        *(f"RequestId {one}" for one in (tried.request_id,) if one),
        "",
        f"原因  {told.cause(CHINESE)}",
        f"办法  {told.cure(CHINESE)}",
        f"Cause  {told.cause(ENGLISH)}",
        f"Cure   {told.cure(ENGLISH)}",
    ]
    return "\n".join(lines)


_TAKEN: Final = Told(
    "The text was taken and is on its way; that is not yet that it has arrived.",
    "短信已受理并落盘；受理不等于送达。",
    "If nobody gets it, look at its receipt: by the callback, by pulling, or in the records.",
    "如果用户没有收到，请查看回执：回调、拉取或发送记录。",
)
_UNKNOWN: Final = Told(
    "This code is not in the catalogue.",
    "目录中没有这个错误码。",
    "See the platform's own list of codes.",
    "请查阅平台的错误码文档。",
)


def _told_of(tried: Tried) -> Told:
    return tried.told or (_TAKEN if tried.is_taken else _UNKNOWN)
