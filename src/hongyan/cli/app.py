"""`app`: what calls us, as what, from where, and how often."""

from collections.abc import Sequence

import msgspec
import rich_click as click

from hongyan.app import development
from hongyan.app.place import Place
from hongyan.cli.desk import (
    OVERLAP_H,
    app_row,
    changed_app,
    found_account,
    found_app,
    known_countries,
    networks,
    opened,
    opened_now,
    operating,
    overlap_span,
    windows,
)
from hongyan.cli.show import as_json, fail, show, show_row, show_table
from hongyan.cli.where import place_option
from hongyan.core.time import DAY
from hongyan.service import administer
from hongyan.service.directory import App, Directory, Form
from hongyan.service.ports import Administration
from hongyan.wire.callback import AddressRefused, require_callable

_COUNTED = 30 * DAY


@click.group()
def app() -> None:
    """Apps: what calls us, and as what. NAME is an app's name, or what a protocol calls it."""


@app.command("create")
@click.argument("title")
@click.option("--name", default="", help="Its identifier; made when not given.")
@click.option("--account", type=int, default=1, show_default=True, help="Who pays.")
@click.option(
    "--signature",
    default="",
    help="Of its free texts, without 【】; made if it is new. Without one it sends by template only.",
)
@place_option
@as_json
@operating
def app_create(title: str, name: str, account: int, signature: str, place: Place) -> None:
    """Make an app with a secret key, an AppId and an AppSecret. Secrets are shown once."""
    with opened(place) as administering, administering.together():
        found_account(administering.directory(), account)
        if name in administering.directory().apps:
            fail(f"There is an app {name} already.")
        created = administer.create_app(administering, account, title, name, signature)
    show(
        {
            "app": created.app,
            "api_key": created.api_key,
            "app_id": created.app_id,
            "app_secret": created.app_secret,
        },
        f"App         {created.app}\n"
        f"Secret key  {created.api_key}  (shown this once; for our own API)\n"
        f"AppId       {created.app_id}\n"
        f"AppSecret   {created.app_secret}  (shown this once; for clients of Zhenzi)",
    )


@app.command("list")
@place_option
@as_json
@operating
def app_list(place: Place) -> None:
    """All apps."""
    with opened(place) as administering:
        known = administering.directory()
        balances = {one: administering.balance(one) for one in known.accounts}
    fields = ("app", "app_id", "title", "enabled", "account", "balance")
    rows = [app_row(known, one, balances[one.account.id]) for one in known.apps.values()]
    show_table([{field: row[field] for field in fields} for row in rows], "No apps.")


@app.command("show")
@click.argument("name")
@place_option
@as_json
@operating
def app_show(name: str, place: Place) -> None:
    """An app with its keys, limits and callback, and how many of its texts of the last 30 days led to
    what they were for, as it has reported.
    """
    with opened_now(place) as (administering, now):
        known = administering.directory()
        one = found_app(known, name)
        row = app_row(known, one, administering.balance(one.account.id))
        row["converted"] = administering.conversions(one.id, now - _COUNTED)
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
    show_row(row)


@app.command("disable")
@click.argument("name")
@place_option
@as_json
@operating
def app_disable(name: str, place: Place) -> None:
    """Let the app call no more, until `app enable`."""
    _changed(place, name, enabled=False)


@app.command("enable")
@click.argument("name")
@place_option
@as_json
@operating
def app_enable(name: str, place: Place) -> None:
    """Let the app call again."""
    _changed(place, name, enabled=True)


@app.command("rotate-secret")
@click.argument("name")
@click.option("--overlap", default=OVERLAP_H, show_default=True, help="Hours both are good.")
@place_option
@as_json
@operating
def app_rotate_secret(name: str, overlap: int, place: Place) -> None:
    """Give the app another AppSecret, shown once; the one before it ends after the overlap."""
    span = overlap_span(overlap)
    with opened_now(place) as (administering, now), administering.together():
        one = found_app(administering.directory(), name)
        made = administer.rotate_app_secret(administering, one, now + span)
        app_id = administer.app_id_of(administering.directory(), one)
    show(
        {"app_id": app_id, "app_secret": made.secret},
        f"AppId       {app_id}\nAppSecret   {made.secret}  (shown this once)",
    )


