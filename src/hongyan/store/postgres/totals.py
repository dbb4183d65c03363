"""Daily totals of apps that have caps: held still before a batch counts in them or gives back to them."""

from collections.abc import Iterable, Mapping

from hongyan.core.daily import Total
from hongyan.store.postgres.unit import GuardBroken, Unit
from hongyan.store.queries.postgres import SQL


async def locked_totals(unit: Unit, totals: Iterable[Total], *, make: bool) -> dict[Total, int]:
    """What stands in each, under its lock; with `make`, in each of them there is a row then."""
    wanted = sorted(totals)
    found = await _locked(unit, wanted)
    if make and len(found) < len(wanted):
        await unit.run(SQL["make_totals"], [one for one in wanted if one not in found])
        found = await _locked(unit, wanted)
    return found


async def add_to_totals(unit: Unit, counted: Mapping[Total, int]) -> None:
    """Below 0: give back."""
    rows = sorted(counted.items())
    if await unit.run(SQL["add_to_totals"], *zip(*rows, strict=True)) != len(rows):
        raise GuardBroken("A daily total was counted that had not been locked.")


async def _locked(unit: Unit, wanted: list[Total]) -> dict[Total, int]:
    return {row["total"]: row["sent"] for row in await unit.rows(SQL["lock_totals"], wanted)}
