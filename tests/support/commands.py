"""What tests ask of the command line again and again."""

from pathlib import Path

from support.process import Finished, hongyan


def refused(*arguments: str | Path, **environment: str) -> str:
    """The sentence of a command that ends with 1."""
    done = hongyan(*arguments, "--json", **environment)
    assert (done.code, done.err) == (1, ""), done
    assert list(done.json) == ["error"]
    return str(done.json["error"])


def rewrite(config: Path, old: str, new: str) -> None:
    text = config.read_text("utf-8")
    assert old in text
    config.write_text(text.replace(old, new), encoding="utf-8")


def inited(directory: Path) -> Finished:
    return hongyan("init", directory, "--base-url", "https://sms.example.com", "--json")
