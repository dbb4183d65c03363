"""`callback`: status reports and replies that an app did not take."""

from collections.abc import Sequence
from typing import Final

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import opened, operating
from hongyan.cli.show import as_json, fail, show, show_table
from hongyan.cli.where import place_option
from hongyan.core.identifier import read, written

_MOST: Final = 1_000


@click.group()
def callback() -> None:
    """Callbacks: what apps were to be told and did not take, after all tries."""


@callback.command("list")
@place_option
@as_json
@operating
def callback_list(place: Place) -> None:
    """The status reports that were given up, newest first, then the replies.

    A reply has no status. Its app can still pull it, where it knows Tencent's protocol.
    """
    with opened(place) as administering:
        debts, replies = administering.debts(_MOST), administering.reply_debts(_MOST)
    rows = [
        {
            "of": "report",
            "message": written(one.message),
            "app": one.app,
            "status": one.status,
            "attempts": one.attempts,
            "failure": one.failure,
        }
        for one in debts
    ]
    rows += [
        {
            "of": "reply",
            "message": written(one.reply),
            "app": one.app,
            "status": "",
            "attempts": one.attempts,
            "failure": one.failure,
        }
        for one in replies
    ]
    show_table(rows, "None: every report and every reply was taken, or is still being tried.")


@callback.command("retry")
@click.argument("messages", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that `callback list` shows.")
@place_option
@as_json
@operating
def callback_retry(messages: Sequence[str], every: bool, place: Place) -> None:
    """Try the reports of these MESSAGES, and these replies, again from the beginning."""
    if bool(messages) == every:
        fail("Name messages, or give --all.")
    with opened(place) as administering:
        if every:
            wanted = [one.message for one in administering.debts(_MOST)]
            wanted += [one.reply for one in administering.reply_debts(_MOST)]
        else:
            wanted = [read(one) for one in messages]
        count = administering.owe_again(wanted)
    show({"retried": count}, f"{count} to be tried again.")
