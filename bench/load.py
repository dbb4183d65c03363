"""Load on 64 connections from one core: wrk where it is installed, else a client of our own."""

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.servers import CLIENT_CORE, Server, empty_server

CONNECTIONS = 64
RUNS = 5
_SCRIPT = Path(__file__).with_name("load.lua")
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1_000.0}


@dataclass(frozen=True)
class Figures:
    """One measurement: medians over the runs; times in milliseconds."""

    rate: float
    lowest: float
    highest: float
    share: float
    """Of what an empty server did right before and after: what a host gives changes by the minute."""
    p50: float
    p99: float
    cpu: float
    """Of a core, in percent."""
    rss_mb: float
    answered: int
    """Successful answers over all runs, the warm-up's included."""
    failed: int


@dataclass(frozen=True)
class Run:
    """One run of a client."""

    answered: int
    failed: int
    rate: float
    p50: float
    p99: float


Client = Callable[[Server, float, int], Run]


def measured(server: Server, client: Client, seconds: float) -> Figures:
    """A warm-up, then the runs, by turns with an empty server."""
    yardstick = requests("messages")
    with empty_server() as empty:
        yardstick(empty, seconds / 2, 0)
        warm_up = client(server, seconds / 2, 0)
        runs, loads = [], []
        beside = [yardstick(empty, seconds / 2, 0).rate]
        for seed in range(1, RUNS + 1):
            cpu, began = server.cpu_s(), time.monotonic()
            runs.append(client(server, seconds, seed))
            loads.append(100 * (server.cpu_s() - cpu) / (time.monotonic() - began))
            beside.append(yardstick(empty, seconds / 2, seed).rate)
    rates = [run.rate for run in runs]
    turns = zip(rates, beside, beside[1:], strict=False)
    return Figures(
        rate=statistics.median(rates),
        lowest=min(rates),
        highest=max(rates),
        share=statistics.median(2 * rate / (before + after) for rate, before, after in turns),
        p50=statistics.median(run.p50 for run in runs),
        p99=statistics.median(run.p99 for run in runs),
        cpu=statistics.median(loads),
        rss_mb=server.rss_mb(),
        answered=sum(run.answered for run in (warm_up, *runs)),
        failed=sum(run.failed for run in (warm_up, *runs)),
    )


def requests(kind: str) -> Client:
    """A client of one kind (see load.lua), each request with a number and a key of its own."""
    if shutil.which("wrk"):
        return lambda server, seconds, seed: _wrk(server, kind, seconds, seed)
    return lambda server, seconds, seed: _own(server, kind, seconds, seed)


def pairs(server: Server, seconds: float, seed: int) -> Run:
    """Start a verification, read the code on the phone, check it."""
    return _own(server, "pairs", seconds, seed)


def _wrk(server: Server, kind: str, seconds: float, seed: int) -> Run:
    told = {
        "HY_KEY": server.zhenzi if kind.startswith("zhenzi") else server.key,
        "HY_KIND": kind,
        "HY_SEED": str(seed),
    }
    return wrk(server, _SCRIPT, told, seconds)


def wrk(
    server: Server,
    script: Path,
    environment: Mapping[str, str],
    seconds: float,
    connections: int = CONNECTIONS,
) -> Run:
    """A run of wrk with a script that is told what to do by its environment."""
    command = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1", f"-c{connections}"]
    told = subprocess.run(
        [*command, f"-d{max(round(seconds), 1)}s", "--latency", "-s", str(script), server.url],
        env=os.environ | dict(environment),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    total = int(_found(r"(\d+) requests in", told))
    failed = int(_found(r"Non-2xx or 3xx responses: (\d+)", told, "0"))
    return Run(
        total - failed,
        failed,
        float(_found(r"Requests/sec:\s+([\d.]+)", told)),
        _milliseconds(_found(r"(?m)^\s+50%\s+(\S+)", told)),
        _milliseconds(_found(r"(?m)^\s+99%\s+(\S+)", told)),
    )


def _own(server: Server, kind: str, seconds: float, seed: int) -> Run:
    """In a process of its own, on its core."""
    command = ["taskset", "-c", str(CLIENT_CORE), sys.executable, "-m", "bench.client"]
    arguments = [server.url, server.key, kind, str(seconds), str(seed), str(CONNECTIONS)]
    told = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    answered, failed, rate, p50, p99 = told.stdout.split()
    return Run(int(answered), int(failed), float(rate), float(p50), float(p99))


def _found(pattern: str, text: str, default: str = "") -> str:
    match = re.search(pattern, text)
    if match is None and not default:
        raise SystemExit(f"wrk said something unexpected:\n{text}")
    return match[1] if match else default


def _milliseconds(written: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", written).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS[unit]
