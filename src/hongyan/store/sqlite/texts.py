"""What is kept of texts beside the texts, on SQLite: links, tallies, and where they are filed."""

from collections.abc import Sequence

from hongyan.core.draft import Draft
from hongyan.core.identifier import MessageId, first_id
from hongyan.core.message import Message
from hongyan.core.time import HOUR, Millis
from hongyan.service.recording import Opened
from hongyan.store.filing import FILED_TO, by_number, by_time
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import Row, link_of, link_row
from hongyan.store.seal import Seal
from hongyan.store.sqlite.writer import Unit
from hongyan.store.terms import FILED_AFTER, LATE, LINKS_KEPT, SLICE


class Texts:
    """Used on the writing connection only."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def write(self, unit: Unit, draft: Draft) -> None:
        if draft.links:
            rows = sorted(link_row(link, self._seal) for link in draft.links)
            unit.run_many(SQL["insert_link"], rows)
        if draft.tallies:
            hour = unit.now - unit.now % HOUR
            tallies = [
                (app, hour, one.requests, one.accepted, one.units)
                for app, one in draft.tallies.items()
            ]
            unit.run_many(SQL["insert_tally"], tallies)
        late = first_id(unit.now - LATE)
        missed = [message for message, _ in draft.queued if message.id < late]
        if missed:
            self._file_late(unit, missed)

    def open_link(self, unit: Unit, link: int, at: Millis) -> Opened | None:
        found = unit.row(SQL["open_link"], link, at)
        if found is None:
            return None
        *columns, times = found
        opened = link_of(columns, self._seal)
        return Opened(opened, unit.value(SQL["app_of"], opened.message), times)

    def convert(self, unit: Unit, app: int, message: MessageId, at: Millis) -> bool:
        unit.run(SQL["insert_conversion"], message, app, at)
        return unit.row(SQL["is_text_of"], message, app) is not None

    def sweep(self, unit: Unit) -> int:
        """A slice of each; less than one is all that there was, and counts as nothing."""
        slices = (self._file(unit), self._sum(unit), self._forget_links(unit))
        return sum(count for count in slices if count >= SLICE)

    def _file(self, unit: Unit) -> int:
        apps = self._recorded(unit)
        if not apps:
            return 0
        filed_to = unit.value(SQL["meta"], FILED_TO) or 0
        past = first_id(unit.now - FILED_AFTER)
        texts = unit.rows(SQL["texts_to_file"], filed_to, past, SLICE)
        if texts:
            self._put(unit, texts, apps)
            unit.run(SQL["put_meta"], FILED_TO, texts[-1][0])
        return len(texts)

    def _file_late(self, unit: Unit, messages: Sequence[Message]) -> None:
        """Whoever files in the order of ids may be past these already."""
        if apps := self._recorded(unit):
            self._put(unit, [(one.id, one.app, one.phone_mark) for one in messages], apps)

    def _put(self, unit: Unit, texts: Sequence[Row], apps: set[int]) -> None:
        unit.run_many(SQL["file_text"], by_number(texts, apps))
        unit.run_many(SQL["file_app_text"], by_time(texts, apps))

    def _recorded(self, unit: Unit) -> set[int]:
        return {app for (app,) in unit.rows(SQL["recorded_apps"])}

    def _sum(self, unit: Unit) -> int:
        """Add what batches have counted to its hours."""
        rows = unit.rows(SQL["take_tallies"], SLICE)
        unit.run_many(SQL["add_tally"], rows)
        return len(rows)

    def _forget_links(self, unit: Unit) -> int:
        return unit.changes(SQL["forget_links"], [(first_id(unit.now - LINKS_KEPT), SLICE)])
