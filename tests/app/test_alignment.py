"""The clock that goes by the database's: never backwards, whatever either machine's clock does."""

import asyncio
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.app import alignment, clock
from hongyan.app.alignment import align_forever, readings
from hongyan.app.clock import AlignedClock, Reading
from hongyan.core.time import HOUR, MINUTE, SECOND
from hongyan.store.opening import StoreAway

NOON = 1_795_233_600_000
NANOS = 1_000_000


@dataclass
class Machine:
    """This machine's monotonic clock and the database's, in milliseconds."""

    uptime: int = 5_000
    database: int = NOON

    def monotonic_ns(self) -> int:
        return self.uptime * NANOS

    def pass_by(self, span: int) -> None:
        self.uptime += span
        self.database += span

    def reading(self, there: int = 0, back: int = 0) -> Reading:
        """One that takes so long on its ways."""
        asked = self.monotonic_ns()
        self.pass_by(there)
        told = self.database * NANOS
        self.pass_by(back)
        return Reading(asked, told, self.monotonic_ns())


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    monkeypatch.setattr(clock, "time", found)
    return found


def test_it_tells_the_databases_time_and_goes_on_by_itself(machine: Machine) -> None:
    aligned = AlignedClock([machine.reading()])
    assert aligned() == NOON
    machine.pass_by(HOUR)
    assert aligned() == NOON + HOUR


def test_the_reading_that_took_least_is_believed(machine: Machine) -> None:
    found = [machine.reading(there=400), machine.reading(there=1, back=1), machine.reading(back=90)]
    assert AlignedClock(found)() == machine.database


def test_a_reading_is_good_to_half_of_its_time(machine: Machine) -> None:
    assert abs(AlignedClock([machine.reading(there=100)])() - machine.database) == 50


@pytest.mark.parametrize("drift", [-300, -7, 7, 300])
def test_what_it_is_off_by_is_made_up_for_slowly(machine: Machine, drift: int) -> None:
    aligned = AlignedClock([machine.reading()])
    machine.database += drift
    before = aligned()
    assert aligned.learn([machine.reading()]) == drift
    assert aligned() == before
    machine.pass_by(10 * abs(drift) // 2)
    assert abs(machine.database - aligned()) == pytest.approx(abs(drift) / 2, abs=1)
    machine.pass_by(10 * abs(drift))
    assert aligned() == machine.database


def test_a_database_that_is_set_forward_is_followed_at_once(machine: Machine) -> None:
    aligned = AlignedClock([machine.reading()])
    machine.database += HOUR
    aligned.learn([machine.reading()])
    assert aligned() == NOON + HOUR


def test_a_database_that_is_set_back_is_waited_for(machine: Machine) -> None:
    aligned = AlignedClock([machine.reading()])
    machine.database -= MINUTE
    assert aligned.learn([machine.reading()]) == -MINUTE
    assert aligned() == NOON
    machine.pass_by(MINUTE)
    assert aligned() == NOON + MINUTE - MINUTE // 10
    machine.pass_by(10 * MINUTE)
    assert aligned() == machine.database


@given(
    st.lists(
        st.tuples(
            st.integers(-2 * MINUTE, 2 * MINUTE),
            st.lists(st.integers(0, 40 * SECOND), max_size=4),
            st.integers(0, SECOND),
        )
    )
)
def test_it_never_runs_backwards(steps: list[tuple[int, list[int], int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        machine = Machine()
        patch.setattr(clock, "time", machine)
        aligned = AlignedClock([machine.reading()])
        seen = [aligned()]
        for drift, spans, way in steps:
            machine.database += drift
            aligned.learn([machine.reading(there=way)])
            seen.append(aligned())
            for span in spans:
                machine.pass_by(span)
                seen.append(aligned())
    assert all(earlier <= later for earlier, later in pairwise(seen))


async def test_the_database_is_asked_several_times() -> None:
    async def ask() -> int:
        return NOON * 1_000

    found = await readings(ask)
    assert [one.told for one in found] == [NOON * NANOS] * alignment.READINGS
    assert all(one.asked <= one.answered for one in found)


async def test_a_database_that_is_away_is_asked_again() -> None:
    asked, heard = 0, asyncio.Event()

    async def look() -> list[Reading]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise StoreAway("It is away.")
        heard.set()
        return [Reading(0, NOON * NANOS, 0)]

    aligned = AlignedClock([Reading(0, NOON * NANOS, 0)])
    task = asyncio.create_task(align_forever(aligned, look, every_s=0))
    await heard.wait()
    task.cancel()
    assert asked >= 2
