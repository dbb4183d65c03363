"""The clock of a process: never backwards, forwards with the wall."""

import time
from dataclasses import dataclass

import pytest

from hongyan.app import clock
from hongyan.app.clock import SteadyClock
from hongyan.core.time import HOUR, SECOND

NOON = 1_795_233_600_000
NANOS = 1_000_000


@dataclass
class Machine:
    """The two clocks of a machine, in milliseconds."""

    wall: int = NOON
    uptime: int = 5_000

    def time_ns(self) -> int:
        return self.wall * NANOS

    def monotonic_ns(self) -> int:
        return self.uptime * NANOS

    def pass_by(self, span: int) -> None:
        self.wall += span
        self.uptime += span


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    monkeypatch.setattr(clock, "time", found)
    return found


def test_a_clock_tells_the_walls_time() -> None:
    assert abs(SteadyClock()() - time.time_ns() // NANOS) < SECOND


def test_a_clock_goes_on_with_the_wall(machine: Machine) -> None:
    steady = SteadyClock()
    machine.pass_by(HOUR)
    assert steady() == NOON + HOUR


@pytest.mark.parametrize("followed", [False, True])
def test_a_wall_that_is_set_back_is_not_followed(machine: Machine, followed: bool) -> None:
    steady = SteadyClock()
    machine.wall -= HOUR
    if followed:
        steady.follow()
    assert steady() == NOON
    machine.pass_by(SECOND)
    assert steady() == NOON + SECOND


def test_a_wall_that_is_set_forward_is_followed(machine: Machine) -> None:
    steady = SteadyClock()
    machine.wall += HOUR
    assert steady() == NOON
    steady.follow()
    assert steady() == NOON + HOUR


def test_drift_is_not_followed(machine: Machine) -> None:
    steady = SteadyClock()
    machine.wall += SECOND
    steady.follow()
    assert steady() == NOON


def test_the_next_start_believes_the_wall_again(machine: Machine) -> None:
    steady = SteadyClock()
    machine.wall -= HOUR
    steady.follow()
    assert SteadyClock()() == NOON - HOUR
