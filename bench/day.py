"""A day of messages through a cluster, a second at a time: what waits where, for how long, and what is
full. The pure part of `bench.scale`; everything it knows of real machines it is told.

Each second brings messages (Poisson around the day's curve). They are accepted, stand in the line, are
handed over and get their receipts; each step takes its share of the web processes, the workers, the
databases and the providers, and what finds no room waits, oldest first. Verification texts are handed
over before others; at the door all wait alike, and where too many wait there the next is refused. A
provider that is away costs a hand-over of its own before the next one takes the text.
"""

import math
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

DAY_S: Final = 86_400
KINDS: Final = ("verification", "other")
LIFETIME_S: Final = 300
"""A code dies; a text that still waits is not sent."""
PATIENCE_S: Final = 8
"""A verification text that one provider has deferred is given up after so long."""
MOST_WAITING: Final = 20_000
"""Requests that one web process lets wait."""
_RECEIPTS: Final = ((3, 0.5), (10, 0.4), (60, 0.1))
"""(seconds after the hand-over, share): when networks tell."""
_FULL: Final = 0.999
"""Not quite 1: of what a shard gets, whole messages are served."""
_EXACT_BELOW: Final = 50.0


@dataclass(frozen=True)
class Rates:
    """What one core or one process does; see docs/explanation/scale.md for where they were measured."""

    web: float
    """Messages a second that one web process accepts."""
    worker: float
    """Messages a second that one worker hands over."""
    accept_us: float
    """Microseconds of a database's core for a message accepted,"""
    hand_over_us: float
    """claimed, begun and settled,"""
    receipt_us: float
    """and delivered."""
    log_bytes: float
    """That a database writes into its log for a message, in all."""


@dataclass(frozen=True)
class Cluster:
    """What there is."""

    webs: int
    workers: int
    shares: Sequence[float]
    """Of the messages, a database each."""
    cores: float
    """Of each database."""
    log_mb_s: float
    """That the disk of each takes."""
    providers: Sequence[float]
    """Messages a second that each takes. Each is the first choice for the same part of them."""
    tax: float = 1.0
    """What a message costs a database more than on a single one."""


@dataclass(frozen=True)
class Demand:
    """What comes in."""

    rate: Callable[[int], float]
    """Messages in a second of the day, in the mean."""
    seconds: int = DAY_S
    verification: float = 0.3
    """The part of them that are codes."""
    away: range = range(0)
    """When the first provider takes nothing."""
    seed: int = 1


@dataclass
class Line:
    """Who waits, oldest first, by the second in which they came."""

    _cohorts: deque[tuple[int, int]] = field(default_factory=deque)
    count: int = 0

    def add(self, born: int, count: int) -> None:
        if count:
            self._cohorts.append((born, count))
            self.count += count

    def take(self, most: int) -> list[tuple[int, int]]:
        """The oldest, at most so many, as (born, count)."""
        taken = []
        while most > 0 and self._cohorts:
            born, count = self._cohorts.popleft()
            if count > most:
                self._cohorts.appendleft((born, count - most))
                count = most
            taken.append((born, count))
            most -= count
            self.count -= count
        return taken

    def refuse(self, most: int) -> None:
        """Let go of the newest, at most so many."""
        while most > 0 and self._cohorts:
            born, count = self._cohorts.pop()
            if count > most:
                self._cohorts.append((born, count - most))
                count = most
            most -= count
            self.count -= count

    def drop_before(self, second: int) -> int:
        """Those that came before; how many."""
        dropped = 0
        while self._cohorts and self._cohorts[0][0] < second:
            dropped += self._cohorts.popleft()[1]
        self.count -= dropped
        return dropped


@dataclass
class Use:
    """How full a resource was."""

    total: float = 0.0
    peak: float = 0.0
    first_full: int | None = None

    def note(self, second: int, part: float) -> None:
        self.total += part
        self.peak = max(self.peak, part)
        if part >= _FULL and self.first_full is None:
            self.first_full = second


@dataclass
class Told:
    """What came of a day."""

    seconds: int = 0
    arrived: int = 0
    handed_over: int = 0
    refused: int = 0
    """At the door: too many waited."""
    expired: int = 0
    left: int = 0
    """Still waiting at the end."""
    waiting_seconds: float = 0.0
    """The sum, over the seconds, of how many waited at their end."""
    deepest: int = 0
    deepest_at: int = 0
    delays: Mapping[str, Counter[int]] = field(
        default_factory=lambda: {kind: Counter() for kind in KINDS}
    )
    """Seconds from request to hand-over → how many."""
    uses: dict[str, Use] = field(default_factory=dict)

    def percentile(self, kind: str, part: float) -> int:
        """Whole seconds that this part of a kind waited at most."""
        delays = self.delays[kind]
        wanted = math.ceil(part * delays.total())
        passed = 0
        for seconds in sorted(delays):
            passed += delays[seconds]
            if passed >= wanted:
                return seconds
        return 0

    def first_full(self) -> list[tuple[int, str]]:
        """What was full, in the order in which it came to be."""
        found = [(use.first_full, name) for name, use in self.uses.items()]
        return sorted((second, name) for second, name in found if second is not None)


