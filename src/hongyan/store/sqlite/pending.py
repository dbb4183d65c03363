"""What is still to be asked or told after a message has left: inquiries to its provider, and the
status report that its app is owed. Each row is due at a moment; whoever claims it puts that off.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

import apsw
import msgspec

from hongyan.core.identifier import MessageId
from hongyan.core.message import Message, Status
from hongyan.core.time import Millis
from hongyan.service.ports import Inquiry, Owed, Reported, Settlement
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import Row
from hongyan.store.sqlite.writer import Unit
from hongyan.store.turns import Turns

_OPEN: Final = (Status.SUBMITTED, Status.UNCONFIRMED)
"""Where a provider's word can still move a message."""
_NO_APP: Final = (1 << 63) - 1
"""No app has a greater id."""


class Pending:
    """Used on the writing thread only."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._last_app = 0
        """Whose reports were claimed last: the next turn is the next app's."""
        self._passed = 0
        """No report of a message up to here waits for its end."""
        self._unasked = 0
        """No result of a message up to here waits for being asked for."""
        self._turns = Turns()
        self.given_up = 0
        """Status reports that no app has taken, and that are tried no more."""
        self.count()
        self._owes: bool = bool(connection.execute(SQL["owes_reports"]).fetchall()[0][0])
        """Whether any report may be owed: without one, no receipt need look for it."""

    def count(self) -> None:
        """From the table: another process (the command line) may have had some tried again."""
        rows: list[Row] = self._connection.execute(SQL["count_given_up"]).fetchall()
        self.given_up = rows[0][0]

    # Inquiries.

    def inquire(self, unit: Unit, settled: Sequence[Settlement]) -> None:
        """Note which of these are to be asked about."""
        rows = [
            (one.message.id, one.provider, one.status is Status.UNCONFIRMED, one.ask_at)
            for one in settled
            if one.ask_at
        ]
        if rows:
            unit.run_many(SQL["insert_inquiry"], rows)

    def inquire_after(self, unit: Unit, message: MessageId) -> None:
        """A message that was lost on its way to its provider: at once, if that one is asked at all."""
        unit.run(SQL["inquire_after_lost"], unit.now, message)

    def claim_inquiries(self, unit: Unit, provider: str, most: int, lease: Millis) -> list[Inquiry]:
        doubts, others = (
            unit.rows(SQL["due_inquiries"], provider, doubt, unit.now, most)
            for doubt in (True, False)
        )
        share = self._turns.share_of_doubts(provider, most, len(doubts), len(others))
        rows = [*doubts[:share], *others[: most - share]]
        due = [row for row in rows if row[-1] in _OPEN]
        unit.run_many(SQL["put_off_inquiry"], [(0, unit.now + lease, row[0]) for row in due])
        unit.run_many(SQL["end_inquiry"], [(row[0],) for row in rows if row[-1] not in _OPEN])
        return [
            Inquiry(
                message=MessageId(message),
                asked=asked,
                in_doubt=status == Status.UNCONFIRMED,
            )
            for message, asked, status in due
        ]

    def put_off(self, unit: Unit, inquiries: Mapping[MessageId, Millis], *, asked: bool) -> None:
        later = [(asked, due_at, message) for message, due_at in inquiries.items() if due_at]
        unit.run_many(SQL["put_off_inquiry"], later)
        over = [(message,) for message, due_at in inquiries.items() if not due_at]
        unit.run_many(SQL["end_inquiry"], over)

    def forget_inquiries(self, unit: Unit, before: MessageId, most: int) -> int:
        """Those of older messages, whether anybody ever asked or not; how many there were."""
        return unit.changes(SQL["forget_inquiries"], [(before, most)])

    # Reports.

    def owe(self, unit: Unit, messages: Sequence[Message]) -> None:
        """Apps that will be told of the end of these."""
        rows = [(one.id, one.app) for one in messages if one.reports]
        if rows:
            self._owes = True
            unit.run_many(SQL["insert_report"], rows)

    def report(self, unit: Unit, message: MessageId, status: Status) -> None:
        """It has ended: its app is told as soon as may be."""
        if self._owes:
            unit.run(SQL["report"], status, unit.now, message)

    def report_delivered(self, unit: Unit, messages: Collection[MessageId]) -> None:
        """The same for those of them that a receipt has just ended."""
        if self._owes:
            unit.run_many(SQL["report_delivered"], [(unit.now, one) for one in messages])

    def claim_reports(
        self, unit: Unit, most: int, lease: Millis, each: int, bounds: Mapping[int, int]
    ) -> list[Owed]:
        """Those that are due, without what they tell."""
        due: list[Owed] = []
        for app, name in self._owed_apps(unit, most, bounds):
            room = min(most - len(due), bounds.get(app, each))
            if room <= 0:
                break
            self._last_app = app
            due += [
                Owed(message=MessageId(message), app=app, app_name=name, attempts=attempts)
                for message, attempts in unit.rows(SQL["due_reports"], app, unit.now, room)
            ]
        unit.run_many(SQL["lease_report"], [(unit.now + lease, one.message) for one in due])
        return due

    def _owed_apps(self, unit: Unit, most: int, bounds: Mapping[int, int]) -> list[Row]:
        """So many apps that may be told something now: from the last one's neighbour on, and round."""
        if not self._owes:
            return []
        full = msgspec.json.encode([app for app, room in bounds.items() if room <= 0]).decode()
        apps: list[Row] = []
        for after, last in ((self._last_app, _NO_APP), (0, self._last_app)):
            if len(apps) < most:
                left = most - len(apps)
                apps += unit.rows(SQL["owed_apps"], after, last, full, unit.now, left)
        return apps

    def reported(self, unit: Unit, reports: Sequence[Reported]) -> None:
        taken = [(one.message,) for one in reports if not one.failure]
        unit.run_many(SQL["end_report"], taken)
        failed = [one for one in reports if one.failure]
        later = [(one.due_at, one.failure, False, one.message) for one in failed if one.due_at]
        unit.run_many(SQL["fail_report"], later)
        never = [(0, one.failure, True, one.message) for one in failed if not one.due_at]
        self.count_given_up(unit, unit.changes(SQL["fail_report"], never))

    def forget_reports(
        self, unit: Unit, before: MessageId, unended_before: MessageId, most: int
    ) -> int:
        """All of messages before the one id; before the other, those whose messages have been handed
        over and have not ended since. How many were looked at.
        """
        forgotten = unit.rows(SQL["forget_reports"], before, most)
        self.count_given_up(unit, -sum(row[0] for row in forgotten))
        passed = unit.rows(SQL["reports_between"], self._passed, unended_before, most)
        if passed:
            last = passed[-1][0]
            unit.run(SQL["forget_unended"], self._passed, last)
            unit.committed.append(partial(setattr, self, "_passed", last))
        return len(forgotten) + len(passed)

    def forget_results(self, unit: Unit, before: MessageId, most: int) -> int:
        """Of messages before this one those that their apps could have asked for, and have not; how
        many were looked at. Replies likewise.
        """
        passed = unit.rows(SQL["reports_between"], self._unasked, before, most)
        if passed:
            last = passed[-1][0]
            forgotten = unit.rows(SQL["forget_results"], self._unasked, last)
            self.count_given_up(unit, -sum(row[0] for row in forgotten))
            unit.committed.append(partial(setattr, self, "_unasked", last))
        return len(passed) + unit.changes(SQL["forget_owed_replies"], [(before, most)])

    def count_given_up(self, unit: Unit, more: int) -> None:
        """There are so many more, or (below 0) fewer."""
        if more:
            unit.committed.append(partial(self._count_more, more))

    def _count_more(self, more: int) -> None:
        self.given_up += more
