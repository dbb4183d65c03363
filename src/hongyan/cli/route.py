"""`route`: which providers take which messages."""

from collections.abc import Sequence

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import opened, operating
from hongyan.cli.show import as_json, fail, show
from hongyan.cli.where import place_option
from hongyan.core.message import Kind
from hongyan.providers import PROVIDERS


@click.command()
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("providers", nargs=-1, required=True)
@place_option
@as_json
@operating
def route(kind: str, providers: Sequence[str], place: Place) -> None:
    """Send messages of KIND through PROVIDERS, in that order."""
    unknown = [name for name in providers if name not in PROVIDERS]
    if unknown:
        fail(f"There is no provider {unknown[0]}; there are: {', '.join(PROVIDERS)}.")
    with opened(place) as administering:
        administering.put_route(Kind(kind), providers)
    show({"kind": kind, "providers": providers}, f"{kind}: {' → '.join(providers)}")
