"""Every way in which an SDK of Zhenzi's writes its requests is understood, and answered so that it
can read it.
"""

import socket
from contextlib import closing

import pytest

from hongyan.core.limit import Window
from hongyan.core.time import DAY
from support.process import Dev, eventually
from support.zhenzi import BALANCE, MESSAGE, SEND_TEMPLATE, SENT, Line, Zhenzi, moved_in
from support.zhenzi_sdks import SDKS, CSharp2, Java201, Node2, Php1, Python2, Sdk, Wx1b, Wx2

FIELDS = ["message", "appName", "createTime", "status", "toNumber", "messageId"]


@pytest.fixture
def house(dev: Dev) -> Zhenzi:
    return Zhenzi.of(dev)


@pytest.mark.parametrize("sdk", SDKS)
def test_its_text_is_sent(dev: Dev, house: Zhenzi, phone: str, sdk: type[Sdk]) -> None:
    assert sdk(house).send(phone, f"m-{phone}").body == SENT
    arrived = dev.nobody.latest(phone)["text"]
    if sdk.by_template:
        assert arrived == "【鸿雁】您的验证码为3421，有效期5分钟，请勿泄漏给他人。"
    else:
        assert arrived == f"【鸿雁】{MESSAGE}"


@pytest.mark.parametrize("sdk", SDKS)
def test_what_it_sends_empty_is_not_given(dev: Dev, phone: str, sdk: type[Sdk]) -> None:
    """Most SDKs send `messageId=&clientIp=` always: neither repeats, nor has a limit."""
    client = sdk(moved_in(dev, client_windows=(Window("day", 1, DAY),)))
    values: dict[str, object] = {"templateId": client.house.template_id}
    values |= {"templateParams": ["3421", "5分钟"]} if sdk.by_template else {"message": MESSAGE}
    form = {"number": phone, "messageId": "", "clientIp": ""} | values
    for _ in range(3):
        assert client.post(sdk.send_path, dict(form)).body == SENT


@pytest.mark.parametrize("sdk", SDKS)
def test_it_is_told_the_balance_as_a_number(house: Zhenzi, sdk: type[Sdk]) -> None:
    heard = sdk(house).balance()
    assert heard.code == 0
    assert type(heard.data) is int
    assert 900_000 < heard.data <= 1_000_000


@pytest.mark.parametrize("sdk", SDKS)
def test_it_finds_what_it_sent_at_once(house: Zhenzi, phone: str, sdk: type[Sdk]) -> None:
    reference = f"7d3e-{sdk.__name__}-{phone}"
    client = sdk(house)
    assert client.send(phone, reference).body == SENT
    heard = client.find(reference)
    assert heard.code == 0
    assert list(heard.data) == FIELDS
    assert heard.data["messageId"] == reference
    assert heard.data["toNumber"] == f"{phone[:3]}****{phone[-4:]}"


@pytest.mark.parametrize("sdk", SDKS)
def test_it_is_refused_in_words(house: Zhenzi, phone: str, sdk: type[Sdk]) -> None:
    assert sdk(house).send("12345", f"m-{phone}").body == (
        '{"code":100,"data":"参数格式错误: 手机号码格式错误"}'.encode()
    )


def test_a_dict_that_is_sent_again_is_understood_encoded_twice(
    dev: Dev, house: Zhenzi, phone: str
) -> None:
    client = Python2(house)
    values = ["3421", '5"分钟\\/']
    data = {"number": phone, "templateId": house.template_id, "templateParams": values}
    assert client.send_dict(data).body == SENT
    first = dev.nobody.latest(phone)
    assert client.send_dict(data).body == SENT
    second = dev.nobody.latest(phone, after=first["id"])
    assert second["text"] == first["text"]
    assert '5"分钟\\/' in first["text"]


@pytest.mark.parametrize("sdk", [Java201, CSharp2])
def test_what_java_escapes_arrives_unescaped(
    dev: Dev, house: Zhenzi, phone: str, sdk: type[Sdk]
) -> None:
    form = {
        "number": phone,
        "templateId": house.template_id,
        "templateParams": ['34"2/1\\', "a~b*c d"],
    }
    assert sdk(house).post(SEND_TEMPLATE, form).body == SENT
    assert '34"2/1\\，有效期a~b*c d，' in dev.nobody.latest(phone)["text"]


def test_a_code_that_a_phone_made_arrives(dev: Dev, house: Zhenzi, phone: str) -> None:
    heard = Wx1b(house).send_code(phone, "验证码为:{code}，2分钟内有效", "042817")
    assert heard.body == SENT
    assert dev.nobody.code(phone) == "042817"


def test_an_api_url_is_taken_and_never_called(dev: Dev, house: Zhenzi) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        client = Wx2(house)
        client.api_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert client.balance().code == 0
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_connection_that_is_kept_alive_is_answered_again_and_again(
    house: Zhenzi, phone: str
) -> None:
    for sdk in (Java201, Node2, CSharp2):
        client = sdk(house)
        with closing(Line(house.url)) as line:
            for _ in range(3):
                line.say(*client.framed(BALANCE, client.body(client.signed({}))))
                heard = line.hear()
                assert heard.code == 0
                assert heard.headers.get("connection", "keep-alive") == "keep-alive"


def test_an_old_client_that_keeps_nothing_alive_is_told_goodbye(house: Zhenzi) -> None:
    client = CSharp2(house)
    client.headers = client.headers[:-1]
    with closing(Line(house.url)) as line:
        line.say(*client.framed(BALANCE, client.body(client.signed({}))))
        assert line.hear().headers["connection"] == "close"
        assert line.hear_raw() == b""


def test_nodes_body_may_come_in_any_pieces(dev: Dev, house: Zhenzi, phone: str) -> None:
    client = Node2(house)
    form = {"number": phone, "templateId": house.template_id, "templateParams": ["3421", "5分钟"]}
    head, body = client.framed(SEND_TEMPLATE, client.body(client.signed(form)))
    payload = body.split(b"\r\n")[1]
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in payload) + b"0\r\n\r\n"
    with closing(Line(house.url)) as line:
        line.say(*[bytes([byte]) for byte in head], *[bytes([byte]) for byte in chunks[:60]])
        line.say(chunks[60:])
        assert line.hear().body == SENT
    assert "3421" in dev.nobody.latest(phone)["text"]


def test_curl_is_told_to_go_on_before_a_long_text(dev: Dev, house: Zhenzi, phone: str) -> None:
    client = Php1(house)
    client.headers += ("Expect: 100-continue",)
    words = "鸿雁传书" * 200
    form = {"number": phone, "message": words}
    head, body = client.framed(client.send_path, client.body(client.signed(form)))
    with closing(Line(house.url)) as line:
        line.say(head)
        assert line.hear_raw() == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.say(body)
        assert line.hear().body == SENT
    assert dev.nobody.latest(phone)["text"] == f"【鸿雁】{words}"


def test_what_was_delivered_is_a_success_in_the_end(house: Zhenzi, phone: str) -> None:
    client = Java201(house)
    assert client.send(phone, f"s-{phone}").body == SENT
    eventually(lambda: client.find(f"s-{phone}").data["status"] == "success")
