"""What the operator's commands share: the store beside a serving house, and who is meant."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any, Final

import rich_click as click

from hongyan.app.place import Place
from hongyan.app.stores import opener_of
from hongyan.cli.show import fail, refusing
from hongyan.core.errors import HongyanError
from hongyan.core.limit import Window
from hongyan.core.phone import COUNTRIES, masked
from hongyan.core.time import DAY, HOUR, SECOND, Millis, rfc3339
from hongyan.service.administer import TENCENT, WECHAT, app_id_of, name_of
from hongyan.service.directory import Account, App, Directory, Network
from hongyan.service.ports import Administration
from hongyan.store.opening import StoreUnusable
from hongyan.store.seal import KeyFileUnusable, Seal

OVERLAP_H: Final = 72
LONGEST_OVERLAP_H: Final = 24 * 366
_LIMIT: Final = re.compile(r"(\d{1,6})/(\d{1,6}|day)", re.ASCII)
NONE: Final = ("none",)
"""What an option that takes several is given to be empty."""

operating: Final = refusing(StoreUnusable, KeyFileUnusable, HongyanError)

account_option: Final = click.option(
    "--account", type=int, default=1, show_default=True, help="Whose it is."
)


@contextmanager
def opened(place: Place) -> Iterator[Administration]:
    """The store, for changes; a serving house notices them within a second."""
    with opened_now(place) as (administering, _):
        yield administering


@contextmanager
def opened_now(place: Place) -> Iterator[tuple[Administration, Millis]]:
    """The same, and what time it is there."""
    with opened_sealed(place) as (administering, _, now):
        yield administering, now


@contextmanager
def opened_sealed(place: Place) -> Iterator[tuple[Administration, Seal, Millis]]:
    """The same, and the keeper of its keys."""
    opener = opener_of(place)
    clock = opener.clock()
    seal = opener.seal(clock)
    administering = opener.administration(seal, clock)
    try:
        yield administering, seal, clock()
    finally:
        administering.close()


def found_app(directory: Directory, name: str) -> App:
    """An app by its name, or by what it is called in any protocol: no two have one of these."""
    others = (one for (_, named), one in directory.named.items() if named == name)
    one = directory.apps.get(name) or next(others, None)
    if one is None:
        known = ", ".join(directory.apps) or "none yet"
        fail(f"There is no app {name}; there are: {known}.")
    return one


def found_account(directory: Directory, account: int) -> Account:
    one = directory.accounts.get(account)
    if one is None:
        fail(f"There is no account {account}.")
    return one


def changed_app(administering: Administration, one: App) -> dict[str, Any]:
    """Write back what was changed of an app; what it is now."""
    administering.change_app(one)
    known = administering.directory()
    return app_row(known, known.apps[one.name], administering.balance(one.account.id))


def networks(addresses: Sequence[str]) -> tuple[Network, ...]:
    """The networks that are named; `none` for no such bound."""
    if tuple(addresses) == NONE:
        return ()
    try:
        return tuple([ip_network(one) for one in addresses])
    except ValueError as error:
        fail(f"{error}; write an address or a network such as 203.0.113.0/24.")


def known_countries(countries: Sequence[str]) -> frozenset[str]:
    if unknown := [one for one in countries if one not in COUNTRIES]:
        fail(f"There is no country {unknown[0]}; write its two letters, as CN.")
    return frozenset(countries)


def overlap_span(hours: int) -> Millis:
    """For how long what is replaced stays good."""
    if not 0 <= hours <= LONGEST_OVERLAP_H:
        fail(f"--overlap {hours}: from 0 to {LONGEST_OVERLAP_H} hours, please.")
    return hours * HOUR


def app_row(directory: Directory, one: App, balance: int) -> dict[str, Any]:
    """An app as people and `--json` see it."""
    return {
        "app": one.name,
        "app_id": app_id_of(directory, one),
        "title": one.title,
        "enabled": one.enabled,
        "account": one.account.id,
        "balance": balance,
        "template": one.template,
        "signature": one.signature,
        "countries": sorted(one.countries),
        "limits": _written(one.windows),
        "client_limits": _written(one.client_windows),
        "same_text_limits": _written(one.content_windows),
        "marketing_hours": str(one.hours),
        "caps": _caps_row(one),
        "free_text": one.free_text,
        "meaningless": "refuse" if one.refuses_meaningless else "warn",
        "networks": [str(network) for network in one.networks],
        "callback": one.callback.url if one.callback else "",
        "callback_form": one.callback.form if one.callback else "",
        "tencent": _tencent_row(directory, one),
        "wechat": _wechat_row(directory, one),
    }


def _caps_row(one: App) -> dict[str, Any]:
    """Empty where it has none."""
    caps = one.caps
    told = {
        "all": caps.in_all,
        "mainland": caps.mainland,
        "abroad": caps.abroad,
        "countries": dict(caps.countries),
        "never": sorted(caps.never),
    }
    return {what: bound for what, bound in told.items() if bound}


def _tencent_row(directory: Directory, one: App) -> dict[str, Any]:
    """Empty where it is not known in that protocol."""
    if one.tencent is None:
        return {}
    told: dict[str, Any] = {
        "sdk_app_id": name_of(directory, one, TENCENT),
        "pulls": one.tencent.pulls,
    }
    if one.tencent.test_template:
        told |= {
            "test_template": one.tencent.test_template,
            "test_numbers": [masked(number) for number in sorted(one.tencent.test_numbers)],
            "test_until": rfc3339(one.tencent.test_until),
        }
    return told


def _wechat_row(directory: Directory, one: App) -> dict[str, Any]:
    if one.wechat is None:
        return {}
    environments = [name for name, env in directory.environments.items() if env.app == one.id]
    return {
        "appid": name_of(directory, one, WECHAT),
        "nickname": one.wechat.nickname,
        "short_name": one.wechat.short_name,
        "personal": one.wechat.is_personal,
        "ending": one.wechat.ending,
        "original_id": one.wechat.original_id,
        "trusted_networks": [str(network) for network in one.wechat.trusted_networks],
        "environments": sorted(environments),
    }


def windows(option: str, limits: Sequence[str]) -> tuple[Window, ...]:
    """The windows that `MOST/SECONDS` or `MOST/day` name."""
    if tuple(limits) == NONE:
        return ()
    found = []
    for one in limits:
        match = _LIMIT.fullmatch(one)
        if match is None:
            fail(f"{option} {one}: write MOST/SECONDS or MOST/day.")
        try:
            found.append(_window(int(match[1]), match[2]))
        except ValueError as error:
            fail(f"{option} {one}: {error}")
    return tuple(found)


def _window(most: int, span: str) -> Window:
    """Raises ValueError for one that no store keeps."""
    if span == "day":
        return Window("day", most, DAY, natural_day=True)
    return Window(f"{span}s", most, int(span) * SECOND)


def _written(limits: Sequence[Window]) -> list[str]:
    return [
        f"{window.most}/day" if window.natural_day else f"{window.most}/{window.span // SECOND}"
        for window in limits
    ]
