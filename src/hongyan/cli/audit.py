"""`audit`: who decided what."""

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import opened, operating
from hongyan.cli.show import as_json, show_table
from hongyan.cli.where import place_option
from hongyan.core.time import rfc3339

_MOST = 100_000


@click.command()
@click.option("--most", type=click.IntRange(1, _MOST), default=50, show_default=True)
@click.option("--subject", default="", help="Only of this, written as the list shows it.")
@place_option
@as_json
@operating
def audit(most: int, subject: str, place: Place) -> None:
    """Who decided what, newest first: reviews, keys that sign, permissions of cloud functions."""
    with opened(place) as administering:
        found = administering.audits(most, subject)
    rows = [
        {
            "at": rfc3339(one.at),
            "who": one.who,
            "action": one.action,
            "subject": one.subject,
            "detail": one.detail,
        }
        for one in found
    ]
    show_table(rows, "Nothing was decided yet.")
