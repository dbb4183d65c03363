"""`component`: third parties, which act for the mini programs that authorise them."""

from collections.abc import Sequence
from typing import Final

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import (
    OVERLAP_H,
    found_app,
    opened,
    opened_now,
    operating,
    overlap_span,
)
from hongyan.cli.reviewing import by_option
from hongyan.cli.show import as_json, fail, show, show_table
from hongyan.cli.where import place_option
from hongyan.service import enrol
from hongyan.service.administer import COMPONENT, WECHAT, name_of

_RIGHTS: Final = (49, 64, 99)
"""What sending texts needs one of; 99 is texts alone."""


@click.group()
def component() -> None:
    """Third parties 第三方平台: apps that act for mini programs which authorise them."""


@component.command("enrol")
@click.argument("name")
@click.option("--appid", default="", help="wx and 16 hexadecimal digits; made when not given.")
@place_option
@as_json
@operating
def component_enrol(name: str, appid: str, place: Place) -> None:
    """Make the app NAME a third party. Its secret is shown once."""
    with opened(place) as administering, administering.together():
        one = found_app(administering.directory(), name)
        made = enrol.enrol_component(administering, one, appid)
    _show_secret(made.appid, made.secret)


@component.command("rotate-secret")
@click.argument("name")
@click.option("--overlap", default=OVERLAP_H, show_default=True, help="Hours both are good.")
@by_option
@place_option
@as_json
@operating
def component_rotate_secret(name: str, overlap: int, who: str, place: Place) -> None:
    """Give the third party another secret, shown once; the one before it ends after the overlap."""
    span = overlap_span(overlap)
    with opened_now(place) as (administering, now), administering.together():
        one = found_app(administering.directory(), name)
        made = enrol.rotate_wechat_secret(administering, one, COMPONENT, now + span, now)
        appid = name_of(administering.directory(), one, COMPONENT)
        administering.audit(who, "rotated", f"component {one.name}", f"secret of {appid}")
    _show_secret(appid, made)


@component.command("ticket")
@click.argument("name")
@by_option
@place_option
@as_json
@operating
def component_ticket(name: str, who: str, place: Place) -> None:
    """Give the third party its component_verify_ticket, good for 12 hours or until the next one."""
    with opened(place) as administering, administering.together():
        one = found_app(administering.directory(), name)
        ticket = enrol.new_ticket(administering, one)
        administering.audit(who, "gave a ticket", f"component {one.name}")
    show({"component_verify_ticket": ticket}, f"{ticket}  (shown this once)")


@component.command("authorise")
@click.argument("name")
@click.argument("app")
@click.option(
    "--right",
    "rights",
    type=click.IntRange(1, 999),
    multiple=True,
    help="Number of a permission set 权限集; repeatable. Texts need 49, 64 or 99: those, if none is given.",
)
@by_option
@place_option
@as_json
@operating
def component_authorise(name: str, app: str, rights: Sequence[int], who: str, place: Place) -> None:
    """Let the third party NAME act for the mini program APP: the authorization_code, good once."""
    granted = sorted(set(rights or _RIGHTS))
    with opened(place) as administering, administering.together():
        known = administering.directory()
        third_party, one = found_app(known, name), found_app(known, app)
        code = enrol.authorise(administering, third_party, one, granted)
        appid = name_of(known, one, WECHAT)
        detail = f"to act for {one.name}: {' '.join(map(str, granted))}"
        administering.audit(who, "authorised", f"component {third_party.name}", detail)
    show(
        {"authorization_code": code, "authorizer_appid": appid, "rights": granted},
        f"authorization_code  {code}  (shown this once)\nauthorizer_appid    {appid}",
    )


@component.command("list")
@place_option
@as_json
@operating
def component_list(place: Place) -> None:
    """Third parties, with the mini programs that they act for."""
    with opened(place) as administering:
        known = administering.directory()
    names = {one.id: one.name for one in known.apps.values()}
    rows = [
        {
            "component": one.name,
            "component_appid": appid,
            "acts_for": sorted(
                names[app] for third_party, app in known.authorisations if third_party == one.id
            ),
        }
        for (protocol, appid), one in known.named.items()
        if protocol == COMPONENT
    ]
    show_table(rows, "No third parties.")


@component.command("withdraw")
@click.argument("name")
@click.argument("app")
@by_option
@place_option
@as_json
@operating
def component_withdraw(name: str, app: str, who: str, place: Place) -> None:
    """Let the third party NAME act for the mini program APP no more."""
    with opened(place) as administering, administering.together():
        known = administering.directory()
        third_party, one = found_app(known, name), found_app(known, app)
        if not administering.drop_authorisation(third_party.id, one.id):
            fail(f"{third_party.name} does not act for {one.name}.")
        detail = f"from acting for {one.name}"
        administering.audit(who, "withdrew", f"component {third_party.name}", detail)
    show({"withdrawn": one.name}, f"{third_party.name} acts for {one.name} no more.")


def _show_secret(appid: str, secret: str) -> None:
    show(
        {"component_appid": appid, "component_appsecret": secret},
        f"component_appid      {appid}\ncomponent_appsecret  {secret}  (shown this once)",
    )
