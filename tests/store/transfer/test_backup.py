"""What was backed up is found again when the original is lost, and nothing is sent twice; what is not a
whole archive changes nothing.
"""

import asyncio
import json
import random
import shutil
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from hongyan.core.message import Kind, Status
from hongyan.core.outcome import Deferred
from hongyan.core.time import HOUR, MINUTE
from hongyan.store.opening import KEY_FILE, StoreAway, StoreUnusable
from hongyan.store.postgres import schema as postgres_schema
from hongyan.store.postgres.connections import Address, opened
from hongyan.store.seal import KeyFileUnusable, KeyRing
from hongyan.store.sqlite import schema
from hongyan.store.transfer import archive as archives
from hongyan.store.transfer.archive import ArchiveReader, ArchiveUnusable, Manifest
from hongyan.store.transfer.backup import Kept, backup_postgres, backup_sqlite
from hongyan.store.transfer.leaving import RESTORED
from hongyan.store.transfer.moving import move
from hongyan.store.transfer.restore import Restored, Wanted, restore_postgres, restore_sqlite
from store.transfer.conftest import House
from support.lived import LINK, lives_on, seen
from support.postgres import drop_database, fresh_database
from support.world import World

pytestmark = pytest.mark.timeout(60)
"""Databases are made and dropped, which takes the server seconds when it has much to do."""


