"""The house as it is laid out, and the documents that must say what is true of it."""

import re
import tomllib
from importlib import import_module, resources
from pathlib import Path

import msgspec
import pytest

from hongyan.settings import Settings

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "hongyan"


def test_the_sample_configuration_shows_every_setting_with_its_default() -> None:
    sample = resources.files("hongyan").joinpath("hongyan.sample.toml").read_text("utf-8")
    shown = tomllib.loads(sample)
    defaults = msgspec.to_builtins(Settings())
    shown["server"]["base_url"] = defaults["server"]["base_url"]
    defaults.pop("providers")
    assert msgspec.convert(shown, Settings) == Settings()
    assert {table: set(keys) for table, keys in shown.items() if isinstance(keys, dict)} == {
        table: set(keys) for table, keys in defaults.items() if isinstance(keys, dict)
    }


def test_no_drawer_is_called_a_room() -> None:
    drawers = {"utils", "helpers", "common", "misc", "manager", "base", "impl"}
    assert not [path for path in SOURCE.rglob("*.py") if path.stem in drawers]


def test_no_module_is_too_long_to_be_read_at_once() -> None:
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in SOURCE.rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 480
    }
    assert not long


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_every_query_has_a_user_and_every_user_a_query(kind: str) -> None:
    queries = import_module(f"hongyan.store.queries.{kind}").SQL
    rooms = (SOURCE / "store", SOURCE / "store" / kind)
    code = "\n".join(path.read_text("utf-8") for room in rooms for path in room.glob("*.py"))
    used = set(re.findall(r'SQL\["(\w+)"\]', code))
    assert used <= set(queries)
    unused = {name for name in queries if f'"{name}"' not in code}
    assert not unused
