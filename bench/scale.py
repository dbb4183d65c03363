"""What carries how much: the capacity model, checked against a simulated day.

`python -m bench.scale` takes a day of 1 000 million messages (lunch, evening, a minute of a flash sale, and a
provider that is away for half an hour at lunch) through three layouts of databases, each as large as the
model says that it must be, and prints what waited, for how long, and what was full first. The same seed
gives the same day. `--messages 20 --databases 1` asks of a smaller one.
"""

import argparse
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from bench.day import DAY_S, Cluster, Demand, Rates, Simulation, Told

RATES: Final = Rates(
    web=10_000,
    worker=10_000,
    accept_us=34.0,
    hand_over_us=48.0,
    receipt_us=16.0,
    log_bytes=2_800,
)
"""As measured by `bench.costs` and `bench.growth`; see docs/explanation/scale.md."""
STORED_BYTES: Final = 660.0
"""Of table and indexes, for a message that is over."""

_CURVE: Final = (
    # (hour, how much of the mean)
    (0.0, 0.35),
    (3.0, 0.10),
    (6.0, 0.25),
    (8.0, 0.90),
    (11.0, 1.20),
    (12.0, 2.00),
    (13.5, 1.40),
    (15.0, 1.10),
    (18.0, 1.40),
    (20.0, 2.10),
    (21.5, 1.80),
    (23.0, 0.90),
    (24.0, 0.35),
)
_SALE: Final = range(20 * 3_600, 20 * 3_600 + 60)
_SALE_TIMES: Final = 4.0
"""The minute of a flash sale brings so many times what that hour brings."""
_AWAY: Final = range(12 * 3_600, 12 * 3_600 + 1_800)
_FULL: Final = 0.7
"""Nothing is planned to be fuller than this in the busiest hour."""
_BRIM: Final = 0.9
"""Nor the door, where nobody may be turned away, in the minute of the sale."""
_MARGIN: Final = 1.5
"""Each provider alone takes so much more than the busiest hour brings."""


@dataclass(frozen=True)
class Machine:
    """What one database has: no larger than what was measured on two cores may be stretched to."""

    cores: float = 8.0
    log_mb_s: float = 200.0
    disk_tb: float = 4.0


def curve(messages: float) -> Callable[[int], float]:
    """Messages in each second of a day that brings so many."""
    parts = [_part(second) for second in range(DAY_S)]
    scale = messages / sum(parts)
    return lambda second: parts[second % DAY_S] * scale


def _part(second: int) -> float:
    hour = second / 3_600
    for (begins, low), (ends, high) in pairwise(_CURVE):
        if hour < ends:
            part = low + (high - low) * (hour - begins) / (ends - begins)
            return part * (_SALE_TIMES if second in _SALE else 1.0)
    raise AssertionError(hour)


@dataclass(frozen=True)
class Layout:
    """How messages are spread over databases."""

    name: str
    largest: float
    """The part of them that is one account's, and stays together; 0: even an account is spread."""
    tax: float = 1.0
    """What a message costs a database more than on a single one."""

    def shares(self, databases: int) -> list[float]:
        if databases == 1 or self.largest <= 1 / databases:
            return [1 / databases] * databases
        rest = (1 - self.largest) / (databases - 1)
        return [self.largest] + [rest] * (databases - 1)


def busiest(rate: Callable[[int], float]) -> float:
    """Messages a second of the busiest hour, without the minute of the sale."""
    return max(rate(second) for second in range(0, DAY_S, 60) if second not in _SALE)


@dataclass(frozen=True)
class Load:
    """What a day asks of a database that has all of it."""

    peak: float
    """Messages a second in the busiest hour,"""
    sale: float
    """and at the door in the minute of the sale."""
    stored: float
    """Messages that are kept."""

    def needs(self, rates: Rates, machine: Machine) -> dict[str, float]:
        """How many such machines, by what they would be full of."""
        work = rates.accept_us + rates.hand_over_us + rates.receipt_us
        sale = self.sale * rates.accept_us + self.peak * (work - rates.accept_us)
        return {
            "cores": max(self.peak * work / _FULL, sale / _BRIM) / (machine.cores * 1e6),
            "log": self.peak * rates.log_bytes / _FULL / (machine.log_mb_s * 1e6),
            "disk": self.stored * STORED_BYTES / _FULL / (machine.disk_tb * 1e12),
        }


def databases_for(
    load: Load, rates: Rates, layout: Layout, machine: Machine, most: int = 256
) -> tuple[int, str]:
    """The least number that is nowhere too full, and what makes it so many; 0 when none is enough."""
    needs = load.needs(rates, machine)
    reason = max(needs, key=lambda name: needs[name])
    for count in range(1, most + 1):
        share = max(layout.shares(count))
        # What an account keeps stays with it too.
        if max(needs["cores"] * layout.tax, needs["log"] * layout.tax, needs["disk"]) * share <= 1:
            return count, reason
    return 0, reason


