"""`send` and `verify`: calls to a house that is open, as an app's server makes them."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import msgspec
import rich_click as click

from hongyan.api.messages import MessageAccepted
from hongyan.api.problem import Problem, problem_of
from hongyan.api.verifications import VerificationApproved, VerificationPending
from hongyan.app.development import DEV_FILE
from hongyan.cli.show import as_json, fail, show
from hongyan.core.errors import CodeRefused, NotFound
from hongyan.core.identifier import read_uuid, written_uuid

T = TypeVar("T")

_TIMEOUT_S: Final = 15
_REFUSED: Final = 400


class House:
    """Where to call, and with which key."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._key = key

    def post(self, path: str, body: dict[str, Any], gives: type[T]) -> T:
        """The answer. A refusal ends the command with its sentence and code."""
        try:
            status, told = self._asked(path, body)
        except (OSError, ValueError, http.client.HTTPException) as error:
            sentence = f"{self._url} does not answer ({error}). Start one with 'hongyan dev', or"
            fail(sentence + " name another with --url.")
        if status >= _REFUSED:
            _fail_with(self._read(told, Problem))
        return self._read(told, gives)

    def _asked(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """(status, body) of what answers, whatever it is."""
        request = urllib.request.Request(  # noqa: S310 - the operator's own address
            self._url + path,
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read()

    def _read(self, told: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(told, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            fail(f"What answers at {self._url} is no Hongyan. Name another address with --url.")


class _DevFile(msgspec.Struct):
    """What is needed of dev.json."""

    base_url: str
    api_key: str


def _house(url: str | None, key: str | None, directory: Path) -> House:
    """As told; else from the dev.json of the data directory."""
    if url and key:
        return House(url, key)
    try:
        found = msgspec.json.decode((directory / DEV_FILE).read_bytes(), type=_DevFile)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        fail("Give --url and --key, or the --data directory of a 'hongyan dev'.")
    return House(url or found.base_url, key or found.api_key)


def _path(verification: str, verb: str) -> str:
    """Where a verification is asked for. What is no id never gets into an address: it is refused
    as the house refuses one that it does not know.
    """
    try:
        return f"/v1/verifications/{written_uuid(read_uuid(verification))}/{verb}"
    except NotFound:
        _fail_with(problem_of(CodeRefused()))


def _fail_with(problem: Problem) -> NoReturn:
    fail(f"{problem.code}: {problem.detail}", problem=problem)


def _calling(command: Any) -> Any:
    for option in (
        click.option("--url", envvar="HONGYAN_URL", help="The house's address."),
        click.option("--key", envvar="HONGYAN_API_KEY", help="A secret key of the app."),
        click.option(
            "--data",
            "directory",
            type=click.Path(path_type=Path),
            default=Path("data"),
            show_default=True,
            help="Take both from DIR/dev.json.",
        ),
        as_json,
    ):
        command = option(command)
    return command


@click.command()
@click.argument("phone")
@click.option("--template", default="", help="A template's name.")
@click.option("--param", "params", multiple=True, help="A value for {1}, {2} …, in order.")
@click.option("--text", default="", help="A free text instead of a template.")
@click.option("--signature", default="", help="The signature of a free text.")
@_calling
def send(
    phone: str,
    template: str,
    params: Sequence[str],
    text: str,
    signature: str,
    url: str | None,
    key: str | None,
    directory: Path,
) -> None:
    """Send a text to PHONE."""
    body: dict[str, Any] = {"to": phone}
    if template:
        body |= {"template": template, "params": list(params)}
    if text or signature:
        body |= {"text": text, "signature": signature}
    answer = _house(url, key, directory).post("/v1/messages", body, MessageAccepted)
    show(answer, f"{answer.id}  {answer.status}, {answer.segments} segment(s)")


@click.group()
def verify() -> None:
    """Verifications: start one, send again, check a code."""


@verify.command("start")
@click.argument("phone")
@click.option("--purpose", default="login", show_default=True)
@_calling
def verify_start(
    phone: str, purpose: str, url: str | None, key: str | None, directory: Path
) -> None:
    """Send a code to PHONE."""
    body = {"phone": phone, "purpose": purpose}
    house = _house(url, key, directory)
    _show_pending(house.post("/v1/verifications", body, VerificationPending))


@verify.command("resend")
@click.argument("verification")
@_calling
def verify_resend(verification: str, url: str | None, key: str | None, directory: Path) -> None:
    """Send another code for VERIFICATION."""
    house = _house(url, key, directory)
    _show_pending(house.post(_path(verification, "resend"), {}, VerificationPending))


@verify.command("check")
@click.argument("verification")
@click.argument("code")
@_calling
def verify_check(
    verification: str, code: str, url: str | None, key: str | None, directory: Path
) -> None:
    """Check CODE; a right one prints the proof."""
    house = _house(url, key, directory)
    answer = house.post(_path(verification, "check"), {"code": code}, VerificationApproved)
    show(answer, f"{answer.status}\n{answer.proof}")


def _show_pending(answer: VerificationPending) -> None:
    lines = (
        f"{answer.id}  {answer.status} until {answer.expires_at}",
        f"again from {answer.resend_at}, {answer.sends_left} send(s) left",
    )
    show(answer, "\n".join(lines))
