"""The simulation of a day agrees with what is known of queues."""

import random
from dataclasses import replace

import pytest
from bench.day import KINDS, Cluster, Demand, Line, Rates, Simulation, Told, poisson
from bench.scale import RATES as RATES_MEASURED
from bench.scale import Layout, Load, Machine, busiest, cluster_for, curve, databases_for

RATES = Rates(web=1e9, worker=1e9, accept_us=40, hand_over_us=50, receipt_us=10, log_bytes=1_000)
WIDE = Cluster(webs=1, workers=1, shares=[1.0], cores=1e6, log_mb_s=1e9, providers=[1e9, 1e9])
"""Where nothing is ever full."""


def run(demand: Demand, rates: Rates = RATES, cluster: Cluster = WIDE) -> Told:
    told = Simulation(demand, rates, cluster).run()
    delayed = sum(told.delays[kind].total() for kind in KINDS)
    assert told.arrived == told.handed_over + told.refused + told.expired + told.left
    assert told.handed_over == delayed
    return told


def mean_delay(told: Told) -> float:
    waits = sum(delay * count for one in told.delays.values() for delay, count in one.items())
    return waits / told.handed_over


def steady(rate: float, seconds: int, **more: object) -> Demand:
    return replace(Demand(lambda _second: rate, seconds, verification=0.0), **more)  # type: ignore[arg-type]


def test_where_there_is_room_nobody_waits() -> None:
    told = run(Demand(lambda _second: 500.0, 1_000))
    assert told.waiting_seconds == 0
    assert told.percentile("verification", 0.999) == 0
    assert told.arrived == pytest.approx(500_000, rel=0.01)


def test_a_database_is_as_full_as_its_work_says() -> None:
    """Utilisation is rate times work, once receipts come as fast as messages."""
    told = run(steady(6_000, 2_000), cluster=replace(WIDE, cores=1.0))
    mean = told.uses["database 1"].total / told.seconds
    assert mean == pytest.approx(6_000 * (40 + 50 + 10) / 1e6, rel=0.01)


def test_its_log_fills_it_too() -> None:
    told = run(steady(6_000, 2_000), cluster=replace(WIDE, log_mb_s=10.0))
    mean = told.uses["database 1"].total / told.seconds
    assert mean == pytest.approx(6_000 * 1_000 / 10e6, rel=0.01)


@pytest.mark.parametrize("rate", [0.5, 0.7, 0.8])
def test_a_line_is_as_long_as_the_formula_says(rate: float) -> None:
    """Poisson arrivals, one served a second (M/D/1): rate² / 2(1 - rate) wait in the mean."""
    told = run(steady(rate, 40_000), cluster=replace(WIDE, providers=[1.0]))
    expected = rate**2 / (2 * (1 - rate))
    assert told.waiting_seconds / told.seconds == pytest.approx(expected, rel=0.1)


def test_who_waits_is_rate_times_wait() -> None:
    """Little's law."""
    told = run(steady(8.0, 20_000), cluster=replace(WIDE, providers=[9.0]))
    in_line = told.waiting_seconds / told.seconds
    rate = told.handed_over / told.seconds
    assert in_line == pytest.approx(rate * mean_delay(told), rel=0.01)
    assert in_line > 1


def test_too_much_piles_up_and_is_worked_off() -> None:
    """(arriving - served) x time; then that much over (served - arriving)."""

    def rate(second: int) -> float:
        return 3_000.0 if second < 100 else 1_000.0

    told = run(Demand(rate, 400, verification=0.0), cluster=replace(WIDE, providers=[2_000.0]))
    assert told.deepest == pytest.approx(100 * 1_000, rel=0.02)
    assert told.deepest_at in range(97, 103)
    assert told.left < 1_000
    assert max(told.delays["other"]) == pytest.approx(50, abs=3)


def test_codes_go_first() -> None:
    demand = Demand(lambda second: 3_000.0 if second < 100 else 500.0, 400)
    told = run(demand, cluster=replace(WIDE, providers=[2_000.0]))
    assert told.percentile("verification", 1.0) == 0
    assert told.percentile("other", 0.99) > 30


def test_at_the_door_all_wait_alike_and_the_next_is_refused() -> None:
    demand = Demand(lambda _second: 30_000.0, 60)
    told = run(demand, replace(RATES, web=10_000.0))
    assert told.refused == pytest.approx(60 * 20_000 - 20_000, rel=0.02)
    assert told.left == pytest.approx(20_000, rel=0.01)
    assert told.percentile("verification", 0.5) == told.percentile("other", 0.5) == 2


def test_codes_that_come_too_late_are_not_sent() -> None:
    demand = replace(steady(100, 1_000), verification=1.0)
    told = run(demand, cluster=replace(WIDE, providers=[50.0]))
    assert max(told.delays["verification"]) < 300
    assert told.expired == pytest.approx(50 * 400, rel=0.05)


