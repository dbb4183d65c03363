"""What a production house must not have. `serve` refuses to start with any of it, `doctor` names it."""

import ipaddress
from pathlib import Path

from hongyan.settings import Settings, platforms, url_parts
from hongyan.store.opening import KEY_FILE

_SHORTEST_KEY = 16


def unsafe(settings: Settings, directory: Path) -> list[str]:
    """Each finding with its cure; none when it is safe."""
    return [
        *_address(settings.server.base_url),
        *_sandbox(settings),
        *_platforms(settings),
        *_receipts(settings),
        *_callbacks(settings),
        *_metrics(settings.metrics.key),
        *_key_file(directory / KEY_FILE),
    ]


def _address(base_url: str) -> list[str]:
    try:
        parts = url_parts(base_url)
    except ValueError as error:
        return [f"[server] base_url is no address ({error}): set the one that callers use."]
    if not parts.hostname:
        return ["[server] base_url is missing: set the https:// address that callers use."]
    if parts.scheme != "https" and not _is_loopback(parts.hostname):
        sentence = f"[server] base_url is {base_url}: keys and codes would travel in the clear."
        return [sentence + " Use https://."]
    return []


def unwise(settings: Settings) -> list[str]:
    """What works, but not as its operator will have meant it. `serve` logs it, `doctor` names it."""
    return [*_proxies(settings), *_reviews(settings)]


def _reviews(settings: Settings) -> list[str]:
    if settings.tencent.approve_after_s < 0:
        return []
    sentence = "[tencent] approve_after_s lets signatures and templates be sent that nobody has"
    return [sentence + " looked at. Set it to -1: it is for 'dev'."]


def _proxies(settings: Settings) -> list[str]:
    server = settings.server
    host = url_parts(server.base_url).hostname or ""
    if _is_loopback(server.host) and host and not _is_loopback(host) and not server.trusted_proxies:
        sentence = "[server] trusted_proxies is empty, though callers come through a proxy on this"
        more = " machine: they all look like one, share its limits, and can be locked out together."
        return [sentence + more + ' Name it: ["127.0.0.1/32", "::1/128"].']
    return []


def _sandbox(settings: Settings) -> list[str]:
    if settings.providers.sandbox is None:
        return []
    sentence = "[providers.sandbox] is configured: its texts and test numbers are for development"
    return [sentence + " only. Remove the table, or use 'hongyan dev'."]


def _platforms(settings: Settings) -> list[str]:
    found = []
    for name, one in platforms(settings.providers).items():
        parts = url_parts(one.api_url)
        if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
            sentence = f"[providers.{name}] api_url is {one.api_url}: secrets and numbers would"
            found.append(sentence + " travel in the clear. Use https://.")
    return found


def _receipts(settings: Settings) -> list[str]:
    tencent = settings.providers.tencent
    if tencent is None or not tencent.receipts_key or len(tencent.receipts_key) >= _SHORTEST_KEY:
        return []
    sentence = f"[providers.tencent] receipts_key is short: give it at least {_SHORTEST_KEY}"
    return [sentence + " characters."]


def _callbacks(settings: Settings) -> list[str]:
    if not settings.callbacks.loopback_http:
        return []
    return ["[callbacks] loopback_http lets apps call this machine. Remove it: it is for 'dev'."]


def _metrics(key: str) -> list[str]:
    if not key or len(key) >= _SHORTEST_KEY:
        return []
    return [f"[metrics] key is short: give it at least {_SHORTEST_KEY} characters."]


def _key_file(path: Path) -> list[str]:
    if not path.exists() or not path.stat().st_mode & 0o077:
        return []
    return [f"{path} can be read by others: 'chmod 600 {path}'."]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
