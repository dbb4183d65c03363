"""The courier: where an app may have us call, and what an answer is taken for."""

import asyncio
import gzip
import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from hongyan.app import courier as courier_module
from hongyan.app.courier import HttpCourier, LookUp
from hongyan.service.notify import CallbackSettings
from hongyan.wire.callback import AddressRefused, require_callable
from hongyan.wire.tencent import push
from support.receiver import Receiver

NOT_PUBLIC = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",  # noqa: S104
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::7f00:1",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]
PUBLIC = ["8.8.8.8", "2606:4700:4700::1111"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as opened:
        yield opened


@pytest.fixture
async def courier() -> AsyncIterator[HttpCourier]:
    """As `dev` has it."""
    opened = HttpCourier(CallbackSettings(loopback_http=True, timeout_s=0.5))
    yield opened
    await opened.close()


@pytest.fixture
async def strict() -> AsyncIterator[HttpCourier]:
    """As `serve` has it."""
    opened = HttpCourier(CallbackSettings(timeout_s=0.5))
    yield opened
    await opened.close()


def written(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_an_address_that_is_not_public_is_not_called(
    strict: HttpCourier, address: str
) -> None:
    failure = await strict.post(f"https://{written(address)}/", {}, b"")
    assert failure == "It is not a public address, and only those are called."


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    require_callable(f"https://{written(address)}:8443/path?a=b", lenient=False)


def answering(*addresses: str) -> tuple[LookUp, list[str]]:
    """A look-up that finds these for every name, and the names that it was asked for."""
    asked: list[str] = []

    async def look_up(host: str, _port: int, _family: socket.AddressFamily) -> list[str]:
        asked.append(host)
        return list(addresses)

    return look_up, asked


@pytest.mark.parametrize("addresses", [*[(one,) for one in NOT_PUBLIC], ("8.8.8.8", "127.0.0.1")])
async def test_a_name_that_stands_for_such_an_address_is_not_called(
    addresses: tuple[str, ...],
) -> None:
    look_up, asked = answering(*addresses)
    courier = HttpCourier(CallbackSettings(timeout_s=0.5), look_up)
    failure = await courier.post("https://callbacks.example.com/", {}, b"")
    await courier.close()
    assert failure == "It is not a public address, and only those are called."
    assert asked == ["callbacks.example.com"]


async def test_the_address_that_was_looked_up_is_the_one_that_is_called(
    receiver: Receiver,
) -> None:
    look_up, asked = answering("127.0.0.1")
    courier = HttpCourier(CallbackSettings(loopback_http=True), look_up)
    url = receiver.url.replace("127.0.0.1", "localhost")
    assert await courier.post(url, {}, b"") == ""
    await courier.close()
    assert receiver.call().headers["host"].startswith("localhost:")
    assert asked == ["localhost"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://127.0.0.1/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "example.com",
        "",
        "https://user@example.com/",
        "https://user:pass@example.com/",
        "https://@example.com/",
        "https://example.com:99999/",
        "https://[::1",
        "https://127。0。0。1:8443/",
        "https://１２７.0.0.1/",
        "https://①②⑦.⓪.⓪.①/",
        "https://例子.中国/",
    ],
)
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        require_callable(url, lenient=False)


@pytest.mark.parametrize("odd", ["https://2130706433/", "https://0x7f000001/", "https://127.1/"])
async def test_an_address_in_an_odd_spelling_is_seen_through(strict: HttpCourier, odd: str) -> None:
    assert await strict.post(odd, {}, b"") != ""


async def test_loopback_is_called_in_development_alone(
    courier: HttpCourier, strict: HttpCourier, receiver: Receiver
) -> None:
    assert await courier.post(receiver.url, {"x": "y"}, b"a=b") == ""
    called = receiver.call()
    assert (called.path, called.headers["x"], called.body) == ("/status?a=1", "y", b"a=b")
    assert await strict.post(receiver.url, {}, b"") != ""
    assert receiver.silent()


@pytest.mark.parametrize("status", [200, 204, 299])
async def test_every_two_hundred_is_taken(
    courier: HttpCourier, receiver: Receiver, status: int
) -> None:
    receiver.answers = [status]
    assert await courier.post(receiver.url, {}, b"") == ""


@pytest.mark.parametrize("status", [300, 400, 404, 500, 503])
async def test_anything_else_is_not(courier: HttpCourier, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    assert await courier.post(receiver.url, {}, b"") == f"It answered {status}."


async def post_read(
    courier: HttpCourier, receiver: Receiver, body: bytes
) -> tuple[str, list[bytes]]:
    """Why it was not taken, and what was read."""
    read: list[bytes] = []

    def is_taken(answer: bytes) -> bool:
        read.append(answer)
        return push.is_taken(answer)

    receiver.body = body
    return await courier.post(receiver.url, {}, b"", is_taken), read


async def test_an_answer_that_says_so_is_taken(courier: HttpCourier, receiver: Receiver) -> None:
    assert await post_read(courier, receiver, push.TAKEN) == ("", [push.TAKEN])


@pytest.mark.parametrize("body", [b"", b"OK", b'{"result":1}', b"\xff"])
async def test_one_that_does_not_say_so_is_not(
    courier: HttpCourier, receiver: Receiver, body: bytes
) -> None:
    failure, read = await post_read(courier, receiver, body)
    assert (failure, read) == ("Its answer does not say that it was taken.", [body])


async def test_of_an_endless_answer_the_beginning_is_read(
    courier: HttpCourier, receiver: Receiver
) -> None:
    failure, read = await post_read(courier, receiver, push.TAKEN + b" " * 100_000)
    assert failure == ""
    assert [len(one) for one in read] == [4_096]


async def test_an_answer_is_not_unfolded(courier: HttpCourier, receiver: Receiver) -> None:
    packed = gzip.compress(b" " * 10_000_000)
    receiver.answer_headers = {"content-encoding": "gzip"}
    failure, read = await post_read(courier, receiver, packed)
    assert failure != ""
    assert read == [packed[:4_096]]


async def test_what_is_refused_is_not_read(courier: HttpCourier, receiver: Receiver) -> None:
    receiver.answers = [500]
    assert await post_read(courier, receiver, push.TAKEN) == ("It answered 500.", [])


async def test_a_redirect_is_not_followed(courier: HttpCourier, receiver: Receiver) -> None:
    receiver.answers, receiver.location = [302], receiver.url
    assert await courier.post(receiver.url, {}, b"") == "It answered 302."
    receiver.call()
    assert receiver.silent()


async def test_one_who_says_nothing_is_not_waited_for(courier: HttpCourier) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        failure = await courier.post(f"http://127.0.0.1:{port}/", {}, b"")
    assert failure == "It did not answer in time."


async def test_a_closed_port_is_told(courier: HttpCourier) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    failure = await courier.post(f"http://127.0.0.1:{port}/", {}, b"")
    assert failure.startswith("It could not be called: ")


async def test_a_name_that_nobody_knows_is_told(strict: HttpCourier) -> None:
    assert (await strict.post("https://nobody.invalid/", {}, b"")).startswith("It could not be")


async def test_slow_names_are_given_up_and_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(courier_module, "_LOOK_UP_S", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: release.wait(10) and [])
    courier = HttpCourier(CallbackSettings())
    failures = await asyncio.gather(
        *(courier.post(f"https://slow{index}.example.com/", {}, b"") for index in range(20))
    )
    await courier.close()
    release.set()
    assert all(failures)
    late = [failure for failure in failures if "time" in failure.lower()]
    assert len(late) == 16  # The others were not even begun.
