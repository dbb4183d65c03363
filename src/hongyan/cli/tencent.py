"""`app tencent`: what an app is in Tencent Cloud's protocol."""

from collections.abc import Sequence
from typing import Any

import msgspec
import rich_click as click

from hongyan.app.place import Place
from hongyan.cli.bounds import PRESETS
from hongyan.cli.desk import NONE, changed_app, found_app, opened_now, operating
from hongyan.cli.show import as_json, fail, show_row
from hongyan.cli.where import place_option
from hongyan.core.phone import COUNTRIES, canonical
from hongyan.core.time import DAY, Millis
from hongyan.service import enrol
from hongyan.service.directory import App, Directory, Review

_TEST_DAYS = 7
_MOST_TEST_DAYS = 90
_MOST_TEST_NUMBERS = 20


@click.command("tencent")
@click.argument("name")
@click.option("--sdk-app-id", default="", help="Ten digits; made when not given.")
@click.option(
    "--frequency",
    type=click.Choice(list(PRESETS)),
    default="documented",
    show_default=True,
    help="Its limits at first; see `app frequency`.",
)
@click.option(
    "--pulls/--no-pulls", default=None, help="Whether results and replies wait to be pulled."
)
@click.option("--test-template", default=None, help="A template in review, by name, or none.")
@click.option("--test-number", "numbers", multiple=True, help="Who may get it; repeatable.")
@click.option(
    "--test-days",
    type=click.IntRange(1, _MOST_TEST_DAYS),
    default=_TEST_DAYS,
    show_default=True,
    help="For how long, from now.",
)
@place_option
@as_json
@operating
def app_tencent(
    name: str,
    sdk_app_id: str,
    frequency: str,
    pulls: bool | None,
    test_template: str | None,
    numbers: Sequence[str],
    test_days: int,
    place: Place,
) -> None:
    """Make NAME known to Tencent's protocol under an SdkAppId, or change what it is there.

    A test template goes to the test numbers alone, before its review is over. Calls are signed by a key
    of the account: see `secret-key`.
    """
    if (test_template in (None, "none")) == bool(numbers):
        fail("--test-template and --test-number go together.")
    with opened_now(place) as (administering, now), administering.together():
        one = found_app(administering.directory(), name)
        if one.tencent is None:
            enrol.enrol_tencent(administering, one, PRESETS[frequency], sdk_app_id)
            one = administering.directory().apps[one.name]
        elif sdk_app_id:
            fail(f"{one.name} has an SdkAppId already.")
        changes: dict[str, Any] = {} if pulls is None else {"pulls": pulls}
        if test_template is not None:
            known = administering.directory()
            until = now + test_days * DAY
            changes |= _tried(known, one, test_template, numbers, until)
        assert one.tencent is not None  # noqa: S101 - enrolled above
        profile = msgspec.structs.replace(one.tencent, **changes)
        row = changed_app(administering, msgspec.structs.replace(one, tencent=profile))
    show_row(row)


def _tried(
    directory: Directory, one: App, template: str, numbers: Sequence[str], until: Millis
) -> dict[str, Any]:
    if (template,) == NONE:
        return {"test_template": "", "test_numbers": frozenset(), "test_until": 0}
    known = [
        found
        for found in directory.template_ids.values()
        if (found.account, found.name) == (one.account.id, template)
        and found.review is not Review.REJECTED
    ]
    if not known:
        fail(f"There is no template {template} that could be tried.")
    if len(numbers) > _MOST_TEST_NUMBERS:
        fail(f"--test-number: {_MOST_TEST_NUMBERS} at most.")
    who = frozenset(canonical(number, COUNTRIES) for number in numbers)
    return {"test_template": template, "test_numbers": who, "test_until": until}
