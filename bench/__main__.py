"""`make bench`: starts its own servers and its own load, and prints what they did.

Each server has a core to itself, the client another; every figure is the median of five runs after
a warm-up. Shares and ratios are those of an empty ASGI server that was measured by turns with each, so
that a host that gives more or less meanwhile changes none of them.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import kannel, load, postgres, start, tencent, wechat
from bench.load import Figures
from bench.servers import Server, empty_server, house
from hongyan.wire.wechat.requests import MARKETING, NOTIFICATION

_ACCEPTED = "SELECT count(*) FROM message"
_HANDED_OVER = "SELECT count(*) FROM attempt WHERE outcome = 'accepted'"
_TWICE = (
    "SELECT count(*) FROM (SELECT message FROM attempt WHERE outcome IN ('accepted', 'unconfirmed')"
    " GROUP BY message HAVING count(*) > 1)"
)
_WAITING = "SELECT count(*) FROM outbox"
_DRAIN_S = 120.0
KANNEL = "Kannel, store "


@dataclass
class Row:
    """A line of the table."""

    name: str
    figures: Figures
    lost: int = 0
    twice: int = 0
    more: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run (4)")
    parser.add_argument("--millions", type=float, default=1.0, help="of messages in memory (1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    _say(f"{_machine()}\n")
    _say("cold start")
    cold = start.measured()
    rows = _rates(options.seconds)
    memory = _memory(options.millions)
    if options.json:
        print(
            json.dumps(
                {
                    "rows": [row.__dict__ | {"figures": row.figures.__dict__} for row in rows],
                    "memory": memory,
                    "start": cold.__dict__,
                }
            )
        )
        return
    _print_table(rows)
    _print_memory(memory)
    print(
        f"Cold start on an empty directory: ready after {cold.ready_s:.1f} s, the first text on the"
        f" phone after {cold.first_text_s:.1f} s; {cold.idle_rss_mb:.0f} MB when idle."
    )
    if any(row.lost or row.twice or row.figures.failed for row in rows):
        raise SystemExit("Something was lost, sent twice, or refused.")


def _rates(seconds: float) -> list[Row]:
    messages, starts = load.requests("messages"), load.requests("verifications")
    rows = []
    with empty_server() as server:
        _say("empty ASGI server")
        rows.append(Row("empty ASGI server", load.measured(server, messages, seconds)))
    with house(dispatches=False) as server:
        _say("messages accepted")
        rows.append(_row("message accept, /v1/messages", server, messages, seconds))
        _say("verifications started")
        rows.append(_row("verification start, /v1/verifications", server, starts, seconds))
    with house(dispatches=True) as server:
        _say("messages to the sandbox phone")
        to_the_phone = "… with the dispatcher, to the sandbox phone"
        rows.append(_end_to_end(to_the_phone, server, messages, seconds))
    if shutil.which("wrk"):
        rows += _zhenzi(seconds)
        rows += _tencent(seconds)
        rows += _wechat(seconds)
    with house(dispatches=True) as server:
        _say("start, read, check")
        rows.append(_row("start + read on the phone + check", server, load.pairs, seconds))
    return rows + _postgres(seconds)


def _zhenzi(seconds: float) -> list[Row]:
    """Beside Kannel's HTTP accept, which does less for a message and never syncs."""
    words, template = load.requests("zhenzi"), load.requests("zhenzi_template")
    rows = []
    for store in ("spool", "none"):
        if absent := kannel.missing():
            _say(f"Kannel is not measured: apt-get install kannel wrk ({absent[0]} is missing)")
            break
        _say(f"Kannel, store {store}")
        rows.append(Row(f"{KANNEL}{store}", kannel.measured(store, seconds)))
    with house(dispatches=False) as server:
        _say("texts of Zhenzi accepted")
        rows.append(_row("accept alone, /sms/send.do", server, words, seconds))
        rows.append(_row("accept alone, /sms/v2/send.do", server, template, seconds))
    with house(dispatches=True) as server:
        _say("texts of Zhenzi to the sandbox phone")
        rows.append(_end_to_end("/sms/send.do, to the sandbox phone", server, words, seconds))
    with house(dispatches=True) as server:
        row = _end_to_end("/sms/v2/send.do, to the sandbox phone", server, template, seconds)
        rows.append(row)
    return rows


def _tencent(seconds: float) -> list[Row]:
    """Signatures proven, all limits on, each call known again if it came again."""
    with house(dispatches=False) as server:
        return [
            _many(f"SendSms, {numbers} a call", server, tencent.sends(numbers), numbers, seconds)
            for numbers in (1, tencent.MANY)
        ]


def _wechat(seconds: float) -> list[Row]:
    """Tokens proven, all limits on, a link for each number."""
    kinds = ((NOTIFICATION, 1), (MARKETING, 1), (MARKETING, wechat.MANY))
    with house(dispatches=False) as server:
        return [
            _many(
                f"sendsms, {kind}, {numbers} a call",
                server,
                wechat.sends(kind, numbers),
                numbers,
                seconds,
            )
            for kind, numbers in kinds
        ]


