"""One run: a database, a house, a fleet, its callers, the mischief, and the verdict."""

import asyncio
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from support.chaos import verdict
from support.chaos.callers import Books, Callers
from support.chaos.fleet import Fleet
from support.chaos.mischief import LEASE_S, Mischief
from support.cluster import Cluster

_DATABASE: Final = "chaos"
_MOST_CONNECTIONS: Final = 80
"""Few: taking all of them is among the mischief."""
_SETTLED_S: Final = 2 * LEASE_S + 30
_GONE_S: Final = 1.0
_COMMAND: Final = (sys.executable, "-m", "hongyan")


@dataclass
class Report:
    """What was done, and what is wrong."""

    figures: dict[str, Any]
    wrong: list[str]


async def chaos(seconds: float, chance: random.Random) -> Report:
    """Hurt a fleet for so long, then let it come to rest and look."""
    with (
        ExitStack() as held,
        Cluster(most_connections=_MOST_CONNECTIONS) as cluster,
        tempfile.TemporaryDirectory(prefix="hongyan-chaos-") as folder,
    ):
        admin = await cluster.connect()
        await admin.execute(f"CREATE DATABASE {_DATABASE}")
        await admin.close()
        data = Path(folder) / "data"
        keys = await asyncio.to_thread(_seeded, data, cluster.url(_DATABASE))
        shelf = held.enter_context(closing(verdict.phone(data)))
        fleet = Fleet(Path(folder), data)
        wrong: list[str] = []
        async with fleet:
            callers = Callers(fleet, keys, chance)
            mischief = Mischief(cluster, fleet, chance)
            callers.start()
            await mischief.run(seconds)
            await mischief.mend()
            await callers.stop()
            connection = await cluster.connect(_DATABASE)
            stuck = await verdict.nothing_open(connection, _SETTLED_S)
            wrong += [stuck] if stuck else []
            wrong += await verdict.left_out(connection)
            wrong += fleet.dead_by_themselves()
            wrong += [] if wrong else await fleet.stop()
        await asyncio.sleep(_GONE_S)
        wrong += await verdict.still_connected(connection)
        phone = await asyncio.to_thread(verdict.arrived, shelf)
        wrong += await verdict.judged(connection, callers.books, phone)
        await connection.close()
    return Report(_figures(seconds, callers.books, mischief.done, phone, fleet), wrong)


def _seeded(data: Path, url: str) -> dict[str, str]:
    """A development house on the database, with a limit on its app; opened once and ended."""
    command = ["dev", "--json", "--port", "0", "--data", str(data), "--database", url]
    with subprocess.Popen((*_COMMAND, *command), stdout=subprocess.PIPE) as house:
        assert house.stdout is not None
        house.stdout.readline()
        keys: dict[str, str] = json.loads((data / "dev.json").read_text())
        house.terminate()
    limit = ("app", "limit", "app_dev", "--number", f"1/{verdict.LIMIT_S}", "--data", str(data))
    subprocess.run((*_COMMAND, *limit), check=True, stdout=subprocess.DEVNULL)
    return keys


def _figures(
    seconds: float, books: Books, done: Counter[str], phone: Counter[int], fleet: Fleet
) -> dict[str, Any]:
    return {
        "seconds": seconds,
        "done": dict(sorted(done.items())),
        "lives": {member.name: member.lives for member in fleet.members},
        "answers": {str(status): count for status, count in sorted(books.answers.items())},
        "messages": len(books.messages),
        "keys": len(books.by_key),
        "verifications": len(books.verifications),
        "approved": len(books.approvals),
        "proofs": len(books.consumed),
        "texts": len(phone),
    }
