"""`app`, `key`, `package`, `template`, `route`: what an operator changes, beside a serving house."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import rich_click as click

from hongyan.app.clock import SteadyClock
from hongyan.cli.show import as_json, fail, refusing, show, show_table
from hongyan.core.errors import HongyanError
from hongyan.core.limit import Window
from hongyan.core.message import Kind
from hongyan.core.phone import COUNTRIES
from hongyan.core.time import DAY, HOUR, SECOND
from hongyan.providers import PROVIDERS
from hongyan.service import administer
from hongyan.service.directory import App, Directory, KeyKind
from hongyan.service.ports import Administration
from hongyan.store.seal import KeyFileUnusable
from hongyan.store.sqlite import StoreUnusable, administration, seal_of

_LIMIT: Final = re.compile(r"(\d{1,6})/(\d{1,6}|day)", re.ASCII)
_OVERLAP_H: Final = 72
_LONGEST_OVERLAP_H: Final = 24 * 366
_refusing: Final = refusing(StoreUnusable, KeyFileUnusable, HongyanError)

data_option: Final = click.option(
    "--data",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="The data directory of the house.",
)


@click.group()
def app() -> None:
    """Apps: what calls us, and as what."""


@app.command("create")
@click.argument("title")
@click.option("--name", default="", help="Its identifier; made when not given.")
@click.option("--account", type=int, default=1, show_default=True, help="Who pays.")
@data_option
@as_json
@_refusing
def app_create(title: str, name: str, account: int, directory: Path) -> None:
    """Make an app with a secret key, which is shown once."""
    with _opened(directory) as administering, administering.together():
        _require_account(administering.directory(), account)
        if name in administering.directory().apps:
            fail(f"There is an app {name} already.")
        created = administer.create_app(administering, account, title, name)
    show(
        {"app": created.app, "api_key": created.api_key},
        f"App         {created.app}\nSecret key  {created.api_key}  (shown this once)",
    )


@app.command("list")
@data_option
@as_json
@_refusing
def app_list(directory: Path) -> None:
    """All apps."""
    with _opened(directory) as administering:
        known = administering.directory()
        balances = {one: administering.balance(one) for one in known.accounts}
    show_table([_app_row(one, balances[one.account.id]) for one in known.apps.values()], "No apps.")


@app.command("show")
@click.argument("name")
@data_option
@as_json
@_refusing
def app_show(name: str, directory: Path) -> None:
    """An app with its keys and limits."""
    with _opened(directory) as administering:
        known = administering.directory()
        one = _found(known, name)
        row = _app_row(one, administering.balance(one.account.id))
    row["keys"] = [
        {
            "hint": key.hint,
            "kind": key.kind,
            "purposes": sorted(key.purposes),
            "origins": sorted(key.origins),
        }
        for key in known.keys.values()
        if key.app.id == one.id
    ]
    show(row, "\n".join(f"{field:10} {value}" for field, value in row.items()))


@app.command("change")
@click.argument("name")
@click.option("--enable/--disable", "enabled", default=None, help="Whether it may call.")
@click.option("--template", default=None, help="Its verification template, by name.")
@click.option("--country", "countries", multiple=True, help="Open countries, as CN; repeatable.")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    help="Of its own texts to one number: MOST/SECONDS or MOST/day; repeatable, 'none' for none.",
)
@data_option
@as_json
@_refusing
def app_change(
    name: str,
    enabled: bool | None,
    template: str | None,
    countries: Sequence[str],
    limits: Sequence[str],
    directory: Path,
) -> None:
    """Change what is given and leave the rest; a serving house notices within a second."""
    if unknown := [one for one in countries if one not in COUNTRIES]:
        fail(f"There is no country {unknown[0]}; write its two letters, as CN.")
    with _opened(directory) as administering, administering.together():
        one = _found(administering.directory(), name)
        if template is not None and (one.account.id, template) not in (
            administering.directory().templates
        ):
            fail(f"There is no template {template}.")
        changed = msgspec.structs.replace(
            one,
            enabled=one.enabled if enabled is None else enabled,
            template=one.template if template is None else template,
            countries=frozenset(countries) or one.countries,
            windows=_windows(limits) if limits else one.windows,
        )
        administering.change_app(changed)
        row = _app_row(changed, administering.balance(one.account.id))
    show(row, "\n".join(f"{field:10} {value}" for field, value in row.items()))


@click.group()
def key() -> None:
    """Keys: secret ones for servers, publishable ones for pages and mini programs."""


@key.command("add")
@click.argument("name")
@click.option("--publishable", is_flag=True, help="May only start, resend and check.")
@click.option("--purpose", "purposes", multiple=True, help="Publishable: for this; repeatable.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="Publishable: from this origin; 'none' for mini programs. Repeatable.",
)
@data_option
@as_json
@_refusing
def key_add(
    name: str,
    publishable: bool,
    purposes: Sequence[str],
    origins: Sequence[str],
    directory: Path,
) -> None:
    """Give the app NAME another key, which is shown once."""
    if publishable and not (purposes and origins):
        fail("A publishable key needs at least one --purpose and one --origin.")
    kind = KeyKind.PUBLISHABLE if publishable else KeyKind.SECRET
    made = administer.new_key(kind, purposes, origins)
    with _opened(directory) as administering:
        administering.add_key(_found(administering.directory(), name).id, made)
    show({"hint": made.hint, "key": made.secret}, f"{made.secret}  (shown this once)")


@key.command("rotate")
@click.argument("name")
@click.argument("hint")
@click.option("--overlap", default=_OVERLAP_H, show_default=True, help="Hours both are good.")
@data_option
@as_json
@_refusing
def key_rotate(name: str, hint: str, overlap: int, directory: Path) -> None:
    """Replace the key that HINT names (see `app show`); the old one ends after the overlap."""
    if not 0 <= overlap <= _LONGEST_OVERLAP_H:
        fail(f"--overlap {overlap}: from 0 to {_LONGEST_OVERLAP_H} hours, please.")
    clock = SteadyClock()
    with _opened(directory) as administering, administering.together():
        one = _found(administering.directory(), name)
        made = administer.rotate_key(administering, one, hint, clock() + overlap * HOUR)
    show({"hint": made.hint, "key": made.secret}, f"{made.secret}  (shown this once)")


@key.command("end")
@click.argument("name")
@click.argument("hint")
@data_option
@as_json
@_refusing
def key_end(name: str, hint: str, directory: Path) -> None:
    """End the key that HINT names, at once."""
    clock = SteadyClock()
    with _opened(directory) as administering:
        one = _found(administering.directory(), name)
        if not administering.end_key(one.id, hint, clock()):
            fail(f"{name} has no live key {hint}.")
    show({"ended": hint}, f"{hint} has ended.")


@click.group()
def package() -> None:
    """Packages: segments that an account has bought."""


@package.command("add")
@click.argument("units", type=click.IntRange(1, 10**12))
@click.option("--account", type=int, default=1, show_default=True, help="Who gets them.")
@click.option("--note", default="", help="What it was bought with.")
@data_option
@as_json
@_refusing
def package_add(units: int, account: int, note: str, directory: Path) -> None:
    """Add UNITS segments to an account's balance."""
    with _opened(directory) as administering:
        _require_account(administering.directory(), account)
        balance = administering.add_package(account, units, note)
    show({"account": account, "balance": balance}, f"The balance is {balance} segments now.")


