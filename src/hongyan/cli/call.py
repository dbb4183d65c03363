"""`send` and `verify`: calls to a house that is open, as an app's server makes them."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import rich_click as click

from hongyan.cli.show import as_json, fail, show

_TIMEOUT_S: Final = 15


class House:
    """Where to call, and with which key."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._key = key

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer. A refusal ends the command with its sentence and code."""
        request = urllib.request.Request(  # noqa: S310 - the operator's own address
            self._url + path,
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read() or b"{}")
            sentence = problem.get("detail", str(error))
            fail(f"{problem.get('code', error.code)}: {sentence}", problem=problem)
        except (urllib.error.URLError, OSError, ValueError) as error:
            sentence = f"{self._url} does not answer ({error}). Start one with 'hongyan dev', or"
            fail(sentence + " name another with --url.")


def _house(url: str | None, key: str | None, directory: Path) -> House:
    """As told; else from the dev.json of the data directory."""
    if url and key:
        return House(url, key)
    try:
        found = json.loads((directory / "dev.json").read_text("utf-8"))
    except (OSError, ValueError):
        fail("Give --url and --key, or the --data directory of a 'hongyan dev'.")
    return House(url or found["base_url"], key or found["api_key"])


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
    answer = _house(url, key, directory).post("/v1/messages", body)
    show(answer, f"{answer.get('id')}  {answer.get('status')}, {answer.get('segments')} segment(s)")


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
    _show_pending(_house(url, key, directory).post("/v1/verifications", body))


@verify.command("resend")
@click.argument("verification")
@_calling
def verify_resend(verification: str, url: str | None, key: str | None, directory: Path) -> None:
    """Send another code for VERIFICATION."""
    path = f"/v1/verifications/{verification}/resend"
    _show_pending(_house(url, key, directory).post(path, {}))


@verify.command("check")
@click.argument("verification")
@click.argument("code")
@_calling
def verify_check(
    verification: str, code: str, url: str | None, key: str | None, directory: Path
) -> None:
    """Check CODE; a right one prints the proof."""
    path = f"/v1/verifications/{verification}/check"
    answer = _house(url, key, directory).post(path, {"code": code})
    show(answer, f"{answer['status']}\n{answer['proof']}")


def _show_pending(answer: dict[str, Any]) -> None:
    lines = (
        f"{answer['id']}  {answer['status']} until {answer['expires_at']}",
        f"again from {answer['resend_at']}, {answer['sends_left']} send(s) left",
    )
    show(answer, "\n".join(lines))