def nobody(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass
class Original:
    """A house on either kind of store, and what becomes of it."""

    house: House
    tmp: Path
    kind: str
    address: Address | None = None
    addresses: list[Address] = field(default_factory=list)
    """Of the databases that it was restored into."""

    @property
    def archive(self) -> Path:
        return self.tmp / "house.zip"

    @property
    def elsewhere(self) -> Path:
        """Where it is restored to."""
        return self.tmp / "elsewhere"

    async def opened(self) -> World:
        return await self.house.opened(self.address)

    async def restored_world(self) -> World:
        address = self.addresses[-1] if self.addresses else None
        return await self.house.opened(address, self.elsewhere)

    async def back_up(
        self, *, keys: bool = True, config: Path | None = None, watch: Any = nobody
    ) -> Manifest:
        kept = Kept(directory=self.house.directory, config=config, with_keys=keys)
        if self.address is None:
            return backup_sqlite(kept, self.archive, self.house.clock, watch)
        return await backup_postgres(kept, self.address, self.archive, self.house.clock, watch)

    async def lose(self) -> None:
        shutil.rmtree(self.house.directory)
        if self.address is not None:
            drop_database(self.address.url)

    async def restore(self, **differing: Any) -> Restored:
        words = {"archive": self.archive, "directory": self.elsewhere, "keys": None}
        wanted = Wanted(**({"send_waiting": False} | words | differing))
        if self.kind == "sqlite":
            return restore_sqlite(wanted, self.house.clock, nobody)
        if not self.addresses:
            self.addresses.append(Address(fresh_database()))
        return await restore_postgres(wanted, self.addresses[-1], self.house.clock, nobody)

    def nothing_was_done(self) -> bool:
        left = (
            {path.name for path in self.elsewhere.iterdir()} if self.elsewhere.exists() else set()
        )
        return left <= {"hongyan.lock"}


@pytest.fixture(params=["sqlite", "postgres"])
async def original(
    request: pytest.FixtureRequest, house: House, tmp_path: Path
) -> AsyncIterator[Original]:
    made = Original(house, tmp_path, request.param)
    if request.param == "postgres":
        made.address = Address(fresh_database())
        await move(house.directory, house.seal, made.address, house.clock, nobody)
    yield made
    for address in (*made.addresses, *([made.address] if made.address else [])):
        drop_database(address.url)


@pytest.fixture
def sqlite(house: House, tmp_path: Path) -> Original:
    return Original(house, tmp_path, "sqlite")


# The original is lost.


async def test_everything_is_found_again(original: Original) -> None:
    world = await original.opened()
    expected = await seen(world, original.house.lived)
    made = await original.back_up()
    await world.close()
    await original.lose()
    restored = await original.restore(send_waiting=True)
    assert restored.manifest.figures == made.figures
    world = await original.restored_world()
    assert await seen(world, original.house.lived) == expected
    assert {one.message.id for one in await world.begun()} == set(original.house.lived.waiting)
    world.clock.pass_by(MINUTE)
    assert world.administering.claim_task(MINUTE) == world.administering.task(LINK)
    await lives_on(world, original.house.lived)
    await world.close()


async def test_what_waited_is_not_sent_again(original: Original) -> None:
    lived = original.house.lived
    world = await original.opened()
    begun = {one.message.kind: one for one in await world.begun(1)}
    deferred, sending = begun[Kind.NOTICE], begun[Kind.VERIFICATION]
    claimed, *_ = await world.claim(1)
    await world.settle(deferred, Deferred("Busy.", HOUR))
    await original.back_up()
    balance = await world.balance()
    await world.close()
    await original.lose()
    waiting = {*lived.waiting, lived.deferred}
    assert (await original.restore()).held_back == len(waiting) - 1, "one was being sent"
    world = await original.restored_world()
    await world.sweep()
    world.clock.pass_by(HOUR)
    await world.sweep()
    assert await world.claim() == []
    for message in waiting:
        record = await world.record(message)
        assert record.status == Status.UNCONFIRMED
        assert record.attempts[-1].outcome == "unconfirmed"
        # Another provider may have had it since, so no word of this one ends it.
        assert record.attempts[-1].provider == "unknown"
    assert {claimed.message.id, deferred.message.id, sending.message.id} <= waiting
    asked = await world.store.claim_inquiries("sandbox", 100, MINUTE)
    assert asked
    assert not waiting.intersection(one.message for one in asked)
    assert await world.balance() == balance
    assert (await world.record(lived.deferred)).attempts[0].outcome == "deferred"
    new = await world.sent("+8613712345678")
    assert [one.message.id for one in await world.claim()] == [new.id]
    await world.close()


async def test_a_task_does_not_go_on(original: Original) -> None:
    world = await original.opened()
    await original.back_up()
    await world.close()
    await original.lose()
    await original.restore()
    world = await original.restored_world()
    world.clock.pass_by(MINUTE)
    assert world.administering.claim_task(MINUTE) is None
    _, lines = world.administering.lines_of_task(LINK, 0, 10, world.store.directory)
    assert [(one.line, one.reason) for one in lines][1:] == [(2, RESTORED)]
    await world.close()


async def test_a_backup_is_of_one_moment(original: Original) -> None:
    world = await original.opened()
    before, sent = await world.balance(), 0

    def watch(_what: str, _done: int, _total: int) -> None:
        # It is served meanwhile: from its own thread, as another process would.
        nonlocal sent
        sent += 1

    async def go_on() -> None:
        for number in range(20):
            await world.sent(f"+86133{number:08}")

    if original.address is None:
        await asyncio.gather(go_on(), asyncio.to_thread(_backup_here, original, watch))
    else:
        await asyncio.gather(go_on(), original.back_up(watch=watch))
    assert await world.balance() == before - 20
    await world.close()
    await original.lose()
    restored = await original.restore()
    figures = restored.manifest.figures
    assert figures["account"].sums["balance"] == figures["ledger"].sums["units"]
    world = await original.restored_world()
    held = before - await world.balance()
    assert 0 <= held <= 20
    await world.close()


async def test_configuration_and_keys_are_in_it_when_they_are_meant_to_be(
    original: Original, tmp_path: Path
) -> None:
    config = tmp_path / "hongyan.toml"
    config.write_text("data = 'data'\n", encoding="utf-8")
    await original.back_up(config=config)
    keys = (original.house.directory / KEY_FILE).read_bytes()
    with ArchiveReader(original.archive) as archive:
        assert archive.content(archives.KEYS_MEMBER) == keys
    assert original.archive.stat().st_mode & 0o777 == 0o600
    await original.lose()
    restored = await original.restore()
    assert restored.config == original.elsewhere / "hongyan.toml"
    assert restored.config.read_text("utf-8") == "data = 'data'\n"
    assert (original.elsewhere / KEY_FILE).read_bytes() == keys
    assert (original.elsewhere / KEY_FILE).stat().st_mode & 0o777 == 0o600


async def test_without_its_keys_it_needs_them(original: Original, tmp_path: Path) -> None:
    await original.back_up(keys=False)
    keys = shutil.copyfile(original.house.directory / KEY_FILE, tmp_path / "kept.key")
    with ArchiveReader(original.archive) as archive:
        assert archives.KEYS_MEMBER not in archive.manifest.members
    assert keys.read_bytes() not in original.archive.read_bytes()
    with pytest.raises(StoreUnusable, match="--keys"):
        await original.restore()
    KeyRing.create(tmp_path / "other.key", 0)
    with pytest.raises(KeyFileUnusable, match="not the key file of this house"):
        await original.restore(keys=tmp_path / "other.key")
    assert original.nothing_was_done()
    await original.restore(keys=keys)
    world = await original.restored_world()
    await lives_on(world, original.house.lived)
    await world.close()


async def test_the_keys_may_stand_there_already(original: Original) -> None:
    await original.back_up(keys=False)
    original.elsewhere.mkdir()
    shutil.copyfile(original.house.directory / KEY_FILE, original.elsewhere / KEY_FILE)
    await original.restore()
    world = await original.restored_world()
    await lives_on(world, original.house.lived)
    await world.close()


async def test_an_archive_of_an_older_schema_is_brought_up_to_date(sqlite: Original) -> None:
    directory = sqlite.house.directory
    (directory / schema.DATABASE).unlink()
    connection = schema.connect(directory)
    connection.execute(schema.migrations()[0][1]).fetchall()
    connection.execute("PRAGMA user_version = 1").fetchall()
    schema.require_key(connection, sqlite.house.seal)
    connection.close()
    assert (await sqlite.back_up()).schema == 1
    await sqlite.restore()
    assert schema.pending(sqlite.elsewhere) == []
    world = await sqlite.restored_world()
    assert world.administering.create_account("First", "personal") == 1
    await world.close()


async def test_so_is_one_of_a_database(house: House, tmp_path: Path, address: Address) -> None:
    old = Original(house, tmp_path, "postgres", address)
    connection = await opened(address, "hongyan test")
    await postgres_schema.migrate(connection, address, house.clock(), up_to=1)
    await postgres_schema.require_key(connection, address, house.seal)
    await connection.close()
    assert (await old.back_up()).schema == 1
    await old.restore()
    world = await old.restored_world()
    assert world.administering.create_account("First", "personal") == 1
    await world.close()
    drop_database(old.addresses[0].url)


# What is no archive.


@pytest.fixture
async def whole(sqlite: Original) -> bytes:
    await sqlite.back_up()
    return sqlite.archive.read_bytes()


async def test_an_archive_that_was_cut_changes_nothing(sqlite: Original, whole: bytes) -> None:
    for end in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        sqlite.archive.write_bytes(whole[:end])
        with pytest.raises(ArchiveUnusable):
            await sqlite.restore()
        assert sqlite.nothing_was_done()


async def test_an_archive_with_a_wrong_byte_changes_nothing(sqlite: Original, whole: bytes) -> None:
    """Or the byte is one that nobody reads, such as a member's date."""
    chance, refused = random.Random(1), 0
    for _ in range(60):
        place = chance.randrange(len(whole))
        wrong = bytes([whole[place] ^ (1 << chance.randrange(8))])
        sqlite.archive.write_bytes(whole[:place] + wrong + whole[place + 1 :])
        try:
            with ArchiveReader(sqlite.archive) as archive:
                archive.verify(lambda _done, _total: None)
        except ArchiveUnusable:
            refused += 1
    assert refused > 45
    sqlite.archive.write_bytes(whole[:500] + bytes(1000) + whole[1500:])
    with pytest.raises(ArchiveUnusable, match="damaged"):
        await sqlite.restore()
    assert sqlite.nothing_was_done()


def altered(path: Path, **changes: Any) -> None:
    """The same archive with another manifest, sums and all."""
    beside = path.with_suffix(".altered")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(beside, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                content = json.dumps(json.loads(content) | changes).encode()
            new.writestr(name, content)
    beside.replace(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": 999}, "knows"),
        ({"format": 999, "members": None}, "newer version"),
        ({"figures": {}}, "nothing was changed"),
        ({"members": {}}, "does not hold"),
        ({"store": "oracle"}, "no archive of a house"),
    ],
)
async def test_an_archive_that_cannot_be_right_changes_nothing(
    sqlite: Original, changes: dict[str, Any], words: str
) -> None:
    await sqlite.back_up()
    altered(sqlite.archive, **changes)
    with pytest.raises(ArchiveUnusable, match=words):
        await sqlite.restore()
    assert sqlite.nothing_was_done()


async def test_figures_that_are_not_the_rows_change_nothing(original: Original) -> None:
    made = await original.back_up()
    figures = msgspec.to_builtins(made.figures)
    figures["account"]["sums"]["balance"] += 1
    altered(original.archive, figures=figures)
    with pytest.raises(ArchiveUnusable, match="account: balance"):
        await original.restore()
    assert original.nothing_was_done()
    if original.addresses:
        connection = await _asked(original.addresses[0], "SELECT to_regclass('account')")
        assert connection is None


async def test_what_is_no_archive_at_all_is_told(sqlite: Original) -> None:
    with pytest.raises(ArchiveUnusable, match="does not exist"):
        await sqlite.restore()
    sqlite.archive.write_text("A letter.")
    with pytest.raises(ArchiveUnusable, match="no archive"):
        await sqlite.restore()
    with zipfile.ZipFile(sqlite.archive, "w") as other:
        other.writestr("letter", "A letter.")
    with pytest.raises(ArchiveUnusable, match="no archive"):
        await sqlite.restore()


# Where there is something already.


async def test_what_is_there_stays(sqlite: Original) -> None:
    await sqlite.back_up()
    sqlite.elsewhere.mkdir()
    (sqlite.elsewhere / "letter").write_text("A letter.")
    with pytest.raises(StoreUnusable, match="not empty: it holds letter"):
        await sqlite.restore()
    assert [path.name for path in sqlite.elsewhere.iterdir() if path.name != "hongyan.lock"] == [
        "letter"
    ]
    with pytest.raises(StoreUnusable, match="not empty"):
        await sqlite.restore(directory=sqlite.house.directory)


async def test_a_file_of_that_name_stays(sqlite: Original) -> None:
    sqlite.archive.write_text("A letter.")
    with pytest.raises(ArchiveUnusable, match="exists already"):
        await sqlite.back_up()
    assert sqlite.archive.read_text() == "A letter."


@pytest.mark.parametrize("original", ["postgres"], indirect=True)
async def test_a_database_that_holds_a_house_stays(original: Original) -> None:
    assert original.address is not None
    await original.back_up()
    original.addresses.append(original.address)
    with pytest.raises(StoreUnusable, match="holds a house already"):
        await original.restore()
    assert original.nothing_was_done()
    original.addresses.clear()


async def test_houses_do_not_change_their_kind(original: Original) -> None:
    await original.back_up()
    original.kind = {"sqlite": "postgres", "postgres": "sqlite"}[original.kind]
    with pytest.raises(StoreUnusable, match=r"hongyan move|--database"):
        await original.restore()


async def test_a_part_of_a_house_is_not_backed_up(house: House, tmp_path: Path) -> None:
    class Broken(Exception):
        pass

    def watch(what: str, _done: int, _total: int) -> None:
        if what == "message":
            raise Broken

    original = Original(house, tmp_path, "postgres", Address(fresh_database()))
    assert original.address is not None
    try:
        with suppress(Broken):
            await move(house.directory, house.seal, original.address, house.clock, watch)
        with pytest.raises(StoreUnusable, match="not finished"):
            await original.back_up()
    finally:
        drop_database(original.address.url)


# What goes wrong on the way.


async def test_what_is_not_finished_leaves_no_file(sqlite: Original) -> None:
    class Broken(Exception):
        pass

    def watch(_what: str, done: int, total: int) -> None:
        if done and done == total:
            raise Broken

    with pytest.raises(Broken):
        await sqlite.back_up(watch=watch)
    assert sorted(path.name for path in sqlite.tmp.iterdir()) == ["data"]


async def test_a_backup_that_was_killed_is_in_nobodys_way(original: Original) -> None:
    part = original.archive.with_name("house.zip.part")
    part.write_bytes(b"half of it" * 100_000)
    original.archive.with_name("house.zip.copy").write_bytes(b"half of it")
    await original.back_up()
    assert not part.exists()
    await original.lose()
    await original.restore()


async def test_a_restore_that_was_killed_is_in_nobodys_way(original: Original) -> None:
    await original.back_up()
    (original.elsewhere / ".restoring").mkdir(parents=True)
    (original.elsewhere / ".restoring" / "hongyan.db").write_bytes(b"half of it")
    await original.restore()
    assert not (original.elsewhere / ".restoring").exists()


def test_a_damaged_database_is_not_backed_up(sqlite: Original) -> None:
    path = sqlite.house.directory / schema.DATABASE
    content = bytearray(path.read_bytes())
    content[40_960:49_152] = bytes(8_192)
    path.write_bytes(content)
    with pytest.raises(StoreUnusable, match=r"damaged|malformed"):
        _backup_here(sqlite, nobody)
    assert not sqlite.archive.exists()


async def test_a_directory_without_a_house_is_named(sqlite: Original) -> None:
    (sqlite.house.directory / schema.DATABASE).unlink()
    with pytest.raises(StoreUnusable, match=r"holds no hongyan\.db"):
        await sqlite.back_up()
    assert sorted(path.name for path in sqlite.tmp.iterdir()) == ["data"]


async def test_a_database_without_a_house_is_named(house: House, tmp_path: Path) -> None:
    original = Original(house, tmp_path, "postgres", Address(fresh_database()))
    assert original.address is not None
    with pytest.raises(StoreUnusable, match="holds no house"):
        await original.back_up()
    drop_database(original.address.url)
    with pytest.raises(StoreUnusable, match="There is no database"):
        await original.back_up()
    original.address = Address("postgresql://nobody:topsecret@127.0.0.1:1/none")
    with pytest.raises(StoreAway) as caught:
        await original.back_up()
    assert "topsecret" not in str(caught.value)
    assert not original.archive.exists()


async def test_another_houses_key_file_is_noticed(original: Original) -> None:
    (original.house.directory / KEY_FILE).unlink()
    KeyRing.create(original.house.directory / KEY_FILE, 0)
    with pytest.raises(KeyFileUnusable, match="not the key file"):
        await original.back_up(keys=False)
    (original.house.directory / KEY_FILE).unlink()
    with pytest.raises(KeyFileUnusable, match="missing"):
        await original.back_up()
    await original.back_up(keys=False)


def _backup_here(original: Original, watch: Any) -> Manifest:
    kept = Kept(directory=original.house.directory, config=None, with_keys=True)
    return backup_sqlite(kept, original.archive, original.house.clock, watch)


async def _asked(address: Address, sql: str) -> Any:
    connection = await asyncpg.connect(address.url)
    found = await connection.fetchval(sql)
    await connection.close()
    return found
