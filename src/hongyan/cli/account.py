"""`account` and `package`: who pays, and with what."""

from typing import Any

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import account_option, found_account, opened, operating
from hongyan.cli.show import as_json, show, show_row, show_table
from hongyan.cli.where import place_option
from hongyan.service.directory import Account, Directory


@click.group()
def account() -> None:
    """Accounts: who pays. Each has apps, packages, signatures and templates of its own."""


@account.command("create")
@click.argument("name")
@click.option(
    "--kind", type=click.Choice(["personal", "enterprise"]), default="enterprise", show_default=True
)
@place_option
@as_json
@operating
def account_create(name: str, kind: str, place: Place) -> None:
    """Make an account."""
    with opened(place) as administering:
        made = administering.create_account(name, kind)
    show({"account": made, "kind": kind}, f"Account {made} ({kind}) is open.")


@account.command("show")
@click.argument("account", type=int, required=False)
@place_option
@as_json
@operating
def account_show(account: int | None, place: Place) -> None:
    """One account with its balance and apps; all of them when none is named."""
    with opened(place) as administering:
        known = administering.directory()
        shown = (
            list(known.accounts.values()) if account is None else [found_account(known, account)]
        )
        rows = [_row(known, one, administering.balance(one.id)) for one in shown]
    if account is None:
        show_table(rows, "No accounts.")
    else:
        show_row(rows[0])


@account.command("close")
@click.argument("account", type=int)
@place_option
@as_json
@operating
def account_close(account: int, place: Place) -> None:
    """Close an account, until `account open`: none of its apps may call. What was accepted is still
    delivered.
    """
    with opened(place) as administering, administering.together():
        found_account(administering.directory(), account)
        administering.open_account(account, is_open=False)
    show({"account": account, "open": False}, f"Account {account} is closed.")


@account.command("open")
@click.argument("account", type=int)
@place_option
@as_json
@operating
def account_open(account: int, place: Place) -> None:
    """Open a closed account again: its apps may call as before."""
    with opened(place) as administering, administering.together():
        found_account(administering.directory(), account)
        administering.open_account(account, is_open=True)
    show({"account": account, "open": True}, f"Account {account} is open.")


@click.group()
def package() -> None:
    """Packages: segments that an account has bought."""


@package.command("add")
@click.argument("units", type=click.IntRange(1, 10**12))
@account_option
@click.option("--note", default="", help="What it was bought with.")
@place_option
@as_json
@operating
def package_add(units: int, account: int, note: str, place: Place) -> None:
    """Add UNITS segments to an account's balance."""
    with opened(place) as administering:
        found_account(administering.directory(), account)
        balance = administering.add_package(account, units, note)
    show({"account": account, "balance": balance}, f"The balance is {balance} segments now.")


def _row(directory: Directory, one: Account, balance: int) -> dict[str, Any]:
    return {
        "account": one.id,
        "name": one.name,
        "kind": one.kind,
        "open": one.open,
        "balance": balance,
        "apps": [app.name for app in directory.apps.values() if app.account.id == one.id],
    }
