"""`app frequency`, `app hours` and `app caps`: how often, when and how much an app may text."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec
import rich_click as click

from hongyan.app import development
from hongyan.app.place import Place
from hongyan.cli.desk import NONE, changed_app, found_app, known_countries, opened, operating
from hongyan.cli.show import as_json, fail, show_row
from hongyan.cli.where import place_option
from hongyan.core import daily
from hongyan.core.daily import Caps
from hongyan.core.frequency import DOCUMENTED, LIVE, Frequency
from hongyan.core.hours import ALWAYS, LAWFUL, Hours
from hongyan.core.limit import MOST_EVENTS
from hongyan.core.phone import MAINLAND
from hongyan.service import enrol

PRESETS: Final = {"documented": DOCUMENTED, "live": LIVE}
_HOURS: Final = re.compile(r"(\d{2}):([0-5]\d)-(\d{2}):([0-5]\d)", re.ASCII)
_MOST: Final = click.IntRange(0, MOST_EVENTS)
_MOST_A_DAY: Final = click.IntRange(0, daily.MOST)
_OF_COUNTRY: Final = re.compile(r"([A-Z]{2})=(\d{1,10})", re.ASCII)


@click.command("frequency")
@click.argument("name")
@click.option("--preset", type=click.Choice(list(PRESETS)), default=None, help="All at once.")
@click.option("--same-30s", "same_per_30s", type=_MOST, default=None, help="Of one text in 30 s.")
@click.option("--same-day", "same_per_day", type=_MOST, default=None, help="Of one text a day.")
@click.option("--minute", "per_minute", type=_MOST, default=None, help="Texts a minute.")
@click.option("--hour", "per_hour", type=_MOST, default=None, help="Texts an hour.")
@click.option("--day", "per_day", type=_MOST, default=None, help="Texts a day.")
@place_option
@as_json
@operating
def app_frequency(name: str, preset: str | None, place: Place, **values: int | None) -> None:
    """Bound what NAME may send to one number; 0 for no such bound. What is not given stays.

    `documented`: one text in 30 s, one a minute, 30 a day. `live`: one text in 30 s, 10 a day. Days are
    those of Beijing. Bounds that `app limit --number` has set are replaced.
    """
    given = {field: most for field, most in values.items() if most is not None}
    if not given and preset is None:
        fail("Give a --preset or a number.")
    with opened(place) as administering, administering.together():
        one = found_app(administering.directory(), name)
        before = PRESETS[preset] if preset else enrol.frequency_of(one)
        frequency: Frequency = msgspec.structs.replace(before, **given)
        row = changed_app(administering, enrol.limited(one, frequency))
    show_row(row)


@click.command("hours")
@click.argument("name")
@click.argument("hours", metavar="HH:MM-HH:MM")
@place_option
@as_json
@operating
def app_hours(name: str, hours: str, place: Place) -> None:
    """Let NAME send marketing within these hours of Beijing only: narrower than 08:00-22:00, as the law
    has it, never wider.
    """
    match = _HOURS.fullmatch(hours)
    if match is None:
        fail(f"{hours}: write the hours as 09:00-21:00.")
    opens, opens_min, closes, closes_min = map(int, match.groups())
    try:
        wanted = Hours(opens * 60 + opens_min, closes * 60 + closes_min)
    except ValueError as error:
        fail(f"{hours}: {error}")
    with opened(place) as administering, administering.together():
        known = administering.directory()
        # In development one may want to see a text arrive at night.
        widest = ALWAYS if development.APP in known.apps else LAWFUL
        if not wanted.is_within(widest):
            fail(f"{hours}: marketing may be sent from 08:00 to 22:00; only less can be chosen.")
        one = msgspec.structs.replace(found_app(known, name), hours=wanted)
        row = changed_app(administering, one)
    show_row(row)


@click.command("caps")
@click.argument("name")
@click.option("--all", "in_all", type=_MOST_A_DAY, default=None, help="Texts a day in all.")
@click.option("--mainland", type=_MOST_A_DAY, default=None, help="To mainland China.")
@click.option("--abroad", type=_MOST_A_DAY, default=None, help="To everywhere else.")
@click.option("--country", "each", multiple=True, help="To one, as HK=500; repeatable.")
@click.option("--never", multiple=True, help="A country never to be texted; repeatable, or none.")
@place_option
@as_json
@operating
def app_caps(
    name: str, each: Sequence[str], never: Sequence[str], place: Place, **totals: int | None
) -> None:
    """Bound what NAME may send in a day of Beijing; 0 for no such bound. What is not given stays.

    All its texts count, those of verifications too; one that is surely not sent is given back. The
    countries of --never replace those that were named before.
    """
    changes: dict[str, object] = {what: most for what, most in totals.items() if most is not None}
    if not changes and not each and not never:
        fail("Give a number, a --country or a country that is --never texted.")
    if never:
        changes["never"] = frozenset() if tuple(never) == NONE else known_countries(never)
    with opened(place) as administering, administering.together():
        one = found_app(administering.directory(), name)
        caps: Caps = msgspec.structs.replace(one.caps, **changes)
        countries = dict(caps.countries) | dict(map(_of_country, each))
        kept = tuple(sorted((code, most) for code, most in countries.items() if most))
        caps = msgspec.structs.replace(caps, countries=kept)
        row = changed_app(administering, msgspec.structs.replace(one, caps=caps))
    show_row(row)


def _of_country(written: str) -> tuple[str, int]:
    match = _OF_COUNTRY.fullmatch(written)
    if match is None:
        fail(f"--country {written}: write its two letters and the most a day, as HK=500.")
    [country] = known_countries([match[1]])
    if country == MAINLAND:
        fail("--country CN: give that as --mainland.")
    most = int(match[2])
    if most > daily.MOST:
        fail(f"--country {written}: {daily.MOST} a day are the most.")
    return country, most
