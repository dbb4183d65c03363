"""`app wechat`, `app permit`, `environment`: mini programs, and what their cloud functions may do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import (
    OVERLAP_H,
    changed_app,
    found_app,
    networks,
    opened,
    opened_now,
    opened_sealed,
    operating,
    overlap_span,
)
from hongyan.cli.reviewing import by_option
from hongyan.cli.show import as_json, fail, show, show_row, show_table
from hongyan.cli.where import place_option
from hongyan.core.marketing import LONGEST_SIGNATURE, Ending, length
from hongyan.core.time import rfc3339
from hongyan.service import enrol
from hongyan.service.administer import WECHAT, name_of
from hongyan.service.directory import NEVER, CloudToken, WechatProfile
from hongyan.service.wechat.bearer import pushed
from hongyan.service.wechat.opening import in_words, put_apis
from hongyan.wire.cloudcall import permission
from hongyan.wire.wechat.opening import are_apis


@click.command("wechat")
@click.argument("name")
@click.option("--appid", default="", help="wx and 16 hexadecimal digits; made when not given.")
@click.option("--nickname", default=None, help="Stands in 【】 before its texts.")
@click.option("--short-name", default=None, help="The same, where the nickname is too long.")
@click.option(
    "--ending", type=click.Choice([one.value for one in Ending]), default=None, help="Of marketing."
)
@click.option("--original-id", default=None, help="gh_…, by which a page opens it.")
@click.option(
    "--trust",
    "trusted",
    multiple=True,
    help="A network whose servers need no token, or none; repeatable.",
)
@place_option
@as_json
@operating
def app_wechat(
    name: str,
    appid: str,
    nickname: str | None,
    short_name: str | None,
    ending: str | None,
    original_id: str | None,
    trusted: Sequence[str],
    place: Place,
) -> None:
    """Make NAME known to WeChat's protocol as a mini program, or change what it is there.

    The AppSecret is shown once, when the appid is made. Its limits are WeChat's then: one text in 30 s,
    10 a day to a number; see `app frequency`. A mini program of a personal account sends nothing.
    """
    texts = {"nickname": nickname, "short_name": short_name, "original_id": original_id}
    changes: dict[str, Any] = {field: text for field, text in texts.items() if text is not None}
    if ending is not None:
        changes["ending"] = Ending(ending)
    if trusted:
        changes["trusted_networks"] = networks(trusted)
    _require_short(short_name)
    secret = ""
    with opened(place) as administering, administering.together():
        one = found_app(administering.directory(), name)
        changes["is_personal"] = one.account.is_personal
        profile = msgspec.structs.replace(one.wechat or WechatProfile(), **changes)
        if one.wechat is None:
            secret = enrol.enrol_wechat(administering, one, profile, appid).secret
            one = administering.directory().apps[one.name]
        elif appid:
            fail(f"{one.name} has an appid already.")
        row = changed_app(administering, msgspec.structs.replace(one, wechat=profile))
    show_row(row | {"app_secret": secret} if secret else row)


@click.command("rotate-wechat-secret")
@click.argument("name")
@click.option("--overlap", default=OVERLAP_H, show_default=True, help="Hours both are good.")
@by_option
@place_option
@as_json
@operating
def app_rotate_wechat_secret(name: str, overlap: int, who: str, place: Place) -> None:
    """Give the mini program another AppSecret, shown once; the one before it ends after the overlap.

    With `--overlap 0`, for one that leaked, the access tokens that it fetched end with it.
    """
    span = overlap_span(overlap)
    with opened_now(place) as (administering, now), administering.together():
        one = found_app(administering.directory(), name)
        made = enrol.rotate_wechat_secret(administering, one, WECHAT, now + span, now)
        appid = name_of(administering.directory(), one, WECHAT)
        administering.audit(who, "rotated", f"app {one.name}", f"AppSecret of {appid}")
    show(
        {"appid": appid, "secret": made},
        f"appid      {appid}\nAppSecret  {made}  (shown this once)",
    )


@click.command("cloudbase-token")
@click.argument("name")
@by_option
@place_option
@as_json
@operating
def app_cloudbase_token(name: str, who: str, place: Place) -> None:
    """Make a cloudbase_access_token for the containers of NAME, good for two hours.

    Nobody fetches it: put it into them every hour, as the file
    /.tencentcloudbase/wx/cloudbase_access_token. The one before it is good for five minutes more.
    """
    with opened_sealed(place) as (administering, seal, now), administering.together():
        one = found_app(administering.directory(), name)
        if one.wechat is None:
            fail(f"{one.name} is no mini program; see 'app wechat'.")
        made = pushed(administering, seal, one, now)
        administering.audit(who, "made a cloudbase token", f"app {one.name}")
    show({"cloudbase_access_token": made}, made)


@click.command("permit")
@click.argument("name")
@click.argument(
    "file", metavar="CONFIG", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--env", "environment", required=True, help="Where the function is.")
@by_option
@place_option
@as_json
@operating
def app_permit(name: str, file: Path, environment: str, who: str, place: Place) -> None:
    """Let a cloud function of NAME call what its config.json, the file CONFIG, names.

    Its wxCloudApiToken is shown once; the function has it as WX_API_TOKEN.
    """
    try:
        permissions = permission.read(file.read_bytes())
    except (OSError, permission.MalformedConfig) as error:
        fail(f"{file}: {error}")
    if not permissions:
        fail(f'{file} names no API; write {{"permissions": {{"openapi": ["cloudbase.sendSms"]}}}}.')
    with opened(place) as administering, administering.together():
        one = found_app(administering.directory(), name)
        made = enrol.permit(administering, one, environment, permissions)
        detail = f"{made.hint} in {environment}: {' '.join(sorted(permissions))}"
        administering.audit(who, "permitted", f"app {one.name}", detail)
    show(
        {
            "wx_api_token": made.secret,
            "hint": made.hint,
            "env": environment,
            "permissions": sorted(permissions),
        },
        f"WX_API_TOKEN  {made.secret}  (shown this once)\nMay call      "
        + ", ".join(sorted(permissions)),
    )


@click.command("permissions")
@click.argument("name")
@place_option
@as_json
@operating
def app_permissions(name: str, place: Place) -> None:
    """What the cloud functions of NAME may call, by the hints of their tokens."""
    with opened(place) as administering:
        known = administering.directory()
        one = found_app(known, name)
    rows = [_row(token) for token in known.cloud_tokens.values() if token.app.id == one.id]
    show_table(rows, "None: see 'app permit'.")


@click.command("forbid")
@click.argument("name")
@click.argument("hint")
@by_option
@place_option
@as_json
@operating
def app_forbid(name: str, hint: str, who: str, place: Place) -> None:
    """End the wxCloudApiToken that HINT names, at once."""
    with opened_now(place) as (administering, now), administering.together():
        one = found_app(administering.directory(), name)
        if not administering.end_cloud_token(one.id, hint, now):
            fail(f"{one.name} has no live token {hint}; see 'app permissions'.")
        administering.audit(who, "forbade", f"app {one.name}", hint)
    show({"ended": hint}, f"{hint} has ended.")


@click.group()
def environment() -> None:
    """Environments 环境 of CloudBase: the websites that a mini program's links lead to."""


