"""`qualification`: who somebody is that wants to send texts, handed in and reviewed."""

from datetime import date
from pathlib import Path

import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import account_option, operating
from hongyan.cli.reviewing import (
    add_commands,
    by_option,
    content_of,
    deciding,
    handed_in,
    house_option,
    image_option,
    number_argument,
    reviewing,
    show_standing,
    show_submitted,
    until_option,
)
from hongyan.cli.show import as_json
from hongyan.cli.where import place_option
from hongyan.core.lint.rule import Rulebook
from hongyan.core.submission import IdCard, Licence, LicenceKind, Purpose, Qualification
from hongyan.service import review
from hongyan.service.reviewing import Subject

_QUALIFICATION = Subject.QUALIFICATION


@click.group()
def qualification() -> None:
    """Qualifications 资质: papers of who sends. An approved one carries signatures."""


@qualification.command("submit")
@click.argument("name")
@click.option(
    "--purpose",
    type=click.Choice([one.name.lower() for one in Purpose]),
    default=Purpose.OWN.name.lower(),
    show_default=True,
    help="Whose name it is: the account's own, or others'.",
)
@image_option("--licence", "The licence 资质证件", required=True)
@click.option(
    "--licence-kind",
    type=click.Choice([one.value for one in LicenceKind]),
    default=LicenceKind.BUSINESS_LICENCE.value,
    show_default=True,
)
@click.option("--holder", required=True, help="The company's name on the licence.")
@click.option("--legal-person", required=True, help="The legal person's name on it.")
@until_option("--licence-until", "The day to which it is valid")
@click.option("--seal", default="", help="The name on its red seal.")
@click.option("--watermark", default="", help="The words written across it.")
@image_option("--id-front", "The legal person's ID card, front", required=True)
@image_option("--id-back", "Its back", required=True)
@click.option("--id-holder", default=None, help="The name on it. Without it: --legal-person.")
@until_option("--id-until", "The day to which it is valid")
@image_option("--letter", "The letter of authorisation 授权书, for others")
@image_option("--promise", "The promise of lawful use 合规使用承诺函")
@click.option("--administrator", default="", help="Who looks after it.")
@click.option("--again", type=int, default=None, help="In place of this one.")
@account_option
@by_option
@house_option
@as_json
@operating
@reviewing
def qualification_submit(
    *,
    name: str,
    purpose: str,
    licence: Path,
    licence_kind: str,
    holder: str,
    legal_person: str,
    licence_until: date | None,
    seal: str,
    watermark: str,
    id_front: Path,
    id_back: Path,
    id_holder: str | None,
    id_until: date | None,
    letter: Path | None,
    promise: Path | None,
    administrator: str,
    again: int | None,
    account: int,
    who: str,
    place: Place,
    rules: Rulebook,
) -> None:
    """Hand in the qualification NAME. Its number is the QualificationId."""
    form = Qualification(
        name=name,
        purpose=Purpose[purpose.upper()],
        licence=Licence(
            kind=LicenceKind(licence_kind),
            image=content_of(licence),
            holder=holder,
            legal_person=legal_person,
            valid_until=licence_until,
            seal=seal,
            watermark=watermark,
        ),
        legal_person=IdCard(
            front=content_of(id_front),
            back=content_of(id_back),
            holder=legal_person if id_holder is None else id_holder,
            valid_until=id_until,
        ),
        authorisation=content_of(letter),
        administrator=administrator,
        promise=content_of(promise),
    )
    show_submitted(handed_in(place, form, rules, account=account, who=who, again=again))


@qualification.command("approve")
@number_argument
@by_option
@place_option
@as_json
@operating
@reviewing
def qualification_approve(number: int, who: str, place: Place) -> None:
    """Approve the qualification NUMBER."""
    show_standing(deciding(place, _QUALIFICATION, number, who, review.approve))


@qualification.command("reject")
@number_argument
@click.option("--reason", required=True, help="What its author should change.")
@click.option("--incomplete", is_flag=True, help="It only lacks something 待补充.")
@by_option
@place_option
@as_json
@operating
@reviewing
def qualification_reject(
    *, number: int, reason: str, incomplete: bool, who: str, place: Place
) -> None:
    """Refuse the qualification NUMBER, or ask for what it lacks."""
    refuse = review.ask_for_more if incomplete else review.reject
    show_standing(
        deciding(
            place, _QUALIFICATION, number, who, lambda desk, one, by: refuse(desk, one, by, reason)
        )
    )


add_commands(qualification, _QUALIFICATION)
