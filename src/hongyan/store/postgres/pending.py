"""What is still to be asked or told after a message has left: inquiries to its provider, and the
status report that its app is owed. Each row is due at a moment; whoever claims it puts that off.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

from hongyan.core.identifier import MessageId
from hongyan.core.message import Message, Status
from hongyan.core.time import SECOND, Millis
from hongyan.service.ports import Inquiry, Owed, Reported, Settlement
from hongyan.store.postgres.unit import Unit
from hongyan.store.queries.postgres import SQL
from hongyan.store.turns import Turns

_OPEN: Final = (Status.SUBMITTED, Status.UNCONFIRMED)
"""Where a provider's word can still move a message."""
_NO_APP: Final = (1 << 63) - 1
"""No app has a greater id."""
_COUNT_EVERY: Final[Millis] = 5 * SECOND


class Pending:
    """The tables are shared by all processes; whose turn it is, each knows for itself."""

    def __init__(self) -> None:
        self._last_app = 0
        """Whose reports were claimed last: the next turn is the next app's."""
        self._passed = 0
        """No report of a message up to here waits for its end."""
        self._unasked = 0
        """No result of a message up to here waits for being asked for."""
        self._turns = Turns()
        self._counted_at: Millis = 0
        self.given_up = 0
        """Status reports that no app has taken, and that are tried no more; as of a moment ago."""

    async def count(self, unit: Unit) -> None:
        """From the table, now and then: other processes give up as well, and try again."""
        if 0 <= unit.now - self._counted_at < _COUNT_EVERY:
            return
        count: int = await unit.value(SQL["count_given_up"])
        unit.committed.append(partial(self._counted, count, unit.now))

    # Inquiries.

    async def inquire(self, unit: Unit, settled: Sequence[Settlement]) -> None:
        """Note which of these are to be asked about."""
        rows = [
            (one.message.id, one.provider, one.status is Status.UNCONFIRMED, one.ask_at)
            for one in settled
            if one.ask_at
        ]
        if rows:
            await unit.run(SQL["insert_inquiries"], *zip(*rows, strict=True))

    async def inquire_after(self, unit: Unit, messages: Collection[MessageId]) -> None:
        """Messages that were lost on their way to their provider: at once, if it is asked at all."""
        await unit.run(SQL["inquire_after_lost"], messages, unit.now)

    async def claim_inquiries(
        self, unit: Unit, provider: str, most: int, lease: Millis
    ) -> list[Inquiry]:
        doubts, others = [
            await unit.rows(SQL["due_inquiries"], provider, doubt, unit.now, most)
            for doubt in (True, False)
        ]
        share = self._turns.share_of_doubts(provider, most, len(doubts), len(others))
        rows = [*doubts[:share], *others[: most - share]]
        due = [row for row in rows if row["status"] in _OPEN]
        await self._put_off(unit, {row["message"]: unit.now + lease for row in due}, 0)
        over = [row["message"] for row in rows if row["status"] not in _OPEN]
        await self._end_inquiries(unit, over)
        return [
            Inquiry(
                message=MessageId(row["message"]),
                asked=row["asked"],
                in_doubt=row["status"] == Status.UNCONFIRMED,
            )
            for row in due
        ]

    async def put_off(
        self, unit: Unit, inquiries: Mapping[MessageId, Millis], *, asked: bool
    ) -> None:
        later = {message: due_at for message, due_at in inquiries.items() if due_at}
        await self._put_off(unit, later, int(asked))
        await self._end_inquiries(unit, inquiries.keys() - later.keys())

    async def forget_inquiries(self, unit: Unit, before: MessageId, most: int) -> int:
        """Those of older messages, whether anybody ever asked or not; how many there were."""
        return await unit.run(SQL["forget_inquiries"], before, most)

    async def _put_off(self, unit: Unit, later: Mapping[MessageId, Millis], asked: int) -> None:
        if later:
            await unit.run(SQL["put_off_inquiries"], list(later), list(later.values()), asked)

    async def _end_inquiries(self, unit: Unit, over: Collection[MessageId]) -> None:
        if over:
            await unit.run(SQL["end_inquiries"], over)

    # Reports.

    async def owe(self, unit: Unit, messages: Sequence[Message]) -> None:
        """Apps that will be told of the end of these."""
        rows = [(one.id, one.app) for one in messages if one.reports]
        if rows:
            await unit.run(SQL["insert_reports"], *zip(*rows, strict=True))

    async def report(self, unit: Unit, ended: Mapping[MessageId, Status]) -> None:
        """They have ended: their apps are told as soon as may be."""
        if ended:
            await unit.run(SQL["report"], list(ended), list(ended.values()), unit.now)

    async def claim_reports(
        self, unit: Unit, most: int, lease: Millis, each: int, bounds: Mapping[int, int]
    ) -> list[Owed]:
        """Those that are due, without what they tell."""
        names = await self._owed_apps(unit, most, bounds)
        if not names:
            return []
        room = [bounds.get(app, each) for app in names]
        rows = await unit.rows(SQL["due_reports"], list(names), room, unit.now, most)
        if not rows:
            return []
        await unit.run(SQL["lease_reports"], [row["message"] for row in rows], unit.now + lease)
        turn = {app: place for place, app in enumerate(names)}
        rows.sort(key=lambda row: turn[row["app"]])
        self._last_app = rows[-1]["app"]
        return [
            Owed(
                message=MessageId(row["message"]),
                app=row["app"],
                app_name=names[row["app"]],
                attempts=row["attempts"],
            )
            for row in rows
        ]

    async def _owed_apps(self, unit: Unit, most: int, bounds: Mapping[int, int]) -> dict[int, str]:
        """So many apps that may be told something now, each with its name: from the last one's
        neighbour on, and round.
        """
        full = [app for app, room in bounds.items() if room <= 0]
        apps: dict[int, str] = {}
        for after, last in ((self._last_app, _NO_APP), (0, self._last_app)):
            if len(apps) < most:
                left = most - len(apps)
                rows = await unit.rows(SQL["owed_apps"], after, last, full, unit.now, left)
                apps |= {row["id"]: row["name"] for row in rows}
        return apps

    async def reported(self, unit: Unit, reports: Sequence[Reported]) -> None:
        taken = [one.message for one in reports if not one.failure]
        if taken:
            await unit.run(SQL["end_reports"], taken)
        failed = {one.message: one for one in reports if one.failure}
        rows = [(one.message, one.due_at, one.failure) for one in failed.values()]
        if rows:
            changed = await unit.rows(SQL["fail_reports"], *zip(*rows, strict=True))
            self.count_given_up(unit, sum(row["given_up"] for row in changed))

    async def forget_reports(
        self, unit: Unit, before: MessageId, unended_before: MessageId, most: int
    ) -> int:
        """All of messages before the one id; before the other, those whose messages have been handed
        over and have not ended since. How many were looked at.
        """
        forgotten = await unit.rows(SQL["forget_reports"], before, most)
        self.count_given_up(unit, -sum(row["given_up"] for row in forgotten))
        passed = await unit.rows(SQL["reports_between"], self._passed, unended_before, most)
        if passed:
            last = passed[-1]["message"]
            await unit.run(SQL["forget_unended"], self._passed, last)
            unit.committed.append(partial(setattr, self, "_passed", last))
        return len(forgotten) + len(passed)

    async def forget_results(self, unit: Unit, before: MessageId, most: int) -> int:
        """Of messages before this one those that their apps could have asked for, and have not; how
        many were looked at. Replies likewise.
        """
        passed = await unit.rows(SQL["reports_between"], self._unasked, before, most)
        if passed:
            last = passed[-1]["message"]
            forgotten = await unit.rows(SQL["forget_results"], self._unasked, last)
            self.count_given_up(unit, -sum(row["given_up"] for row in forgotten))
            unit.committed.append(partial(setattr, self, "_unasked", last))
        return len(passed) + await unit.run(SQL["forget_owed_replies"], before, most)

    def count_given_up(self, unit: Unit, more: int) -> None:
        """There are so many more, or (below 0) fewer."""
        if more:
            unit.committed.append(partial(self._count_more, more))

    def _count_more(self, more: int) -> None:
        self.given_up += more

    def _counted(self, count: int, now: Millis) -> None:
        self.given_up, self._counted_at = count, now