@app.command("allow-ip")
@click.argument("name")
@click.argument("allowed", metavar="NETWORKS", nargs=-1, required=True)
@place_option
@as_json
@operating
def app_allow_ip(name: str, allowed: Sequence[str], place: Place) -> None:
    """Let the app's servers call from these addresses or networks only; `none` for from anywhere.

    What there was before is replaced. Publishable keys are not bound by it: phones use them.
    """
    _changed(place, name, networks=networks(allowed))


@app.command("limit")
@click.argument("name")
@click.option("--number", "numbers", multiple=True, help="Texts to one number; repeatable.")
@click.option("--client", "clients", multiple=True, help="Texts of one clientIp; repeatable.")
@place_option
@as_json
@operating
def app_limit(name: str, numbers: Sequence[str], clients: Sequence[str], place: Place) -> None:
    """Bound the texts that the app sends itself: MOST/SECONDS or MOST/day, or `none` for no bound.

    What is given replaces what there was of it; days are those of Beijing.
    """
    if not numbers and not clients:
        fail("Give --number, --client or both.")
    changes: dict[str, object] = {}
    if numbers:
        changes["windows"] = windows("--number", numbers)
    if clients:
        changes["client_windows"] = windows("--client", clients)
    _changed(place, name, **changes)


@app.command("change")
@click.argument("name")
@click.option("--template", default=None, help="Its verification template, by name.")
@click.option("--signature", default=None, help="Of its free texts, without 【】; made if new.")
@click.option("--country", "countries", multiple=True, help="Open countries, as CN; repeatable.")
@click.option(
    "--free-text/--no-free-text", default=None, help="Texts of its own, or templates only."
)
@click.option(
    "--meaningless",
    type=click.Choice(["warn", "refuse"]),
    default=None,
    help="What to do with texts like 你好 or 12132, which carriers block.",
)
@click.option("--callback", default=None, help="https://… to tell of its messages' ends, or none.")
@click.option(
    "--callback-form",
    type=click.Choice([form.value for form in Form]),
    default=None,
    help="Whose form that is told in; that of the protocol in which the app is known, if not given.",
)
@place_option
@as_json
@operating
def app_change(
    name: str,
    template: str | None,
    signature: str | None,
    countries: Sequence[str],
    free_text: bool | None,
    meaningless: str | None,
    callback: str | None,
    callback_form: str | None,
    place: Place,
) -> None:
    """Change what is given and leave the rest; a serving house notices within a second.

    The secret that callbacks are signed by is shown once, with the first address; `--callback none` and
    the address again make another.
    """
    form = None if callback_form is None else Form(callback_form)
    with opened(place) as administering, administering.together():
        one = found_app(administering.directory(), name)
        changes: dict[str, object] = {}
        if template is not None:
            changes["template"] = _known_template(administering.directory(), one, template)
        if signature is not None:
            administering.add_signature(one.account.id, signature)
            changes["signature"] = signature
        if countries:
            changes["countries"] = known_countries(countries)
        if free_text is not None:
            changes["free_text"] = free_text
        if meaningless is not None:
            changes["refuses_meaningless"] = meaningless == "refuse"
        changed = msgspec.structs.replace(one, **changes)
        administering.change_app(changed)
        secret = _called_back(administering, changed, callback, form)
        known = administering.directory()
        row = app_row(known, known.apps[one.name], administering.balance(one.account.id))
    if secret is not None:
        row["callback_secret"] = secret.hex()
    show_row(row)


def _changed(place: Place, name: str, **changes: object) -> None:
    """Change these settings of an app and show it."""
    with opened(place) as administering, administering.together():
        one = found_app(administering.directory(), name)
        row = changed_app(administering, msgspec.structs.replace(one, **changes))
    show_row(row)


def _known_template(directory: Directory, one: App, name: str) -> str:
    if name and (one.account.id, name) not in directory.templates:
        fail(f"There is no approved template {name}.")
    return name


def _called_back(
    administering: Administration, one: App, url: str | None, form: Form | None
) -> bytes | None:
    """The secret that calls to a first address are signed by. What is not given stays."""
    if url is None:
        if form is None:
            return None
        if one.callback is None:
            fail("--callback-form: give the address too, with --callback.")
        url = one.callback.url
    if url == "none":
        return administer.set_callback(administering, one, "")
    try:
        # The development house calls this machine too.
        is_development = development.APP in administering.directory().apps
        require_callable(url, lenient=is_development)
    except AddressRefused as error:
        fail(f"--callback {url}: {error}")
    return administer.set_callback(administering, one, url, form)
