"""What WeChat's clients say in every request stands in no log, no count and no file."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.fake import wechat_secret
from support.mini_program import (
    APIS,
    RECORDS,
    SCHEME,
    SEND,
    SESSION,
    STABLE,
    TOKEN,
    URL_LINK,
    Holder,
    MiniProgram,
    new_number,
)
from support.process import Dev

CONTENT, VALUE, QUERY = "只有收件人可读的话", "只有收件人知道的值", "query-of-nobody-55d1"
GUESS = wechat_secret(424_242)


def used(mini: MiniProgram, number: str) -> list[str]:
    """Every path, well and badly; the tokens and links that came of it."""
    tokens = [mini.token(), mini.stable_token()]
    holder = Holder(mini, tokens[1])
    holder.sent(holder.send(number, content=CONTENT, path=f"/index.html?{QUERY}"))
    (link,) = re.findall(r"http\S+", holder.text(number)["text"])
    holder.sent(holder.notify(number, template_param_list=[VALUE, "/index.html"]))
    mini.http("GET", link.removeprefix(mini.url))
    url_link = holder.call(URL_LINK, {"path": "pages/a", "query": QUERY}).json["url_link"]
    mini.http("GET", url_link.removeprefix(mini.url))
    day = {"EnvId": mini.env, "StartDate": "2026-01-01", "EndDate": "2026-12-31"}
    holder.call(RECORDS, day | {"Mobile": number})
    holder.call(SCHEME, {"jump_wxa": {"query": QUERY}})
    assert mini.with_secret(GUESS).token_answer().errcode == 40125
    mini.get(SESSION, appid=mini.appid, secret=mini.secret, js_code="x", grant_type="x")
    for path in (*APIS, TOKEN, STABLE):
        mini.post(path, {"env": mini.env, "content": CONTENT}, access_token=tokens[0], q=QUERY)
        mini.post(path, CONTENT.encode() + b'{"', access_token=tokens[0])
        mini.http("POST", f"/{mini.secret}/{number}{path}?access_token={tokens[0]}", b"{")
        mini.http("POST", f"{path}/{tokens[0]}", b"{}")
    mini.post(SEND, {"access_token": tokens[0]}, access_token=tokens[0][:-1])
    return [*tokens, link.rpartition("/")[2]]


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[tuple[Dev, list[bytes], list[bytes]]]:
    """A house that logged all it could while it was used; what nobody may find in its log, and in its
    files.
    """
    with Dev(tmp_path / "data", HONGYAN__SERVER__ACCESS_LOG="all") as house:
        told = house.file["wechat"]
        template = told["notification_template_id"]
        mini = MiniProgram(house.url, told["appid"], told["secret"], told["env"], template)
        number = new_number()
        made = used(mini, number)
        secrets = [mini.secret, GUESS, number[3:], CONTENT, VALUE, *made[:2]]
        in_log = [*secrets, made[2], QUERY, mini.appid]
        yield house, [*map(str.encode, in_log)], [*map(str.encode, secrets)]


def test_nothing_of_it_is_logged_or_counted(
    lived: tuple[Dev, list[bytes], list[bytes]],
) -> None:
    house, secrets, _ = lived
    metrics = house.nobody.get("/metrics").body
    assert house.stop() == 0
    log = house.err.encode()
    assert b"/tcb/sendsms" in log
    assert b"/s/{link}" in log
    for content in (metrics, log):
        assert [secret for secret in secrets if secret in content] == []


def test_nothing_of_it_stands_in_a_file(lived: tuple[Dev, list[bytes], list[bytes]]) -> None:
    house, _, secrets = lived
    house.kill()
    files = [path for path in house.data.rglob("*") if path.is_file() and path.name != "dev.json"]
    assert len(files) > 3
    found = {
        path.name: [secret for secret in secrets if secret in content]
        for path in files
        if (content := path.read_bytes())
    }
    assert {name: secrets for name, secrets in found.items() if secrets} == {}