@environment.command("put")
@click.argument("name", metavar="ENV")
@click.option("--app", "owner", required=True, help="Whose it is.")
@click.option("--website/--no-website", default=True, show_default=True)
@place_option
@as_json
@operating
def environment_put(name: str, owner: str, website: bool, place: Place) -> None:
    """Give an app the environment ENV, or change it. Its website is in the folder of that name."""
    with opened(place) as administering, administering.together():
        one = found_app(administering.directory(), owner)
        enrol.put_environment(administering, one, name, has_website=website)
    row = {"env": name, "app": one.name, "website": website}
    show(row, f"{name} is {one.name}'s{'' if website else ', without a website'}.")


@environment.command("apis")
@click.argument("name", metavar="ENV")
@click.option("--open/--close", "opens", default=None, help="For all environments of its app.")
@click.option("--allow", "apis", multiple=True, help="A path, or a beginning with *; repeatable.")
@by_option
@place_option
@as_json
@operating
def environment_apis(
    name: str, opens: bool | None, apis: Sequence[str], who: str, place: Place
) -> None:
    """Say what the containers of ENV may call without an access_token of their mini program.

    They come from a network that it trusts, or with a cloudbase_access_token; one that was closed and is
    opened needs a new one. At first all is open, as `--allow '/*'` has it.
    """
    if not are_apis(apis):
        fail("--allow takes paths, such as /tcb/sendsms or '/tcb/*', 100 at most.")
    with opened_now(place) as (administering, now), administering.together():
        known = administering.directory().environments.get(name)
        if known is None:
            fail(f"There is no environment {name}; see 'environment list'.")
        opens, apis = known.opens_apis if opens is None else opens, apis or known.apis
        put_apis(administering, known, now, opens=opens, apis=apis)
        detail = in_words(opens=opens, apis=apis)
        administering.audit(who, "opened APIs", f"environment {name}", detail)
    show({"env": name, "open": opens, "apis": list(apis)}, f"{name} is {detail}")


@environment.command("list")
@place_option
@as_json
@operating
def environment_list(place: Place) -> None:
    """All environments."""
    with opened(place) as administering:
        known = administering.directory()
    names = {one.id: one.name for one in known.apps.values()}
    rows = [
        {
            "env": one.id,
            "app": names[one.app],
            "website": one.has_website,
            "apis": list(one.apis) if one.opens_apis else [],
        }
        for one in known.environments.values()
    ]
    show_table(rows, "No environments.")


def _require_short(name: str | None) -> None:
    if name is not None and length(name) > LONGEST_SIGNATURE:
        fail(f"--short-name: {LONGEST_SIGNATURE} characters at most.")


def _row(token: CloudToken) -> dict[str, Any]:
    return {
        "hint": token.hint,
        "env": token.environment,
        "permissions": sorted(token.permissions),
        "ends_at": "" if token.ends_at == NEVER else rfc3339(token.ends_at),
    }
