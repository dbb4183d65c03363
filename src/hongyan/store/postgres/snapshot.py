"""The snapshot of a batch: what its commands ask of the store, held still where it must be."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import asyncpg
import msgspec

from hongyan.core.command import Approved, Command, Keepable, Kept, Started
from hongyan.core.daily import Total
from hongyan.core.identifier import MemberId, MessageId, VerificationId
from hongyan.core.mark import Mark
from hongyan.core.time import DAY, HOUR, Millis
from hongyan.core.verification import Verification
from hongyan.store.postgres.keys import Keys, keys_of, named
from hongyan.store.postgres.totals import locked_totals
from hongyan.store.postgres.unit import Unit
from hongyan.store.queries.postgres import SQL
from hongyan.store.rows import verification_of, verification_with
from hongyan.store.seal import Seal

_decode_answer: Final = msgspec.msgpack.Decoder(Keepable).decode


class LoadedSnapshot:
    """See `core.draft.Snapshot`. Whoever asks for a limit or a total that was not loaded gets a KeyError: what a
    command reads and what `keys` says of it must be the same.
    """

    def __init__(self, keys: Keys, now: Millis) -> None:
        self.keys = keys
        self._now = now
        self.stored: dict[Mark, bytes] = {}
        """Limits that may count and have a row already: what stands in it."""
        self.histories: dict[Mark, int] = dict.fromkeys(keys.counted | keys.looked_at, 0)
        self.totals: dict[Total, int] = {cap.total(now): 0 for cap in keys.caps}
        self.balances: dict[int, int] = {}
        self.answers: dict[Mark, Kept] = {}
        self.outdated: set[Mark] = set()
        """Keys under which an answer of more than a day ago is still kept."""
        self.references: dict[Mark, MessageId] = {}
        self.currents: dict[Mark, VerificationId] = {}
        self.members: dict[Mark, MemberId] = {}
        self.openids: set[tuple[Mark, Mark]] = set()
        self.verifications: dict[VerificationId, Verification] = {}
        self.opt_outs: set[Mark] = set()
        self.history = self.histories.__getitem__
        self.total = self.totals.__getitem__
        self.kept = self.answers.get
        self.reference = self.references.get
        self.current = self.currents.get
        self.member = self.members.get
        self.verification = self.verifications.get
        self.opted_out = self.opt_outs.__contains__

    def balance(self, account: int) -> int:
        return self.balances.get(account, 0)

    def knows(self, phone: Mark, openid: Mark) -> bool:
        return (phone, openid) in self.openids

    def take(self, row: "asyncpg.Record") -> None:
        """One row of the query `look`."""
        what, key, number, at, content = row
        match what:
            case "balance":
                self.balances[key] = number
            case "history":
                self._take_history(key, content)
            case "kept" if at <= self._now - DAY:
                self.outdated.add(key)
            case "kept":
                self.answers[key] = Kept(Mark(number), _decode_answer(content))
            case "reference":
                self.references[key] = MessageId(number)
            case "current":
                self.currents[key] = VerificationId(content)
            case "member":
                self.members[key] = MemberId(number)
            case _:  # An openid.
                self.openids.add((key, Mark(number)))

    def _take_history(self, mark: Mark, events: bytes) -> None:
        self.histories[mark] = int.from_bytes(events)
        if mark in self.keys.counted:
            self.stored[mark] = events


async def take_snapshot(unit: Unit, commands: Sequence[Command], seal: Seal) -> LoadedSnapshot:
    """Lock where it must be, then read; see `keys`."""
    wanted = named(commands)
    found = await _read(unit, wanted, seal) if wanted else {}
    snapshot = LoadedSnapshot(keys_of(commands, found), unit.now)
    keys = snapshot.keys
    if keys.counted and (unit.tries or not keys.are_apart):
        await _lock_limits(unit, keys.counted)
    for verification in await _locked(unit, found):
        # The phone never changes; the message that it stands in may be another one by now.
        phone = found[VerificationId(verification["id"])].phone
        one = verification_with(phone, verification)
        snapshot.verifications[one.id] = one
    if snapshot.totals:
        snapshot.totals.update(await locked_totals(unit, snapshot.totals, make=True))
    if unit.is_overspent and keys.accounts:
        # This time nobody else spends what is found. Whoever only lost a race for a limit does not keep
        # all batches of the account waiting.
        await unit.rows(SQL["lock_accounts"], sorted(keys.accounts))
    await _look(unit, snapshot)
    further = _told(snapshot).difference(snapshot.verifications)
    if further:
        snapshot.verifications |= await _read(unit, further, seal)
    return snapshot


async def _lock_limits(unit: Unit, counted: Iterable[Mark]) -> None:
    """What stands in them is looked at by the next statement, which sees what was waited for here."""
    marks = sorted(counted)
    if unit.tries:
        # Perhaps another batch made one of these first. Now all are there, and so are locked in their
        # order; made before the transaction begins, they keep nobody waiting for the locks.
        await unit.look(SQL["make_histories"], marks, to_the_hour(unit.now))
    await unit.hold(SQL["hold_histories"].format(marks=",".join(map(str, marks))))


async def _locked(unit: Unit, found: Collection[VerificationId]) -> "Iterable[asyncpg.Record]":
    return await unit.rows(SQL["lock_verifications"], sorted(found)) if found else ()


async def _look(unit: Unit, snapshot: LoadedSnapshot) -> None:
    keys = snapshot.keys
    asked: list[list[int]] = [
        list(keys.accounts),
        [*keys.counted, *keys.looked_at],
        list(keys.kept),
        list(keys.references),
        list(keys.currents),
        list(keys.members),
        [phone for phone, _ in keys.openids],
        [openid for _, openid in keys.openids],
    ]
    if any(asked):
        for row in await unit.look(SQL["look"], *asked):
            snapshot.take(row)
    if keys.opt_outs:
        rows = await unit.look(SQL["opt_outs"], list(keys.opt_outs))
        snapshot.opt_outs.update([mark for (mark,) in rows])


def _told(snapshot: LoadedSnapshot) -> set[VerificationId]:
    """Verifications that an answer may tell of, beside those that the commands name."""
    told = set(snapshot.currents.values())
    for kept in snapshot.answers.values():
        if isinstance(kept.answer, Started | Approved):
            told.add(kept.answer.verification)
    return told


async def _read(
    unit: Unit, wanted: Iterable[VerificationId], seal: Seal
) -> dict[VerificationId, Verification]:
    rows = await unit.look(SQL["verifications"], list(wanted))
    return {one.id: one for one in (verification_of(row, seal) for row in rows)}


def to_the_hour(now: Millis) -> Millis:
    return now - now % HOUR
