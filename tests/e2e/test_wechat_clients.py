"""Clients of WeChat as their users have them: only an address is changed, or the network around them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from hongyan.core.time import HOUR
from support.between_tls import TlsProxy
from support.held import HeldHouse
from support.mini_program import NICKNAME, SEND, Holder, MiniProgram, moved_in, new_number
from support.node import installed_node

pytestmark = [pytest.mark.external, pytest.mark.timeout(120)]

FOLDER: Final = Path(__file__).parents[1] / "clients" / "wechat"
PLATFORM: Final = "api.weixin.qq.com"
_CALL_S: Final = 60.0


@dataclass(frozen=True)
class Set:
    """What its user has set up."""

    url: str = ""
    """The address, where it is changed."""
    environment: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    stable: bool = True


class Client(Protocol):
    """One of them."""

    def call(
        self, mini: MiniProgram, how: Set, folder: Path, *bodies: Any, path: str = SEND
    ) -> list[Any]: ...


class Wechatpy:
    """Of Python. It sends no Content-Type, and asks for a new token as often as it has to."""

    def call(
        self, mini: MiniProgram, how: Set, folder: Path, *bodies: Any, path: str = SEND
    ) -> list[Any]:
        asked = _asked(mini, how, bodies, path) | {"token": how.token}
        done = subprocess.run(
            (sys.executable, "-W", "ignore", str(FOLDER / "call.py")),
            cwd=folder,
            env=dict(os.environ) | dict(how.environment),
            input=json.dumps(asked),
            encoding="utf-8",
            capture_output=True,
            check=False,
            timeout=_CALL_S,
        )
        assert done.returncode == 0, done.stderr
        found: list[Any] = json.loads(done.stdout)
        return found


class Easywechat:
    """Of Node. It keeps its token in a file."""

    def call(
        self, mini: MiniProgram, how: Set, folder: Path, *bodies: Any, path: str = SEND
    ) -> list[Any]:
        node = installed_node(FOLDER)
        asked = _asked(mini, how, bodies, path)
        asked |= {"folder": str(folder), "stable": how.stable, "throws": True}
        said = node.said(node.node, "call.js", given=json.dumps(asked), **how.environment)
        found: list[Any] = json.loads(said)
        return found


def _asked(mini: MiniProgram, how: Set, bodies: Sequence[Any], path: str) -> dict[str, Any]:
    return {
        "appid": mini.appid,
        "secret": mini.secret,
        "url": how.url,
        "calls": [{"path": path.lstrip("/"), "body": body} for body in bodies],
    }


@pytest.fixture(params=[Wechatpy(), Easywechat()], ids=["wechatpy", "easywechat"])
def client(request: pytest.FixtureRequest) -> Client:
    found: Client = request.param
    return found


@pytest.fixture
def mini(held: HeldHouse) -> MiniProgram:
    return moved_in(held)


@pytest.fixture
def holder(mini: MiniProgram) -> Holder:
    """Who writes the bodies; clients fetch tokens of their own."""
    return Holder(mini, "")


@pytest.fixture
def network(held: HeldHouse, tmp_path: Path) -> Iterator[TlsProxy]:
    with TlsProxy(held.url, tmp_path, PLATFORM) as proxy:
        yield proxy


def test_a_client_sends_with_nothing_changed_but_its_network(
    client: Client, mini: MiniProgram, holder: Holder, network: TlsProxy, tmp_path: Path
) -> None:
    one, other = new_number(), new_number()
    bodies = holder.marketing([one, "+86138"]), holder.notification([other])
    marketing, notified = client.call(mini, Set(environment=network.environment), tmp_path, *bodies)
    assert marketing["answer"]["errcode"] == 0
    first, second = marketing["answer"]["send_status_list"]
    assert (first["phone_number"], first["code"]) == (one, "Ok")
    assert second["code"] == "InvalidParameterValue.IncorrectPhoneNumber"
    assert notified["answer"]["send_status_list"][0]["code"] == "Ok"
    assert holder.text(one)["text"].startswith(f"【{NICKNAME}】")
    assert holder.text(other)["text"].startswith(f"【{NICKNAME}】")
    assert set(network.asked) == {PLATFORM}


def test_node_sends_to_another_address(mini: MiniProgram, holder: Holder, tmp_path: Path) -> None:
    for stable in (True, False):
        number = new_number()
        how = Set(url=mini.url, stable=stable)
        (told,) = Easywechat().call(mini, how, tmp_path, holder.marketing([number]))
        assert told["answer"]["send_status_list"][0]["code"] == "Ok"


def test_python_sends_to_another_address_with_a_token(
    mini: MiniProgram, holder: Holder, tmp_path: Path
) -> None:
    how = Set(url=f"{mini.url}/", token=mini.stable_token())
    (told,) = Wechatpy().call(mini, how, tmp_path, holder.marketing([new_number()]))
    assert told["answer"]["send_status_list"][0]["code"] == "Ok"


@pytest.mark.parametrize("later", [0, 2 * HOUR])
def test_python_fetches_a_new_token_for_an_old_one(
    held: HeldHouse,
    mini: MiniProgram,
    holder: Holder,
    network: TlsProxy,
    tmp_path: Path,
    later: int,
) -> None:
    """Without a limit: one that is refused again and again would never end."""
    old = mini.token()
    held.clock.pass_by(later)
    if not later:
        mini.token()
        mini.token()
    number = new_number()
    how = Set(environment=network.environment, token=old)
    (told,) = Wechatpy().call(mini, how, tmp_path, holder.marketing([number]))
    assert told["answer"]["send_status_list"][0]["code"] == "Ok"
    assert len(holder.texts(number)) <= 1


def test_a_client_is_told_what_is_wrong(
    client: Client, mini: MiniProgram, holder: Holder, network: TlsProxy, tmp_path: Path
) -> None:
    how = Set(environment=network.environment)
    wrong = holder.marketing([new_number()], env="nowhere")
    (told,) = client.call(mini, how, tmp_path, wrong)
    assert "invalid env rid: " in _refusal(told)
    stranger = mini.with_secret("0" * 32)
    # Node's keeps its token by appid and secret.
    (told,) = client.call(stranger, how, tmp_path, holder.marketing([new_number()]))
    assert "invalid appsecret rid: " in _refusal(told)


def _refusal(told: Any) -> str:
    """Node's client hands answers of APIs on as they are, and raises for want of a token."""
    found: str = told["error"]["message"] if "error" in told else told["answer"]["errmsg"]
    return found
