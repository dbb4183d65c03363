"""`secret-key`: what signs calls of Tencent's protocol and of cloud functions."""

from collections.abc import Sequence
from typing import Any

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import (
    OVERLAP_H,
    account_option,
    found_account,
    networks,
    opened,
    opened_now,
    operating,
    overlap_span,
)
from hongyan.cli.reviewing import by_option
from hongyan.cli.show import as_json, fail, show, show_row, show_table
from hongyan.cli.where import place_option
from hongyan.core.time import HOUR, Millis, rfc3339
from hongyan.service import enrol
from hongyan.service.directory import NEVER, SecretKey

_LONGEST_TEMPORARY_H = 36
"""As long as such credentials live at most with Tencent Cloud."""

_LISTED = ("secret_id", "account", "ends_at", "used_at")
_WITH_HELD = ("secret_id", "held", "ends_at", "used_at")
"""No more than a terminal of 80 columns shows with the whole id."""


@click.group("secret-key")
def secret_key() -> None:
    """Secret keys 密钥: sign the calls of Tencent's clients and of cloud functions. They are an
    account's.
    """


@secret_key.command("create")
@account_option
@click.option("--allow-ip", "allowed", multiple=True, help="Address or network; repeatable.")
@click.option(
    "--temporary",
    type=click.IntRange(1, _LONGEST_TEMPORARY_H),
    default=None,
    help="Hours until it ends; it comes with a token then.",
)
@by_option
@place_option
@as_json
@operating
def secret_key_create(
    account: int, allowed: Sequence[str], temporary: int | None, who: str, place: Place
) -> None:
    """Make a SecretId and its SecretKey, which is shown once."""
    bound = networks(allowed)
    with opened_now(place) as (administering, now), administering.together():
        found_account(administering.directory(), account)
        until = now + temporary * HOUR if temporary else 0
        made = enrol.new_secret_key(account, bound, until)
        administering.add_secret_key(made)
        administering.audit(who, "created", f"secret key {made.id}")
    _show_new(made)


@secret_key.command("show")
@click.argument("secret_id", required=False)
@place_option
@as_json
@operating
def secret_key_show(secret_id: str | None, place: Place) -> None:
    """The keys that are alive, with when each was used last (to the minute); or one of them."""
    with opened(place) as administering:
        known = administering.directory().secret_keys
        used = administering.uses_of_secret_keys()
    if secret_id is None:
        rows = [_row(one, used.get(one.id, 0)) for one in known.values()]
        listed = _WITH_HELD if any(one.is_held for one in known.values()) else _LISTED
        show_table([{field: row[field] for field in listed} for row in rows], "No secret keys.")
    elif secret_id in known:
        show_row(_row(known[secret_id], used.get(secret_id, 0)))
    else:
        fail(f"There is no live key {secret_id}.")


@secret_key.command("rotate")
@click.argument("secret_id")
@click.option("--overlap", default=OVERLAP_H, show_default=True, help="Hours both are good.")
@by_option
@place_option
@as_json
@operating
def secret_key_rotate(secret_id: str, overlap: int, who: str, place: Place) -> None:
    """Make another key like SECRET_ID, shown once; the old one ends after the overlap."""
    span = overlap_span(overlap)
    with opened_now(place) as (administering, now), administering.together():
        made = enrol.rotate_secret_key(administering, secret_id, now + span)
        administering.audit(who, "rotated", f"secret key {secret_id}", f"to {made.id}")
    _show_new(made)


@secret_key.command("end")
@click.argument("secret_id")
@by_option
@place_option
@as_json
@operating
def secret_key_end(secret_id: str, who: str, place: Place) -> None:
    """End a key at once."""
    with opened_now(place) as (administering, now), administering.together():
        if not administering.end_secret_key(secret_id, now):
            fail(f"There is no live key {secret_id}.")
        administering.audit(who, "ended", f"secret key {secret_id}")
    show({"ended": secret_id}, f"{secret_id} has ended.")


@secret_key.command("hold")
@click.argument("secret_id")
@by_option
@place_option
@as_json
@operating
def secret_key_hold(secret_id: str, who: str, place: Place) -> None:
    """Refuse all calls of a key that may have leaked, with AuthFailure.MFAFailure, until it is released."""
    _hold(place, secret_id, who, is_held=True)


@secret_key.command("release")
@click.argument("secret_id")
@by_option
@place_option
@as_json
@operating
def secret_key_release(secret_id: str, who: str, place: Place) -> None:
    """Let a key that was held be used again."""
    _hold(place, secret_id, who, is_held=False)


def _hold(place: Place, secret_id: str, who: str, *, is_held: bool) -> None:
    word = "held" if is_held else "released"
    with opened(place) as administering, administering.together():
        if secret_id not in administering.directory().secret_keys:
            fail(f"There is no live key {secret_id}.")
        administering.hold_secret_key(secret_id, is_held=is_held)
        administering.audit(who, word, f"secret key {secret_id}")
    show({word: secret_id}, f"{secret_id} is {word}.")


@secret_key.command("allow-ip")
@click.argument("secret_id")
@click.argument("allowed", metavar="NETWORKS", nargs=-1, required=True)
@by_option
@place_option
@as_json
@operating
def secret_key_allow_ip(secret_id: str, allowed: Sequence[str], who: str, place: Place) -> None:
    """Let the key be used from these addresses or networks only; `none` for from anywhere."""
    bound = networks(allowed)
    with opened(place) as administering, administering.together():
        if not administering.restrict_secret_key(secret_id, bound):
            fail(f"There is no key {secret_id}.")
        told = [str(network) for network in bound]
        detail = " ".join(told) or "anywhere"
        administering.audit(who, "allowed from", f"secret key {secret_id}", detail)
    show({"secret_id": secret_id, "networks": told}, f"{secret_id} may be used from {detail}.")


def _show_new(made: SecretKey) -> None:
    row = {"secret_id": made.id, "secret_key": made.secret}
    lines = [f"SecretId   {made.id}", f"SecretKey  {made.secret}  (shown this once)"]
    if made.token:
        row |= {"token": made.token, "ends_at": rfc3339(made.ends_at)}
        lines += [f"Token      {made.token}", f"Ends       {rfc3339(made.ends_at)}"]
    show(row, "\n".join(lines))


def _row(one: SecretKey, used_at: Millis) -> dict[str, Any]:
    return {
        "secret_id": one.id,
        "account": one.account,
        "temporary": bool(one.token),
        "held": one.is_held,
        "networks": [str(network) for network in one.networks],
        "created_at": rfc3339(one.created_at),
        "ends_at": "" if one.ends_at == NEVER else rfc3339(one.ends_at),
        "used_at": rfc3339(used_at) if used_at else "",
    }
