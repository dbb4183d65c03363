"""What is kept of texts beside the texts, on PostgreSQL: links, tallies, and where they are filed."""

from collections.abc import Sequence

from hongyan.core.draft import Draft
from hongyan.core.identifier import MessageId, first_id
from hongyan.core.message import Message
from hongyan.core.time import HOUR, Millis
from hongyan.service.recording import Opened
from hongyan.store.filing import by_number, by_time
from hongyan.store.postgres.unit import Unit
from hongyan.store.queries.postgres import SQL
from hongyan.store.rows import Row, link_of, link_row
from hongyan.store.seal import Seal
from hongyan.store.terms import FILED_AFTER, LATE, LINKS_KEPT, SLICE


class Texts:
    """Works within the transactions of others."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    async def write(self, unit: Unit, draft: Draft) -> None:
        if draft.links:
            rows = sorted(link_row(link, self._seal) for link in draft.links)
            await unit.run(SQL["insert_links"], *zip(*rows, strict=True))
        if draft.tallies:
            hour = unit.now - unit.now % HOUR
            tallies = [
                (app, hour, one.requests, one.accepted, one.units)
                for app, one in draft.tallies.items()
            ]
            await unit.run(SQL["insert_tallies"], *zip(*tallies, strict=True))
        late = first_id(unit.now - LATE)
        missed = [message for message, _ in draft.queued if message.id < late]
        if missed:
            await _file_late(unit, missed)

    async def open_link(self, unit: Unit, link: int, at: Millis) -> Opened | None:
        found = await unit.row(SQL["open_link"], link, at)
        if found is None:
            return None
        *columns, app, times = found
        return Opened(link_of(columns, self._seal), app, times)


async def convert(unit: Unit, app: int, message: MessageId, at: Millis) -> bool:
    return bool(await unit.value(SQL["insert_conversion"], message, app, at))


async def sweep(unit: Unit) -> list[int]:
    """A slice of each, by one process at a time."""
    return [
        await _file(unit),
        await unit.value(SQL["sum_tallies"], SLICE),
        await unit.run(SQL["forget_links"], first_id(unit.now - LINKS_KEPT), SLICE),
    ]


async def _file(unit: Unit) -> int:
    apps = await _recorded(unit)
    if not apps:
        return 0
    filed_to = await unit.value(SQL["texts_filed_to"]) or 0
    past = first_id(unit.now - FILED_AFTER)
    texts = [tuple(row) for row in await unit.rows(SQL["texts_to_file"], filed_to, past, SLICE)]
    if texts:
        await _put(unit, texts, apps)
        await unit.run(SQL["put_texts_filed_to"], texts[-1][0])
    return len(texts)


async def _file_late(unit: Unit, messages: Sequence[Message]) -> None:
    """Whoever files in the order of ids may be past these already."""
    if apps := await _recorded(unit):
        await _put(unit, [(one.id, one.app, one.phone_mark) for one in messages], apps)


async def _put(unit: Unit, texts: Sequence[Row], apps: set[int]) -> None:
    filed = by_number(texts, apps)
    if filed:
        await unit.run(SQL["file_texts"], *zip(*filed, strict=True))
        await unit.run(SQL["file_app_texts"], *zip(*by_time(texts, apps), strict=True))


async def _recorded(unit: Unit) -> set[int]:
    return {app for (app,) in await unit.rows(SQL["recorded_apps"])}
