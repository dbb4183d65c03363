"""A house that many tests share, houses of a test's own, and who calls them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hongyan.protocols import TencentSettings
from hongyan.settings import Settings
from support.commands import inited, rewrite
from support.held import HeldHouse
from support.process import Client, Dev, new_address, new_phone


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """One house for a whole run: give each test numbers and addresses of its own."""
    # A provider that never answers is waited for half a second instead of five.
    quick = {"HONGYAN__PROVIDERS__SANDBOX__TIMEOUT_S": "0.5"}
    with Dev(tmp_path_factory.mktemp("dev") / "data", **quick) as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Dev]:
    """A house that no other test calls."""
    with Dev(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def held(tmp_path: Path) -> Iterator[HeldHouse]:
    """A house of this test's own, whose clock the test holds."""
    with HeldHouse(tmp_path) as opened:
        yield opened


@pytest.fixture
def held_by(tmp_path: Path) -> Iterator[Callable[..., HeldHouse]]:
    """Opens such houses with settings of `[tencent]`."""
    with ExitStack() as opened:

        def open_one(**settings: Any) -> HeldHouse:
            folder = tmp_path / f"held{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            tencent = msgspec.convert(settings, TencentSettings)
            return opened.enter_context(HeldHouse(folder, Settings(tencent=tencent)))

        yield open_one


@pytest.fixture
def phone() -> str:
    return new_phone()


@pytest.fixture
def app(dev: Dev) -> Client:
    """The shared app's server, with its secret key."""
    return dev.app


@pytest.fixture
def page(dev: Dev) -> Client:
    """A page of the shared app, with the publishable key, at an address of its own."""
    return dev.page.at(new_address())


@pytest.fixture
def nobody(dev: Dev) -> Client:
    """A caller without a key, at an address of its own."""
    return dev.nobody.at(new_address())


@pytest.fixture(scope="session")
def other_app(dev: Dev) -> Client:
    """Another app's server in the shared house."""
    created = dev.command("app", "create", "Other", "--name", "app_other")
    dev.command("app", "change", "app_other", "--template", "code")
    return Client(dev.url, created["api_key"])


# Data directories and configurations, to be damaged.


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    """A directory with whose rights a test plays."""
    path = tmp_path / "mine"
    path.mkdir()
    yield path
    for one in (path, *path.rglob("*")):
        one.chmod(0o700)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a house that has been closed; to be copied."""
    data = tmp_path_factory.mktemp("furnished") / "data"
    with Dev(data) as house:
        house.app.settled(house.app.sent(new_phone()), "delivered")
        assert house.stop() == 0
    return data


@pytest.fixture
def data(furnished: Path, tmp_path: Path) -> Path:
    """Such a directory, of this test's own."""
    return shutil.copytree(furnished, tmp_path / "data")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What `init` makes, to be copied, and the key that it printed."""
    directory = tmp_path_factory.mktemp("made")
    done = inited(directory)
    assert done.code == 0, done
    rewrite(directory / "hongyan.toml", "port = 8080", "port = 0")
    rewrite(
        directory / "hongyan.toml", "trusted_proxies = []", 'trusted_proxies = ["127.0.0.1/32"]'
    )
    return directory, done.json["api_key"]


@pytest.fixture
def production(made: tuple[Path, str], tmp_path: Path) -> Path:
    """The configuration of a house of this test's own."""
    return shutil.copytree(made[0], tmp_path / "production") / "hongyan.toml"
