"""From nothing to the first text on the sandbox phone, and what the house then weighs."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

RUNS = 3
_IDLE_S = 2.0


@dataclass(frozen=True)
class Start:
    """Medians over the runs."""

    ready_s: float
    first_text_s: float
    idle_rss_mb: float


def measured() -> Start:
    runs = [_run() for _ in range(RUNS)]
    return Start(*(statistics.median(values) for values in zip(*runs, strict=True)))


def _run() -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory(prefix="hongyan-bench-") as folder:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "hongyan", "dev", "--json", "--port", "0", "--data", folder],
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["base_url"]
            ready_s = time.monotonic() - began
            key = json.loads((Path(folder) / "dev.json").read_text())["api_key"]
            body = json.dumps({"phone": "13800138000", "purpose": "login"}).encode()
            _call(f"{url}/v1/verifications", body, key)
            text = _call(f"{url}/sandbox/messages/latest?phone=13800138000&wait=5", None, key)
            first_text_s = time.monotonic() - began
            assert len(text["code"]) == 6
            time.sleep(_IDLE_S)
            return ready_s, first_text_s, psutil.Process(process.pid).memory_info().rss / 1e6
        finally:
            process.terminate()
            process.wait()


def _call(url: str, body: bytes | None, key: str) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    asked = urllib.request.Request(url, body, headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
        return json.load(answer)
