"""`template`: bodies that are submitted, then approved or rejected, each under a signature."""

from collections.abc import Callable
from typing import Any, TypeVar

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import account_option, found_account, opened, operating
from hongyan.cli.show import as_json, fail, show, show_table
from hongyan.cli.where import place_option
from hongyan.core.message import Kind
from hongyan.service import administer
from hongyan.service.directory import Directory, Review, Template

F = TypeVar("F", bound=Callable[..., Any])


def _submitting(command: F) -> F:
    """What `submit` and `add` are given."""
    for option in (
        account_option,
        click.option("--signature", required=True, help="What stands in 【】; made if it is new."),
        click.option("--kind", type=click.Choice([kind.value for kind in Kind]), required=True),
        click.argument("body"),
        click.argument("name"),
    ):
        command = option(command)
    return command


@click.group()
def template() -> None:
    """Templates: bodies with {1}, {2} … for values. Only approved ones are sent."""


@template.command("submit")
@_submitting
@place_option
@as_json
@operating
def template_submit(
    name: str, body: str, kind: str, signature: str, account: int, place: Place
) -> None:
    """Hand in the template NAME with BODY for review. Its number is its templateId."""
    made = _submitted(place, name, body, kind, signature, account, approved=False)
    show(
        {"template": name, "template_id": made, "review": Review.SUBMITTED},
        f"Template {name} has number {made} and waits for 'template approve {made}'.",
    )


@template.command("add")
@_submitting
@place_option
@as_json
@operating
def template_add(
    name: str, body: str, kind: str, signature: str, account: int, place: Place
) -> None:
    """Submit the template NAME with BODY and approve it at once."""
    made = _submitted(place, name, body, kind, signature, account, approved=True)
    show(
        {"template": name, "template_id": made, "review": Review.APPROVED},
        f"Template {name} has number {made} and is ready.",
    )


@template.command("approve")
@click.argument("name")
@account_option
@place_option
@as_json
@operating
def template_approve(name: str, account: int, place: Place) -> None:
    """Let the template NAME (or with that number) be sent."""
    _reviewed(place, name, account, Review.APPROVED, "")


@template.command("reject")
@click.argument("name")
@click.option("--reason", required=True, help="What its author should change.")
@account_option
@place_option
@as_json
@operating
def template_reject(name: str, reason: str, account: int, place: Place) -> None:
    """Refuse the template NAME (or with that number), also one that was approved."""
    _reviewed(place, name, account, Review.REJECTED, reason)


@template.command("list")
@place_option
@as_json
@operating
def template_list(place: Place) -> None:
    """All templates, with where they stand."""
    with opened(place) as administering:
        known = administering.directory().template_ids.values()
    show_table([_row(one) for one in known], "No templates.")


def _submitted(
    place: Place,
    name: str,
    body: str,
    kind: str,
    signature: str,
    account: int,
    *,
    approved: bool,
) -> int:
    with opened(place) as administering, administering.together():
        found_account(administering.directory(), account)
        if name.isdecimal():
            fail("A template's name is no number: numbers are made.")
        if _found(administering.directory(), account, name) is not None:
            fail(f"There is a template {name} already; give the new one another name.")
        administering.add_signature(account, signature)
        made = administer.add_template(administering, account, name, Kind(kind), signature, body)
        if approved:
            administering.review_template(made, Review.APPROVED, "")
    return made


def _reviewed(place: Place, name: str, account: int, review: Review, reason: str) -> None:
    with opened(place) as administering, administering.together():
        one = _found(administering.directory(), account, name)
        if one is None:
            fail(f"Account {account} has no template {name}.")
        administering.review_template(one.id, review, reason)
        row = _row(administering.directory().template_ids[one.id])
    show(row, f"Template {one.name} ({one.id}) is {review}.")


def _found(directory: Directory, account: int, name: str) -> Template | None:
    """By its name in the account, or by its number, which no other template of the house has."""
    for one in directory.template_ids.values():
        if one.name == name and one.account == account:
            return one
    return directory.template_ids.get(int(name)) if name.isdecimal() else None


def _row(one: Template) -> dict[str, Any]:
    return {
        "template_id": one.id,
        "account": one.account,
        "name": one.name,
        "kind": one.kind,
        "signature": one.signature,
        "body": one.source,
        "review": one.review,
        "reason": one.reason,
    }
