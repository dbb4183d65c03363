"""`doctor`: looks at everything a house stands on, and says of each finding what to do."""

import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import rich_click as click

from hongyan.app import development
from hongyan.app.safety import unsafe, unwise
from hongyan.app.stores import Opener, opener_of
from hongyan.cli.show import as_json, console, wants_json
from hongyan.cli.where import found, named
from hongyan.core.time import SECOND, Millis, rfc3339
from hongyan.service.directory import Directory
from hongyan.settings import Settings, SettingsError
from hongyan.store.opening import StoreUnusable
from hongyan.store.seal import KeyFileUnusable

FOUND: Final = 3
_LEAST_FREE: Final = 512 * 1024 * 1024
_SLOW_SYNC_MS: Final = 20.0
_SYNCS: Final = 20


class Finding(msgspec.Struct):
    """One thing that was looked at. `cure` is empty when it is well."""

    area: str
    ok: bool
    sentence: str
    cure: str = ""


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Look at the house of this configuration; ./hongyan.toml, if there is one.",
)
@click.option(
    "--data",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Without a configuration: look at this data directory; ./data.",
)
@as_json
def doctor(config: Path | None, directory: Path | None) -> None:
    """Check configuration, disk, keys, clock, books and providers. Exit code 3 if any is not well.

    Changes nothing, and may run beside a serving house.
    """
    findings = list(_look(config, directory))
    if wants_json():
        sys.stdout.write(msgspec.json.encode(findings).decode() + "\n")
    else:
        for one in findings:
            console.print(
                f"{'ok  ' if one.ok else 'BAD '} {one.area:10} {one.sentence}", markup=False
            )
            if one.cure:
                console.print(f"     {'':10} → {one.cure}", markup=False)
    raise SystemExit(0 if all(one.ok for one in findings) else FOUND)


def _look(config: Path | None, directory: Path | None) -> Iterator[Finding]:
    config = named(config, directory)
    try:
        settings, place = found(config, directory)
    except SettingsError as error:
        yield Finding("config", ok=False, sentence=str(error), cure="Mend that line.")
        return
    if config:
        yield from _safety(settings, place.directory)
    if not place.directory.is_dir():
        cure = "Make one with 'hongyan init' or 'hongyan dev', or name it with --data."
        yield Finding("data", ok=False, sentence=f"{place.directory} does not exist.", cure=cure)
        return
    if not place.database:
        yield _space(place.directory)
        yield _sync(place.directory)
    yield from _store(settings, opener_of(place))


def _safety(settings: Settings, directory: Path) -> Iterator[Finding]:
    reasons = unsafe(settings, directory)
    for reason in reasons:
        yield Finding("config", ok=False, sentence=reason, cure="'serve' refuses until then.")
    if not reasons:
        for one in unwise(settings):
            yield Finding("proxy", ok=False, sentence=one, cure="See docs/howto/serve.md.")
        yield Finding("config", ok=True, sentence="Can be read, and is safe to serve.")


def _space(directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free
    sentence = f"{free / 1e9:.1f} GB are free where {directory} is."
    if free >= _LEAST_FREE:
        return Finding("disk", ok=True, sentence=sentence)
    return Finding("disk", ok=False, sentence=sentence, cure="Make room: 0.5 GB at least.")


def _sync(directory: Path) -> Finding:
    """How long this disk takes to have 4 KiB safely on it: what every accept waits for."""
    probe = directory / ".doctor"
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            took = statistics.median(_sync_once(descriptor) for _ in range(_SYNCS))
        finally:
            os.close(descriptor)
            probe.unlink()
    except OSError as error:
        sentence = f"{directory} cannot be written: {error.strerror}."
        cure = "Give this user the right to write there, or make room."
        return Finding("disk", ok=False, sentence=sentence, cure=cure)
    return _how_long("disk", "sync", took, "put the data directory on a faster, local disk.")


def _how_long(area: str, what: str, took: float, cure: str) -> Finding:
    sentence = f"A {what} takes {took:.2f} ms."
    if took <= _SLOW_SYNC_MS:
        return Finding(area, ok=True, sentence=sentence)
    return Finding(area, ok=False, sentence=sentence, cure=f"Each accept waits for one: {cure}")


def _sync_once(descriptor: int) -> float:
    began = time.perf_counter()
    os.write(descriptor, bytes(4_096))
    os.fdatasync(descriptor)
    return (time.perf_counter() - began) * 1_000


def _store(settings: Settings, opener: Opener) -> Iterator[Finding]:
    try:
        clock = opener.clock()
        seal = opener.seal(clock)
        inspection = opener.inspect(seal)
        administering = opener.administration(seal, clock)
    except (KeyFileUnusable, StoreUnusable) as error:
        yield Finding("store", ok=False, sentence=str(error), cure="See the sentence above.")
        return
    known = administering.directory()
    administering.close()
    yield Finding("keys", ok=True, sentence="The key file opens the database.")
    if opener.place.database:
        cure = "give PostgreSQL a faster disk, or put it nearer."
        yield _how_long("database", "commit", inspection.commit_ms, cure)
    yield _clock(clock(), inspection.last_write)
    yield _books(inspection.broken_books)
    yield from _routes(settings, known)


def _clock(now: Millis, last_write: Millis) -> Finding:
    if last_write <= now + SECOND:
        return Finding("clock", ok=True, sentence=f"It is {rfc3339(now)}.")
    sentence = f"It is {rfc3339(now)}, but the store was last written at {rfc3339(last_write)}."
    cure = "Set the clock right (NTP). A start is refused from five minutes on."
    return Finding("clock", ok=False, sentence=sentence, cure=cure)


def _books(broken: list[int]) -> Finding:
    if not broken:
        return Finding("books", ok=True, sentence="Every balance is the sum of its ledger.")
    sentence = f"The balance of account {broken[0]} is not the sum of its ledger."
    cure = "Stop the house, keep a copy of the data directory, and report it as a bug."
    return Finding("books", ok=False, sentence=sentence, cure=cure)


def _routes(settings: Settings, known: Directory) -> Iterator[Finding]:
    """`dev` brings its own sandbox; any other provider needs its table in the configuration."""
    tables = msgspec.structs.asdict(settings.providers)
    configured = {name for name, table in tables.items() if table is not None}
    if _is_development(known):
        configured.add("sandbox")
    for kind, providers in known.routes.items():
        missing = [name for name in providers if name not in configured]
        sentence = f"{kind} goes through {' → '.join(providers)}."
        cure = (
            f"Configure [providers.{missing[0]}], and name the file: --config." if missing else ""
        )
        yield Finding("routes", ok=not missing, sentence=sentence, cure=cure)
    if not known.routes:
        cure = "Route one: 'hongyan route verification PROVIDER'."
        yield Finding("routes", ok=False, sentence="No provider is routed.", cure=cure)


def _is_development(known: Directory) -> bool:
    return development.APP in known.apps
