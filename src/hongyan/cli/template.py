"""`template`: bodies that are submitted, then approved or rejected; under a signature of their own, or,
as the Tencent protocol has them, under whatever approved one its sender names.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import account_option, found_account, opened, opened_now, operating
from hongyan.cli.reviewing import (
    add_decisions,
    by_option,
    handed_in,
    house_option,
    reviewing,
    show_submitted,
)
from hongyan.cli.show import as_json, fail, show, show_table
from hongyan.cli.where import place_option
from hongyan.core import submission
from hongyan.core.lint.rule import Rulebook
from hongyan.core.message import Kind
from hongyan.service import administer, review
from hongyan.service.directory import Directory, Review, Template
from hongyan.service.reviewing import Subject
from hongyan.service.submit import By

_VERBS: Final = {Review.APPROVED: "approve", Review.REJECTED: "reject"}

F = TypeVar("F", bound=Callable[..., Any])


def _submitting(command: F) -> F:
    """What `submit` and `add` are given."""
    for option in (
        account_option,
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
@click.option(
    "--signature",
    default="",
    help="What stands in 【】; made if it is new. Without it: whoever sends names an approved one.",
)
@click.option("--remark", default="", help="Without --signature: what it is for 申请说明.")
@click.option("--international", is_flag=True, help="Without --signature: for other countries.")
@click.option("--again", type=int, default=None, help="Without --signature: in place of this one.")
@by_option
@house_option
@as_json
@operating
@reviewing
def template_submit(
    *,
    name: str,
    body: str,
    kind: str,
    signature: str,
    remark: str,
    international: bool,
    again: int | None,
    account: int,
    who: str,
    place: Place,
    rules: Rulebook,
) -> None:
    """Hand in the template NAME with BODY for review. Its number is its templateId."""
    if not signature:
        form = submission.Template(
            name=name, body=body, kind=Kind(kind), is_international=international, remark=remark
        )
        show_submitted(handed_in(place, form, rules, account=account, who=who, again=again))
        return
    if remark or international or again is not None:
        fail("--remark, --international and --again are for templates without --signature.")
    made = _submitted(place, name, body, kind, signature, account, approved=False)
    show(
        {"template": name, "template_id": made, "review": Review.SUBMITTED},
        f"Template {name} has number {made} and waits for 'template approve {made}'.",
    )


@template.command("add")
@_submitting
@click.option("--signature", required=True, help="What stands in 【】; made if it is new.")
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
@by_option
@place_option
@as_json
@operating
@reviewing
def template_approve(name: str, account: int, who: str, place: Place) -> None:
    """Let the template NAME (or with that number) be sent."""
    _reviewed(place, name, account, who, Review.APPROVED, "")


@template.command("reject")
@click.argument("name")
@click.option("--reason", required=True, help="What its author should change.")
@account_option
@by_option
@place_option
@as_json
@operating
@reviewing
def template_reject(name: str, reason: str, account: int, who: str, place: Place) -> None:
    """Refuse the template NAME (or with that number), also one that was approved."""
    _reviewed(place, name, account, who, Review.REJECTED, reason)


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


def _reviewed(place: Place, name: str, account: int, who: str, said: Review, reason: str) -> None:
    with opened_now(place) as (administering, now), administering.together():
        one = _found(administering.directory(), account, name)
        if one is None:
            fail(f"Account {account} has no template {name}.")
        by, submitted = By(who, now), administering.submission_of(one.id)
        if submitted is None:
            administering.review_template(one.id, said, reason)
            administering.audit(who, _VERBS[said], f"template {one.id}", f"account {account}")
        elif said is Review.APPROVED:
            review.approve(administering, submitted, by)
        else:
            review.reject(administering, submitted, by, reason)
        row = _row(administering.directory().template_ids[one.id])
    show(row, f"Template {one.name} ({one.id}) is {said}.")


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


add_decisions(template, Subject.TEMPLATE)