@click.group()
def template() -> None:
    """Templates: reviewed bodies, each under a signature."""


@template.command("add")
@click.argument("name")
@click.argument("body")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), required=True)
@click.option("--signature", required=True, help="What stands in 【】; made if it is new.")
@click.option("--account", type=int, default=1, show_default=True)
@data_option
@as_json
@_refusing
def template_add(
    name: str, body: str, kind: str, signature: str, account: int, directory: Path
) -> None:
    """Add the template NAME with BODY, in which {1}, {2} … stand for values."""
    with _opened(directory) as administering, administering.together():
        _require_account(administering.directory(), account)
        if (account, name) in administering.directory().templates:
            fail(f"There is a template {name} already; give the new one another name.")
        administering.add_signature(account, signature)
        administer.add_template(administering, account, name, Kind(kind), signature, body)
    show({"template": name}, f"Template {name} is ready.")


@template.command("list")
@data_option
@as_json
@_refusing
def template_list(directory: Path) -> None:
    """All templates."""
    with _opened(directory) as administering:
        known = administering.directory().templates.values()
    rows = [
        {"name": one.name, "kind": one.kind, "signature": one.signature, "body": one.source}
        for one in known
    ]
    show_table(rows, "No templates.")


@click.command()
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("providers", nargs=-1, required=True)
@data_option
@as_json
@_refusing
def route(kind: str, providers: Sequence[str], directory: Path) -> None:
    """Send messages of KIND through PROVIDERS, in that order."""
    unknown = [name for name in providers if name not in PROVIDERS]
    if unknown:
        fail(f"There is no provider {unknown[0]}; there are: {', '.join(PROVIDERS)}.")
    with _opened(directory) as administering:
        administering.put_route(Kind(kind), providers)
    show({"kind": kind, "providers": providers}, f"{kind}: {' → '.join(providers)}")


@contextmanager
def _opened(directory: Path) -> Iterator[Administration]:
    clock = SteadyClock()
    administering = administration(directory, seal_of(directory, clock), clock)
    try:
        yield administering
    finally:
        administering.close()


def _found(directory: Directory, name: str) -> App:
    one = directory.apps.get(name)
    if one is None:
        known = ", ".join(directory.apps) or "none yet"
        fail(f"There is no app {name}; there are: {known}.")
    return one


def _require_account(directory: Directory, account: int) -> None:
    if account not in directory.accounts:
        fail(f"There is no account {account}.")


def _app_row(one: App, balance: int) -> dict[str, Any]:
    limits = [
        f"{window.most}/day" if window.natural_day else f"{window.most}/{window.span // SECOND}"
        for window in one.windows
    ]
    return {
        "app": one.name,
        "title": one.title,
        "enabled": one.enabled,
        "account": one.account.id,
        "balance": balance,
        "template": one.template,
        "countries": sorted(one.countries),
        "limits": limits,
    }


def _windows(limits: Sequence[str]) -> tuple[Window, ...]:
    """The windows that `--limit` options name."""
    if list(limits) == ["none"]:
        return ()
    windows = []
    for one in limits:
        found = _LIMIT.fullmatch(one)
        if found is None:
            fail(f"--limit {one}: write MOST/SECONDS or MOST/day.")
        try:
            windows.append(_window(int(found[1]), found[2]))
        except ValueError as error:
            fail(f"--limit {one}: {error}")
    return tuple(windows)


def _window(most: int, span: str) -> Window:
    """Raises ValueError for one that no store keeps."""
    if span == "day":
        return Window("day", most, DAY, natural_day=True)
    return Window(f"{span}s", most, int(span) * SECOND)