def cluster_for(
    load: Load, rates: Rates, layout: Layout, databases: int, machine: Machine
) -> Cluster:
    """The door as wide as the sale needs it, all behind it as the busiest hour does."""
    return Cluster(
        webs=math.ceil(load.sale / (_BRIM * rates.web)),
        workers=math.ceil(load.peak / (_FULL * rates.worker)),
        shares=layout.shares(databases),
        cores=machine.cores,
        log_mb_s=machine.log_mb_s,
        providers=[_MARGIN * load.peak] * 2,
        tax=layout.tax,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--messages", type=float, default=1_000.0, help="millions a day (1000)")
    parser.add_argument("--kept", type=float, default=7.0, help="days that they are kept (7)")
    parser.add_argument("--databases", type=int, default=0, help="so many, rather than as needed")
    parser.add_argument("--webs", type=int, default=0, help="so many, rather than as needed")
    parser.add_argument("--workers", type=int, default=0, help="so many, rather than as needed")
    parser.add_argument("--largest", type=float, default=0.1, help="account's part of them (0.1)")
    parser.add_argument("--tax", type=float, default=2.0, help="of a distributed database (2)")
    parser.add_argument(
        "--margin", type=float, default=_MARGIN, help="each provider's, over the busiest hour (1.5)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def main() -> None:
    options = _parser().parse_args()
    messages, machine = options.messages * 1e6, Machine()
    rate = curve(messages)
    peak = busiest(rate)
    load = Load(peak, max(rate(second) for second in _SALE), messages * options.kept)
    found = []
    for layout in (
        Layout("one PostgreSQL", 0.0),
        Layout("a PostgreSQL for each part of the accounts", options.largest),
        Layout("one distributed PostgreSQL", options.largest, options.tax),
    ):
        needed, reason = databases_for(load, RATES, layout, machine)
        if not needed and not options.databases:
            raise SystemExit(f"The largest account alone fills a database's {reason}.")
        databases = 1 if layout.name == "one PostgreSQL" else options.databases or needed
        cluster = cluster_for(load, RATES, layout, databases, machine)
        cluster = replace(
            cluster,
            webs=options.webs or cluster.webs,
            workers=options.workers or cluster.workers,
            providers=[options.margin * load.peak] * 2,
        )
        told = Simulation(Demand(rate, away=_AWAY, seed=options.seed), RATES, cluster).run()
        found.append({"layout": layout.name, "because of": reason} | _figures(cluster, told))
    if options.json:
        print(json.dumps(found))
        return
    print(
        f"{options.messages:,.0f} million messages a day: {messages / DAY_S:,.0f} a second in the mean,"
        f" {peak:,.0f} in the busiest hour, {load.sale:,.0f} in the sale."
    )
    needs = load.needs(RATES, machine)
    print(
        f"As parts of a database of {machine.cores:.0f} cores, {machine.log_mb_s:.0f} MB/s of log and"
        f" {machine.disk_tb:.0f} TB: "
        + ", ".join(f"{name} {part:.2f}" for name, part in needs.items())
        + f" ({options.kept:g} days kept).\n"
    )
    for one in found:
        _print(one)


def _figures(cluster: Cluster, told: Told) -> dict[str, Any]:
    return {
        "databases": len(cluster.shares),
        "webs": cluster.webs,
        "workers": cluster.workers,
        "arrived": told.arrived,
        "handed_over": told.handed_over,
        "refused": told.refused,
        "expired": told.expired,
        "left": told.left,
        "deepest": told.deepest,
        "deepest_at": _clock(told.deepest_at),
        "delays_s": {
            kind: [told.percentile(kind, part) for part in (0.5, 0.99, 0.999, 1.0)]
            for kind in told.delays
        },
        "full": [(_clock(second), name) for second, name in told.first_full()],
        "use": {
            name: (round(use.total / told.seconds, 2), round(use.peak, 2))
            for name, use in told.uses.items()
        },
    }


def _print(one: dict[str, Any]) -> None:
    print(
        f"{one['layout']}: {one['databases']} (for its {one['because of']}), {one['webs']} web"
        f" processes, {one['workers']} workers"
    )
    print(
        f"  handed over {one['handed_over']:,} of {one['arrived']:,}; refused {one['refused']:,}; codes"
        f" that came too late {one['expired']:,}; still waiting at midnight {one['left']:,}"
    )
    print(f"  deepest line {one['deepest']:,} at {one['deepest_at']}")
    for kind, delays in one["delays_s"].items():
        told = ", ".join(
            f"{name} {_seconds(value)}"
            for name, value in zip(("p50", "p99", "p99.9", "longest"), delays, strict=True)
        )
        print(f"  waits of {kind}: {told}")
    full = ", ".join(f"{name} at {at}" for at, name in one["full"][:4]) or "nothing"
    print(f"  full: {full}")
    uses = _widest(one["use"])
    print(
        "  use (mean, most): " + ", ".join(f"{name} {a:.2f} {b:.2f}" for name, a, b in uses) + "\n"
    )


def _widest(use: dict[str, tuple[float, float]]) -> Sequence[tuple[str, float, float]]:
    """Of the databases only the fullest."""
    databases = {name: told for name, told in use.items() if name.startswith("database")}
    fullest = max(databases, key=lambda name: databases[name])
    return [(name, *told) for name, told in use.items() if name not in databases or name == fullest]


def _seconds(value: int) -> str:
    return f"{value} s" if value else "< 1 s"


def _clock(second: int) -> str:
    return f"{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}"


if __name__ == "__main__":
    main()
