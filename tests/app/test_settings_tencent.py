"""`[tencent]`: what may stand there, and that a mistake is told with file, line and key."""

from pathlib import Path

import pytest

from hongyan.core.lint.rule import Rulebook
from hongyan.settings import Settings, SettingsError, load


def loaded(tmp_path: Path, table: str) -> Settings:
    file = tmp_path / "hongyan.toml"
    file.write_text(f"[tencent]\n{table}\n", encoding="utf-8")
    return load(file, {})


def test_what_may_stand_there(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        'prefixes = ["/tencent", "/a/b-c"]\npublic_names = ["sms.example.com", "sms:8443"]\n'
        'rules = "live"\napprove_after_s = 0\nsensitive_words = ["赌博"]',
    ).tencent
    assert found.prefixes == ("/tencent", "/a/b-c")
    assert found.public_names == ("sms.example.com", "sms:8443")
    assert (found.rules, found.approve_after_s) == (Rulebook.LIVE, 0)
    assert found.sensitive_words == ("赌博",)


@pytest.mark.parametrize(
    "line",
    [
        'prefixes = ["tencent"]',
        'prefixes = ["/"]',
        'prefixes = ["/tencent/"]',
        'prefixes = ["/a b"]',
        'prefixes = ["/{id}"]',
        'public_names = ["https://sms.example.com"]',
        'public_names = [""]',
        'rules = "strict"',
        "approve_after_s = -2",
        'sensitive_words = [""]',
        "unknown = 1",
    ],
)
def test_what_may_not(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=r"hongyan\.toml, line [12]: tencent"):
        loaded(tmp_path, line)
