"""`key`: secret keys for servers, publishable ones for pages and mini programs."""

from collections.abc import Sequence

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import OVERLAP_H, found_app, opened, opened_now, operating, overlap_span
from hongyan.cli.show import as_json, fail, show
from hongyan.cli.where import place_option
from hongyan.service import administer
from hongyan.service.directory import KeyKind


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
@place_option
@as_json
@operating
def key_add(
    name: str,
    publishable: bool,
    purposes: Sequence[str],
    origins: Sequence[str],
    place: Place,
) -> None:
    """Give the app NAME another key, which is shown once."""
    if publishable and not (purposes and origins):
        fail("A publishable key needs at least one --purpose and one --origin.")
    kind = KeyKind.PUBLISHABLE if publishable else KeyKind.SECRET
    made = administer.new_key(kind, purposes, origins)
    with opened(place) as administering:
        administering.add_key(found_app(administering.directory(), name).id, made)
    show({"hint": made.hint, "key": made.secret}, f"{made.secret}  (shown this once)")


@key.command("rotate")
@click.argument("name")
@click.argument("hint")
@click.option("--overlap", default=OVERLAP_H, show_default=True, help="Hours both are good.")
@place_option
@as_json
@operating
def key_rotate(name: str, hint: str, overlap: int, place: Place) -> None:
    """Replace the key that HINT names (see `app show`); the old one ends after the overlap."""
    span = overlap_span(overlap)
    with opened_now(place) as (administering, now), administering.together():
        one = found_app(administering.directory(), name)
        made = administer.rotate_key(administering, one, hint, now + span)
    show({"hint": made.hint, "key": made.secret}, f"{made.secret}  (shown this once)")


@key.command("end")
@click.argument("name")
@click.argument("hint")
@place_option
@as_json
@operating
def key_end(name: str, hint: str, place: Place) -> None:
    """End the key that HINT names, at once."""
    with opened_now(place) as (administering, now):
        one = found_app(administering.directory(), name)
        if not administering.end_key(one.id, hint, now):
            fail(f"{name} has no live key {hint}.")
    show({"ended": hint}, f"{hint} has ended.")
