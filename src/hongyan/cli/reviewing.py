"""What the commands of both sides of a review share: who is at the counter, and how things stand."""

import functools
import getpass
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import msgspec
import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.desk import found_account, opened_now, operating
from hongyan.cli.show import as_json, fail, refusing, show, show_row, show_table
from hongyan.cli.where import found, house_config, house_data, place_option
from hongyan.core.image import MOST_BYTES
from hongyan.core.image import read as read_image
from hongyan.core.lint import RULES
from hongyan.core.lint.rule import Finding, Rulebook
from hongyan.core.time import rfc3339
from hongyan.service import review, submit
from hongyan.service.papers import IMAGES, Form, put_together, subject_of
from hongyan.service.ports import Administration
from hongyan.service.reviewing import Flawed, ReviewRefused, Subject, Submitted, in_words
from hongyan.service.submit import By, Counter
from hongyan.settings import SettingsError

P = ParamSpec("P")
R = TypeVar("R")

NEVER: Final = "never"
_UNTIL: Final = "YYYY-MM-DD, or 'never'."

reviewing: Final = refusing(ReviewRefused)
_LISTED: Final = ("account", "name", "status", "code", "expected_at", "reason")
"""What a list shows of each; `show` has the rest."""


def by_option(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the option `--by`."""
    text = "Who does it, for the audit. Without it: this system's user."
    return click.option("--by", "who", default=_user, help=text)(command)


def number_argument(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the NUMBER that is meant."""
    return click.argument("number", type=click.IntRange(1))(command)


def house_option(command: Callable[P, R]) -> Callable[..., R]:
    """Give a command a `place`, and the `rules` that hold there."""

    @functools.wraps(command)
    def placed(*args: P.args, **kwargs: P.kwargs) -> R:
        config, directory = kwargs.pop("config"), kwargs.pop("directory")
        try:
            settings, kwargs["place"] = found(config, directory)  # type: ignore[arg-type]
        except SettingsError as error:
            fail(str(error))
        kwargs["rules"] = settings.tencent.rules
        return command(*args, **kwargs)

    return house_config(house_data(placed))


def until_option(name: str, what: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Give a command an option for the day on which something ends; it is handed None for never."""

    def taken(_context: click.Context, _parameter: click.Parameter, value: str) -> date | None:
        if value == NEVER:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise click.BadParameter(f"{value} is no day: {_UNTIL}") from error

    return click.option(name, required=True, callback=taken, help=f"{what}: {_UNTIL}")


def image_option(
    name: str, what: str, *, required: bool = False
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Give a command an option for an image's file; see `content_of`."""
    kind = click.Path(path_type=Path, dir_okay=False)
    text = f"{what}: PNG or JPG, up to 5 MB."
    return click.option(name, type=kind, required=required, help=text)


def content_of(file: Path | None) -> bytes:
    """What is in an image's file, as far as it may be one; nothing where none is named."""
    if file is None:
        return b""
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)  # One too many is all that must be known.
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")


@contextmanager
def counter(place: Place, account: int, rules: Rulebook, who: str) -> Iterator[Counter]:
    """Where something is handed in, all of it or nothing."""
    with opened_now(place) as (administering, now), administering.together():
        one = found_account(administering.directory(), account)
        yield Counter(administering, one, rules, By(who, now))


def handed_in(
    place: Place,
    form: Form,
    rules: Rulebook,
    *,
    account: int,
    who: str,
    again: int | None,
    qualification: int = 0,
) -> Submitted:
    """Hand a form in, or in place of an earlier one. Ends the command with what the lint stops."""
    subject = subject_of(form)
    try:
        with counter(place, account, rules, who) as at:
            before = None
            if again is not None:
                before = submit.find(at.administration, subject, again, account=account)
            return at.submit(form, qualification=qualification, again=before)
    except Flawed as error:
        fail(str(error), findings=[told(one) for one in error.findings])


def told(finding: Finding) -> dict[str, str]:
    """A finding, in both languages."""
    rule = RULES[finding.rule]
    return {
        "rule": finding.rule,
        "field": finding.field,
        "severity": finding.severity,
        "says": rule.says_en,
        "cure": rule.cure_en,
        "says_zh": rule.says_zh,
        "cure_zh": rule.cure_zh,
    }


def row_of(one: Submitted) -> dict[str, Any]:
    """How a submission stands, as people and `--json` see it."""
    row: dict[str, Any] = {
        one.subject: one.template or one.id,
        "account": one.account,
        "name": one.name,
        "status": review.told(one.subject, one.status),
        "code": one.status,
        "submitted_at": rfc3339(one.submitted_at),
        "expected_at": rfc3339(one.expected_at),
        "decided_at": rfc3339(one.decided_at) if one.decided_at else "",
        "reason": one.reason,
    }
    if one.subject is not Subject.QUALIFICATION:
        row["international"] = int(one.scope)
    if one.subject is Subject.SIGNATURE:
        row["qualification"] = one.qualification
        row["filings"] = {str(carrier): said for carrier, said in one.facts.filings.items()}
    return row


def show_submitted(one: Submitted) -> None:
    """After it was handed in: its number, when to expect an answer, and what the lint noted."""
    number = one.template or one.id
    sentence = f"The {one.subject} {one.name} has number {number} and is in review."
    lines = [f"{sentence} Expect an answer by {rfc3339(one.expected_at)}."]
    lines += [f"Note: {note}" for note in in_words(one.facts.notes)]
    show(row_of(one) | {"notes": [told(note) for note in one.facts.notes]}, "\n".join(lines))


def show_standing(one: Submitted) -> None:
    """After a decision."""
    row = row_of(one)
    show(row, f"The {one.subject} {one.name} ({one.template or one.id}) is {row['status']}.")


def deciding(
    place: Place,
    subject: Subject,
    number: int,
    who: str,
    decide: Callable[[Administration, Submitted, By], Submitted | None],
) -> Submitted:
    """Find what is meant and do something to it; how it stands then."""
    with opened_now(place) as (administering, now), administering.together():
        one = submit.find(administering, subject, number)
        decide(administering, one, By(who, now))
        after = administering.submission(one.id)
        return after or one


def show_papers(place: Place, subject: Subject, number: int, directory: Path | None) -> None:
    """All that a reviewer looks at; images as files in a directory, for their owner alone."""
    with opened_now(place) as (administering, _):
        one = submit.find(administering, subject, number)
        form = put_together(one.subject, administering.papers(one.id))
    row = row_of(one) | {"notes": [told(note) for note in one.facts.notes]}
    if form is not None:
        row["form"] = _without_images(form)
        if directory is not None:
            row["papers"] = [str(path) for path in _written(form, directory)]
    show_row(row)


def add_commands(group: click.RichGroup, subject: Subject) -> None:
    """What qualifications and signatures, and in part templates, have in common."""
    empty = f"No {subject}s."

    @group.command("list")
    @place_option
    @as_json
    @operating
    def listing(place: Place) -> None:
        with opened_now(place) as (administering, _):
            for account in administering.directory().accounts:
                submit.adopt(administering, account)
            rows = [row_of(one) for one in administering.submissions(subject)]
        show_table([{name: row[name] for name in (subject, *_LISTED)} for row in rows], empty)

    listing.help = f"All {subject}s, with where they stand."
    add_decisions(group, subject)


def add_decisions(group: click.RichGroup, subject: Subject) -> None:
    """`show`, `withdraw` and `remove`."""

    @group.command("show")
    @number_argument
    @click.option(
        "--papers",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        help="Write its images into this directory.",
    )
    @place_option
    @as_json
    @operating
    @reviewing
    def showing(number: int, papers: Path | None, place: Place) -> None:
        show_papers(place, subject, number, papers)

    @group.command("withdraw")
    @number_argument
    @by_option
    @place_option
    @as_json
    @operating
    @reviewing
    def withdrawing(number: int, who: str, place: Place) -> None:
        one = deciding(place, subject, number, who, submit.withdraw)
        show(row_of(one) | {"status": "withdrawn"}, f"The {subject} {one.name} was withdrawn.")

    @group.command("remove")
    @number_argument
    @by_option
    @place_option
    @as_json
    @operating
    @reviewing
    def removing(number: int, who: str, place: Place) -> None:
        one = deciding(place, subject, number, who, submit.remove)
        show(row_of(one) | {"status": "removed"}, f"The {subject} {one.name} is gone.")

    showing.help = f"All that a reviewer looks at in the {subject} NUMBER, personal data included."
    withdrawing.help = f"Take back the {subject} NUMBER, which nobody has decided yet."
    removing.help = f"Let the {subject} NUMBER and its papers be gone."


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _without_images(form: Form) -> Any:
    """What was filled in."""
    builtin: Any = msgspec.to_builtins(form, builtin_types=(bytes,))
    for path in IMAGES[type(form)]:
        *above, name = path.split(".")
        branch = functools.reduce(dict.__getitem__, above, builtin)
        branch[name] = f"{len(branch[name])} bytes"
    return builtin


def _written(form: Form, directory: Path) -> Sequence[Path]:
    """Raises nothing: what cannot be written ends the command."""
    made = []
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in IMAGES[type(form)]:
            held: Any = form
            content: bytes = functools.reduce(getattr, path.split("."), held)
            if content:
                known = read_image(content)
                ending = known.format if known else "bin"
                file = directory / f"{path}.{ending}"
                descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as opened:
                    opened.write(content)
                made.append(file)
    except OSError as error:
        fail(f"{directory} cannot be written to: {error.strerror}. Name another directory.")
    return made