def _many(name: str, server: Server, client: load.Client, numbers: int, seconds: float) -> Row:
    """Answers that say 200 whatever they say: what was accepted is counted."""
    _say(name)
    before = server.count(_ACCEPTED)
    figures = load.measured(server, client, seconds)
    accepted = server.count(_ACCEPTED) - before
    row = Row(name, figures, max(figures.answered * numbers - accepted, 0), server.count(_TWICE))
    if numbers > 1:
        row.more = f"{figures.rate * numbers:,.0f} messages/s"
    return row


def _postgres(seconds: float) -> list[Row]:
    """The first row but one again, on the other store."""
    if absent := postgres.missing():
        _say(f"PostgreSQL is not measured: {absent} (name one: HONGYAN_BENCH_POSTGRES)")
        return []
    messages = load.requests("messages")
    _say("messages accepted on PostgreSQL")
    figures, lost, drained = postgres.one_web(messages, seconds)
    row = Row("message accept on PostgreSQL, one web process", figures, lost + drained.left)
    row.more = (
        f"one worker then claimed, sent to the phone and settled {drained.messages:,} messages,"
        f" {drained.rate:,.0f}/s with {drained.cpu:.0f} % of a core"
    )
    _say("… by two web processes")
    two = Row("… two web processes on all cores", postgres.two_webs(messages, seconds))
    return [row, two]


def _row(name: str, server: Server, client: load.Client, seconds: float) -> Row:
    """What was answered must be there."""
    before = server.count(_ACCEPTED)
    figures = load.measured(server, client, seconds)
    lost = max(figures.answered - (server.count(_ACCEPTED) - before), 0)
    return Row(name, figures, lost, server.count(_TWICE))


def _end_to_end(name: str, server: Server, client: load.Client, seconds: float) -> Row:
    """Accepted and handed over, all the way to the phone."""
    began, before = time.monotonic(), server.count(_HANDED_OVER)
    row = _row(name, server, client, seconds)
    loaded = time.monotonic() - began
    handed_over = server.count(_HANDED_OVER) - before
    share = 100 * handed_over / max(row.figures.answered, 1)
    while server.count(_WAITING) and time.monotonic() - began < _DRAIN_S:
        time.sleep(0.05)
    row.lost += max(server.count(_ACCEPTED) - server.count(_HANDED_OVER), 0)
    row.twice = server.count(_TWICE)
    rest = time.monotonic() - began - loaded
    row.more = f"{share:.1f} % handed over when the load ended, the rest in {rest:.1f} s"
    return row


def _memory(millions: float) -> dict[str, object]:
    _say("memory of the recent window")
    command = [sys.executable, "-m", "bench.memory", str(millions)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, object] = json.loads(told)
    return found


def _print_table(rows: list[Row]) -> None:
    print(
        "| | req/s | (lowest-highest) | of the empty server | p50 ms | p99 ms | CPU % | RSS MB"
        " | refused | lost | twice |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for row in rows:
        figures = row.figures
        print(
            f"| {row.name} | {figures.rate:,.0f} | ({figures.lowest:,.0f}-{figures.highest:,.0f})"
            f" | {100 * figures.share:.1f} % | {figures.p50:.1f} | {figures.p99:.1f}"
            f" | {figures.cpu:.0f} | {figures.rss_mb:.0f} | {figures.failed} | {row.lost}"
            f" | {row.twice} |"
        )
    print()
    _print_ratios(rows)
    _print_stores(rows)
    for row in rows:
        if row.more:
            print(f"{row.name}: {row.more}.")


def _print_ratios(rows: list[Row]) -> None:
    peers = [row for row in rows if row.name.startswith(KANNEL)]
    for row in rows:
        if "send.do" in row.name and peers:
            ratios = [
                f"{row.figures.share / peer.figures.share:.2f} x {peer.name}" for peer in peers
            ]
            print(f"{row.name}: {', '.join(ratios)}.")


def _print_stores(rows: list[Row]) -> None:
    shares = {row.name: row.figures.share for row in rows}
    sqlite = next(share for name, share in shares.items() if "/v1/messages" in name)
    for name, share in shares.items():
        if "PostgreSQL" in name:
            print(f"{name}: {100 * share / sqlite:.0f} % of SQLite's rate.")


def _print_memory(memory: dict[str, object]) -> None:
    print(
        "Recent window: {messages:,} messages with a number and a key each: {rss_mb} MB at 0, half"
        " and all, {bytes_a_message} bytes a message; {rss_mb_after_the_window} MB when the window"
        " has passed; {disk_bytes_a_message} bytes a message on disk. Longest pause of the loop"
        " {longest_loop_pause_ms} ms, of the garbage collector {longest_gc_pause_ms} ms.".format(
            **memory
        )
    )


def _machine() -> str:
    model = _first("/proc/cpuinfo", "model name") or platform.processor()
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    build = "PGO" if optimised else "no PGO"
    return (
        f"{model.strip()}, {os.cpu_count()} cores; Linux {platform.release()};"
        f" Python {platform.python_version()} ({build}); a sync takes {_sync_us():.0f} us"
    )


def _first(path: str, field: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(field):
            return line.partition(":")[2]
    return ""


def _sync_us() -> float:
    """The median of 200 appends of 4 KiB, each safely on the disk."""
    with tempfile.NamedTemporaryFile() as file:
        times = []
        for _ in range(200):
            os.write(file.fileno(), bytes(4_096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return sorted(times)[100] * 1e6


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