def test_a_provider_that_is_away_costs_tries_and_room() -> None:
    cluster = replace(WIDE, cores=1.0, providers=[2_000.0, 1_500.0])
    demand = steady(1_000, 1_000, away=range(400, 600))
    busy = run(demand, cluster=cluster)
    quiet = run(steady(1_000, 1_000), cluster=cluster)
    assert busy.left == quiet.left == 0
    more = busy.uses["database 1"].total - quiet.uses["database 1"].total
    assert more == pytest.approx(200 * 1_000 * 0.5 * 50 / 1e6, rel=0.05)
    narrow = run(demand, cluster=replace(cluster, providers=[2_000.0, 600.0]))
    assert narrow.deepest == pytest.approx(200 * 400, rel=0.03)


def test_what_is_full_first_is_named_first() -> None:
    demand = Demand(float, 3_000, verification=0.0)
    cluster = replace(WIDE, providers=[2_000.0], webs=1)
    told = run(demand, replace(RATES, web=1_500.0), cluster)
    (second, name), *_ = told.first_full()
    assert name == "webs"
    assert second == pytest.approx(1_500, rel=0.1)


def test_a_large_account_fills_its_database() -> None:
    even = replace(WIDE, shares=[0.5, 0.5], cores=1.0)
    skewed = replace(even, shares=[0.8, 0.2])
    assert run(steady(14_000, 300), cluster=even).left == 0
    told = run(steady(14_000, 300), cluster=skewed)
    assert told.left + told.refused > 100_000
    assert [name for _, name in told.first_full()] == ["database 1"]


def test_the_same_seed_is_the_same_day() -> None:
    demand = Demand(lambda second: 100.0 + second % 60, 600, seed=7)
    cluster = replace(WIDE, providers=[120.0])
    assert run(demand, cluster=cluster) == run(demand, cluster=cluster)
    assert run(demand, cluster=cluster) != run(replace(demand, seed=8), cluster=cluster)


def test_a_line_is_first_come_first_served() -> None:
    line = Line()
    for born, count in ((1, 5), (2, 0), (3, 7)):
        line.add(born, count)
    assert line.take(6) == [(1, 5), (3, 1)]
    assert (line.count, line.drop_before(3), line.drop_before(4)) == (6, 0, 6)
    assert line.take(1) == []


def test_a_line_lets_go_of_the_newest_first() -> None:
    line = Line()
    line.add(1, 5)
    line.add(2, 3)
    line.refuse(4)
    assert (line.count, line.take(9)) == (4, [(1, 4)])


@pytest.mark.parametrize("mean", [0.0, 0.3, 5.0, 49.0, 400.0])
def test_arrivals_have_their_mean_and_spread(mean: float) -> None:
    chance = random.Random(3)
    found = [poisson(mean, chance) for _ in range(20_000)]
    average = sum(found) / len(found)
    spread = sum((one - average) ** 2 for one in found) / len(found)
    assert average == pytest.approx(mean, rel=0.03)
    assert spread == pytest.approx(mean, rel=0.05)


# The model.


def test_the_curve_brings_a_days_messages() -> None:
    rate = curve(1e6)
    assert sum(rate(second) for second in range(86_400)) == pytest.approx(1e6)
    assert busiest(rate) < rate(20 * 3_600)


def test_databases_are_counted_by_what_fills_them_first() -> None:
    rates = replace(RATES, log_bytes=1.0)
    machine = Machine(cores=1.0, log_mb_s=1e9, disk_tb=1e9)
    # 100 µs a message: 6,900 a second are 0.69 of a core, and 0.7 is the bound.
    load = Load(peak=6_900, sale=0, stored=0)
    assert databases_for(load, rates, Layout("", 0.0), machine) == (1, "cores")
    assert databases_for(replace(load, peak=7_100), rates, Layout("", 0.0), machine)[0] == 2
    assert databases_for(load, rates, Layout("", 0.0, tax=2.0), machine)[0] == 2
    full = replace(load, stored=1e12)
    assert databases_for(full, rates, Layout("", 0.0), replace(machine, disk_tb=1.0))[1] == "disk"


def test_no_number_of_databases_helps_an_account_that_fills_one() -> None:
    machine = Machine(cores=1.0, log_mb_s=1e9, disk_tb=1e9)
    load = Load(peak=69_000, sale=0, stored=0)
    assert databases_for(load, RATES, Layout("", 0.05), machine)[0] == 10
    assert databases_for(load, RATES, Layout("", 0.2), machine)[0] == 0


def test_what_the_model_plans_is_enough_in_the_simulation() -> None:
    """For an hour around the sale."""
    rate, machine, layout = curve(1e9), Machine(), Layout("", 0.1)
    load = Load(busiest(rate), rate(20 * 3_600 + 59), 0)
    count, _ = databases_for(load, RATES_MEASURED, layout, machine)
    cluster = cluster_for(load, RATES_MEASURED, layout, count, machine)
    told = run(Demand(lambda second: rate(70_200 + second), 3_600), RATES_MEASURED, cluster)
    assert (told.refused, told.expired, told.left) == (0, 0, 0)
    assert told.percentile("verification", 1.0) == 0
