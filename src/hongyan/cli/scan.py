"""`scan`: finds the secrets that a mini program would give away, and says of each what to do."""

import sys
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec
import rich_click as click

from hongyan.cli.show import as_json, console, refusing, wants_json
from hongyan.core.leak import IGNORE, Rule
from hongyan.core.project import Place
from hongyan.service import scan as scanning
from hongyan.service.scan import LARGEST, Found, NoSuchDirectory, Reason, Scan, Skipped

FOUND: Final = 3

_TITLES: Final = {
    Rule.ZHENZI_APP_SECRET: "AppSecret of Zhenzi 榛子云",
    Rule.WECHAT_APP_SECRET: "AppSecret of WeChat",
    Rule.WECHAT_PAY_KEY: "Key of WeChat Pay",
    Rule.TENCENT_SECRET_ID: "SecretId of Tencent Cloud",
    Rule.TENCENT_SECRET_KEY: "SecretKey of Tencent Cloud",
    Rule.HONGYAN_SECRET_KEY: "Secret key of Hongyan",
    Rule.PRIVATE_KEY: "Private key",
    Rule.ACCESS_TOKEN: "Token",
    Rule.SECRET_LITERAL: "Secret",
}
_INSTEAD: Final = "give the mini program a publishable key (pk_…), which can only start and check"
_PHONE_CURES: Final = {
    Rule.ZHENZI_APP_SECRET: (
        "Reset it in Zhenzi's console now, or one of Hongyan's own with 'hongyan app rotate-secret"
        " APPID --overlap 0': whoever has the mini program has it. Then send from a cloud function"
        f" that has it in its environment, or {_INSTEAD}."
    ),
    Rule.WECHAT_APP_SECRET: (
        "Reset it on mp.weixin.qq.com now: whoever has the mini program has it. Call WeChat's"
        " server API from a server or a cloud function."
    ),
    Rule.HONGYAN_SECRET_KEY: (
        "Replace it now with 'hongyan key rotate APP HINT --overlap 0': whoever has the mini program"
        f" has it. Then {_INSTEAD}."
    ),
}
_PHONE_CURE: Final = (
    "Replace it where it was issued, now: whoever has the mini program has it. Keep the new one in"
    " the environment of a server or a cloud function, and call that."
)
_CURES: Final = {
    Place.CLOUD: (
        "It does not ship, but lies in version control: move it to the cloud function's environment"
        " and read process.env. Replace it if others can read the repository."
    ),
    Place.REPOSITORY: (
        "It does not ship, but lies in version control: move it to the environment or to a file"
        " that is not committed. Replace it if others can read the repository."
    ),
}
_REASONS: Final = {
    Reason.PACKAGE: "a built package, which cannot be read: scan what it was built from",
    Reason.TOO_LARGE: f"larger than {LARGEST // 1024 // 1024} MiB",
    Reason.UNREADABLE: "cannot be read: give this user the right to",
    Reason.LINK: "a link to what is not scanned, or to nothing",
    Reason.SPECIAL: "neither a file nor a directory",
}
"""What is told of each path; other reasons are nothing to care about, and only counted."""


@click.command(
    epilog=f"A comment '{IGNORE}' behind a secret, or alone on the line above, silences it."
)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--exclude",
    "excluded",
    multiple=True,
    metavar="GLOB",
    help="Leave out what matches, by path or by name. May be repeated.",
)
@click.option(
    "--warnings/--no-warnings",
    default=True,
    show_default=True,
    help="Whether secrets that do not ship to phones count for the exit code.",
)
@as_json
@refusing(NoSuchDirectory)
def scan(directory: Path, excluded: tuple[str, ...], warnings: bool) -> None:
    """Find secrets in a mini program's source or build. Exit code 3 if there are any.

    An error would ship to every phone; a warning is in a cloud function or beside the mini
    program, as project.config.json tells it. Secrets are shown by their first and last letters.
    Changes nothing, and calls nobody.
    """
    result = scanning.scan(directory, excluded)
    found = [one for one in result.found if not one.leak.ignored]
    errors = sum(one.place is Place.PHONE for one in found)
    if wants_json():
        sys.stdout.write(msgspec.json.encode(_object(result, found)).decode() + "\n")
    else:
        _tell(result, found)
    raise SystemExit(FOUND if errors or (found and warnings) else 0)


def _object(result: Scan, found: list[Found]) -> dict[str, Any]:
    errors = sum(one.place is Place.PHONE for one in found)
    return {
        "errors": errors,
        "warnings": len(found) - errors,
        "ignored": len(result.found) - len(found),
        "read": result.read,
        "findings": [
            {
                "severity": _severity(one),
                "rule": one.leak.rule,
                "title": _TITLES[one.leak.rule],
                "found": one.leak.masked,
                "path": one.path,
                "line": one.leak.line,
                "column": one.leak.column,
                "place": one.place,
                "cure": _cure(one),
            }
            for one in found
        ],
        "skipped": result.skipped,
    }


def _tell(result: Scan, found: list[Found]) -> None:
    for one in found:
        where = f"{one.path}:{one.leak.line}:{one.leak.column}"
        what = f"{_TITLES[one.leak.rule]}, {one.leak.masked} ({one.leak.rule})"
        console.print(f"{_severity(one):8} {where}\n{'':8} {what}", markup=False)
        console.print(f"{'':8} → {_cure(one)}", markup=False)
    for other in result.skipped:
        if reason := _REASONS.get(other.reason):
            console.print(f"{'skipped':8} {other.path}: {reason}", markup=False)
    console.print(_summary(result, found), markup=False)


def _summary(result: Scan, found: list[Found]) -> str:
    errors = sum(one.place is Place.PHONE for one in found)
    counts = [_count(errors, "error"), _count(len(found) - errors, "warning")]
    if ignored := len(result.found) - len(found):
        counts.append(f"{ignored} ignored by a comment")
    skipped = f"{len(result.skipped)} skipped"
    if result.skipped:
        skipped += f" ({_reasons(result.skipped)})"
    return f"{', '.join(counts)}. {_count(result.read, 'file')} read, {skipped}."


def _reasons(skipped: list[Skipped]) -> str:
    """How many for which reason; binary files with their suffixes, among which a script is odd."""
    told = []
    for reason, number in Counter(one.reason for one in skipped).items():
        told.append(f"{number} {reason.replace('_', ' ')}")
        if reason is Reason.BINARY:
            paths = [PurePosixPath(one.path) for one in skipped if one.reason is reason]
            suffixes = Counter(path.suffix or path.name for path in paths)
            told[-1] += f": {', '.join(suffixes)}"
    return "; ".join(told)


def _severity(one: Found) -> str:
    return "error" if one.place is Place.PHONE else "warning"


def _cure(one: Found) -> str:
    return _CURES.get(one.place) or _PHONE_CURES.get(one.leak.rule, _PHONE_CURE)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
