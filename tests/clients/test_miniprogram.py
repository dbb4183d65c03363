"""What runs inside WeChat, by its own tests under Node, against real houses."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from hongyan.core.time import SECOND
from hongyan.service.administer import new_key
from hongyan.service.directory import KeyKind
from support.held import HeldHouse
from support.node import CLIENT, Node
from support.process import Dev, hongyan

pytestmark = [
    pytest.mark.external,
    pytest.mark.timeout(300),  # the first of them installs
    pytest.mark.xdist_group("miniprogram"),
]

SAMPLE: Final = CLIENT.parents[1] / "examples" / "miniprogram-register"
NEED_HOUSES_OF_THEIR_OWN: Final = {"resend.test.js", "limit.test.js"}
FILES: Final = sorted(
    {path.name for path in (CLIENT / "test").glob("*.test.js")} - NEED_HOUSES_OF_THEIR_OWN
)


@pytest.mark.parametrize("name", FILES)
def test_in_wechat(node: Node, house: Dev, tls: Path, name: str) -> None:
    node.test(
        name,
        HONGYAN_DEV_JSON=str(house.data / "dev.json"),
        HONGYAN_TEST_TLS=str(tls),
        HONGYAN_TIMEOUT_MS="15000",  # a machine that runs tests may be slower than the cloud
    )


def test_in_wechat_another_code(node: Node, held: HeldHouse, tmp_path: Path) -> None:
    key = new_key(KeyKind.PUBLISHABLE, ["register"], ["none"])
    with held.administering() as administering:
        administering.add_key(1, key)
    file = tmp_path / "dev.json"
    with _hands(held) as url:
        told = {"base_url": held.url, "publishable_key": key.secret, "clock_url": url}
        file.write_text(json.dumps(told), "utf-8")
        node.test("resend.test.js", HONGYAN_DEV_JSON=str(file))


def test_in_wechat_the_limit_of_a_client(node: Node, tmp_path: Path) -> None:
    with Dev(tmp_path / "data") as own:
        own.command("app", "limit", "app_zhenzi", "--client", "1/day")
    with Dev(tmp_path / "data") as own:
        node.test("limit.test.js", HONGYAN_DEV_JSON=str(own.data / "dev.json"))


def test_the_types_fit(node: Node) -> None:
    node.run(node.npm, "run", "types")


def test_the_sample_holds_no_secret() -> None:
    done = hongyan("scan", SAMPLE, "--json")
    assert done.code == 0, done
    assert not done.json["findings"], done


def test_packages_come_from_the_public_registry() -> None:
    lock = json.loads((CLIENT / "package-lock.json").read_text("utf-8"))
    packages = [one for path, one in lock["packages"].items() if path]
    assert {urlsplit(one["resolved"]).netloc for one in packages} == {"registry.npmjs.org"}
    assert all(one["integrity"].startswith("sha512-") for one in packages)


@contextmanager
def _hands(held: HeldHouse) -> Iterator[str]:
    """Where the clock of a house is moved: POST, with the seconds as the body."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Hands, held)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Hands(BaseHTTPRequestHandler):
    def __init__(self, held: HeldHouse, *connection: Any) -> None:
        self._held = held
        super().__init__(*connection)

    def do_POST(self) -> None:
        seconds = int(self.rfile.read(int(self.headers["Content-Length"])))
        self._held.clock.pass_by(seconds * SECOND)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Tests are read for what failed."""