class Simulation:
    """One run. `run` it once."""

    def __init__(self, demand: Demand, rates: Rates, cluster: Cluster) -> None:
        self._demand = demand
        self._rates = rates
        self._cluster = cluster
        self._chance = random.Random(demand.seed)
        self._told = Told()
        shards = range(len(cluster.shares))
        self._coming = [{kind: Line() for kind in KINDS} for _ in shards]
        self._line = [{kind: Line() for kind in KINDS} for _ in shards]
        self._receipts = [deque([0.0] * (_RECEIPTS[-1][0] + 1)) for _ in shards]

    def run(self) -> Told:
        for second in range(self._demand.seconds):
            self._arrive(second)
            self._expire(second)
            self._serve(second)
            self._note(second)
        self._told.seconds = self._demand.seconds
        self._told.left = self._waiting()
        return self._told

    def _arrive(self, second: int) -> None:
        rate = self._demand.rate(second)
        parts = (self._demand.verification, 1.0 - self._demand.verification)
        for shard, share in enumerate(self._cluster.shares):
            for kind, part in zip(KINDS, parts, strict=True):
                count = poisson(rate * share * part, self._chance)
                self._coming[shard][kind].add(second, count)
                self._told.arrived += count

    def _serve(self, second: int) -> None:
        """Give everybody what there is; where a database has too little, all it is asked for shrinks
        alike.
        """
        rates, cluster = self._rates, self._cluster
        away = second in self._demand.away
        tries = self._tries(away=away)
        coming = [sum(line.count for line in one.values()) for one in self._coming]
        accepts = _within(coming, rates.web * cluster.webs)
        ready = [
            sum(line.count for line in one.values()) + accept
            for one, accept in zip(self._line, accepts, strict=True)
        ]
        providers = self._room(away=away)
        room = min(rates.worker * cluster.workers / tries, providers)
        hand_overs = _within(ready, room)
        handed_over = 0
        for shard, (accept, hand_over) in enumerate(zip(accepts, hand_overs, strict=True)):
            receipts = self._receipts[shard].popleft()
            self._receipts[shard].append(0.0)
            needed = self._needed(accept, hand_over * tries, receipts)
            shrunk = min(1.0, 1.0 / needed) if needed else 1.0
            self._receipts[shard][0] += receipts * (1.0 - shrunk)
            self._accept(shard, _share(accept, shrunk))
            handed_over += self._hand_over(shard, second, _share(hand_over, shrunk))
            self._use(f"database {shard + 1}", second, needed)
        self._use("webs", second, sum(coming) / (rates.web * cluster.webs))
        self._use("workers", second, handed_over * tries / (rates.worker * cluster.workers))
        self._use("providers", second, handed_over / providers if providers else float(any(ready)))

    def _tries(self, *, away: bool) -> float:
        """Hand-overs that a message takes."""
        return 1.0 + (1.0 / len(self._cluster.providers) if away else 0.0)

    def _room(self, *, away: bool) -> float:
        """What the providers take. One that others must stand in for is missing; otherwise a part of
        the messages waits for the slowest.
        """
        providers = self._cluster.providers
        if away:
            return min(providers[1:], default=0.0) * len(providers[1:])
        return min(providers) * len(providers)

    def _needed(self, accepts: float, hand_overs: float, receipts: float) -> float:
        """The part of a database that this takes; above 1 it is too much."""
        rates, cluster = self._rates, self._cluster
        work = accepts * rates.accept_us + hand_overs * rates.hand_over_us
        work += receipts * rates.receipt_us
        log = (accepts + hand_overs + receipts) / 3 * rates.log_bytes
        return max(work * cluster.tax / (cluster.cores * 1e6), log / (cluster.log_mb_s * 1e6))

    def _accept(self, shard: int, most: int) -> None:
        """As they came, whatever they are."""
        coming = self._coming[shard]
        total = sum(line.count for line in coming.values())
        part = most / total if total else 0.0
        for kind in KINDS:
            share = min(round(coming[kind].count * part), most)
            for born, count in coming[kind].take(share):
                self._line[shard][kind].add(born, count)
                most -= count
        bound = MOST_WAITING * self._cluster.webs * self._cluster.shares[shard]
        self._refuse(shard, bound)

    def _refuse(self, shard: int, bound: float) -> None:
        coming = self._coming[shard]
        waiting = sum(line.count for line in coming.values())
        for line in coming.values():
            surplus = round(line.count * (1.0 - bound / waiting)) if waiting > bound else 0
            line.refuse(surplus)
            self._told.refused += surplus

    def _hand_over(self, shard: int, second: int, most: int) -> int:
        before = most
        for kind in KINDS:
            for born, count in self._line[shard][kind].take(most):
                self._told.delays[kind][second - born] += count
                most -= count
        count = before - most
        for after, share in _RECEIPTS:
            self._receipts[shard][after - 1] += count * share
        self._told.handed_over += count
        return count

    def _expire(self, second: int) -> None:
        life = PATIENCE_S if second in self._demand.away else LIFETIME_S
        for one in self._line:
            self._told.expired += one["verification"].drop_before(second - life + 1)

    def _use(self, name: str, second: int, part: float) -> None:
        part = min(part, 1.0)
        self._told.uses.setdefault(name, Use()).note(second, part)

    def _note(self, second: int) -> None:
        waiting = self._waiting()
        self._told.waiting_seconds += waiting
        if waiting > self._told.deepest:
            self._told.deepest, self._told.deepest_at = waiting, second

    def _waiting(self) -> int:
        lines = (*self._coming, *self._line)
        return sum(line.count for one in lines for line in one.values())


def poisson(mean: float, chance: random.Random) -> int:
    """How many come where so many come in the mean; for many, by the bell curve."""
    if mean >= _EXACT_BELOW:
        return max(round(chance.gauss(mean, math.sqrt(mean))), 0)
    bound, product, count = math.exp(-mean), chance.random(), 0
    while product > bound:
        product *= chance.random()
        count += 1
    return count


def _within(wanted: Sequence[float], most: float) -> list[float]:
    """As much of each, when there is not enough for all."""
    total = sum(wanted)
    part = min(1.0, most / total) if total else 1.0
    return [one * part for one in wanted]


def _share(count: float, part: float) -> int:
    return int(count * part + 1e-6)
