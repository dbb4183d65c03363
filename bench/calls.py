"""Calls that are written before a run, each with numbers of its own, and said by wrk one by one.

More of them are written than can be answered: one that came a second time would meet limits, or
would be known for a repetition.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from bench import load
from bench.load import Client, Run
from bench.servers import Server

Call: TypeAlias = tuple[str, Mapping[str, str], bytes]
"""Path, headers, body."""
Written: TypeAlias = Callable[[list[str]], Call]
"""What makes a call to some numbers."""

_SCRIPT = Path(__file__).with_name("replayed.lua")
_PREFIXES: Final = ("130", "133", "135", "138", "150", "156", "158", "177", "180", "185", "188")
_NUMBERS: Final = 10**8
_STEP: Final = 7_919
"""Prime to 10^8: every number comes once before any comes again."""


def client(
    writer: Callable[[Server], Written],
    numbers: int,
    most_a_second: int,
    connections: int = load.CONNECTIONS,
) -> Client:
    """Posts calls with so many numbers in each."""

    def run(server: Server, seconds: float, seed: int) -> Run:
        most = round(max(seconds, 1) * most_a_second)
        write = writer(server)
        with tempfile.NamedTemporaryFile(prefix="hongyan-bench-") as file:
            with Path(file.name).open("wb") as out:
                out.writelines(
                    _posted(server, *write(phones)) + b"\0"
                    for phones in _phones(numbers, most, seed)
                )
            told = {"HY_CALLS": file.name}
            said = load.wrk(server, _SCRIPT, told, seconds, connections)
        if said.answered > most:
            raise SystemExit("There were not enough calls; write more of them.")
        return said

    return run


def _posted(server: Server, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    host = server.url.partition("://")[2]
    whole = {"host": host, **headers, "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in whole.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def _phones(numbers: int, calls: int, seed: int) -> Iterator[list[str]]:
    at = time.time_ns() % _NUMBERS + seed * _NUMBERS // 4
    for _ in range(calls):
        yield [_phone(at + place) for place in range(numbers)]
        at += numbers


def _phone(place: int) -> str:
    prefix = _PREFIXES[place // _NUMBERS % len(_PREFIXES)]
    return f"+86{prefix}{place * _STEP % _NUMBERS:08d}"
