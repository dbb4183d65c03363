"""`signature`: the name in front of a text, handed in, reviewed and filed with the carriers."""

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
)
from hongyan.cli.show import as_json
from hongyan.cli.where import place_option
from hongyan.core.country import Scope
from hongyan.core.lint.rule import Rulebook
from hongyan.core.review import Carrier, Filing
from hongyan.core.submission import DocumentKind, Purpose, Signature, SignatureKind
from hongyan.service import review
from hongyan.service.ports import Administration
from hongyan.service.reviewing import Subject, Submitted
from hongyan.service.submit import By

_SIGNATURE = Subject.SIGNATURE


@click.group()
def signature() -> None:
    """Signatures 签名: names in front of texts. Usable once reviewed, and filed with a carrier."""


@signature.command("submit")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice([one.name.lower() for one in SignatureKind]),
    required=True,
    help="What it is the name of.",
)
@click.option(
    "--document",
    type=click.Choice([one.name.lower() for one in DocumentKind]),
    required=True,
    help="What proves that it is one's own.",
)
@image_option("--proof", "That document", required=True)
@click.option(
    "--purpose",
    type=click.Choice([one.name.lower() for one in Purpose]),
    default=Purpose.OWN.name.lower(),
    show_default=True,
    help="Whose name it is: the account's own, or others'.",
)
@image_option("--letter", "The letter of authorisation 委托授权书, for others")
@click.option("--qualification", type=int, default=0, help="The number of an approved one.")
@click.option("--international", is_flag=True, help="For other countries; needs no qualification.")
@click.option("--remark", default="", help="What it is for 申请说明.")
@click.option("--mini-program", default="", help="The mini program's whole name.")
@click.option("--again", type=int, default=None, help="In place of this one.")
@account_option
@by_option
@house_option
@as_json
@operating
@reviewing
def signature_submit(
    *,
    name: str,
    kind: str,
    document: str,
    proof: Path,
    purpose: str,
    letter: Path | None,
    qualification: int,
    international: bool,
    remark: str,
    mini_program: str,
    again: int | None,
    account: int,
    who: str,
    place: Place,
    rules: Rulebook,
) -> None:
    """Hand in the signature NAME. Its number is the SignId."""
    form = Signature(
        name=name,
        kind=SignatureKind[kind.upper()],
        document=DocumentKind[document.upper()],
        purpose=Purpose[purpose.upper()],
        is_international=international,
        proof=content_of(proof),
        authorisation=content_of(letter),
        remark=remark,
        mini_program=mini_program,
    )
    show_submitted(
        handed_in(
            place, form, rules, account=account, who=who, again=again, qualification=qualification
        )
    )


@signature.command("approve")
@number_argument
@click.option("--filed", is_flag=True, help="All carriers have it already.")
@by_option
@place_option
@as_json
@operating
@reviewing
def signature_approve(*, number: int, filed: bool, who: str, place: Place) -> None:
    """Approve the signature NUMBER. For mainland China it then waits for 'signature file'."""

    def decide(administering: Administration, one: Submitted, by: By) -> None:
        approved = review.approve(administering, one, by)
        if filed and one.scope is Scope.MAINLAND:
            review.file(administering, approved, by, dict.fromkeys(Carrier, Filing.FILED))

    show_standing(deciding(place, _SIGNATURE, number, who, decide))


@signature.command("file")
@number_argument
@click.option(
    "--carrier",
    "carriers",
    type=click.Choice([one.value for one in Carrier]),
    multiple=True,
    help="Which one says so; may be given again. Without it: all.",
)
@click.option(
    "--said",
    type=click.Choice([one.value for one in Filing]),
    default=Filing.FILED.value,
    show_default=True,
)
@by_option
@place_option
@as_json
@operating
@reviewing
def signature_file(
    *, number: int, carriers: tuple[str, ...], said: str, who: str, place: Place
) -> None:
    """Note what carriers say of the approved signature NUMBER 报备."""
    told = dict.fromkeys(map(Carrier, carriers or tuple(Carrier)), Filing(said))
    show_standing(
        deciding(
            place, _SIGNATURE, number, who, lambda desk, one, by: review.file(desk, one, by, told)
        )
    )


@signature.command("reject")
@number_argument
@click.option("--reason", required=True, help="What its author should change.")
@by_option
@place_option
@as_json
@operating
@reviewing
def signature_reject(*, number: int, reason: str, who: str, place: Place) -> None:
    """Refuse the signature NUMBER, also one that is in use."""
    show_standing(
        deciding(
            place,
            _SIGNATURE,
            number,
            who,
            lambda desk, one, by: review.reject(desk, one, by, reason),
        )
    )


add_commands(signature, _SIGNATURE)
