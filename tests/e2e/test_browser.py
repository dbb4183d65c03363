"""The pages in a real browser: registered by what a person sees, in both languages, wide and narrow."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from support.process import Dev, new_phone

pytestmark = [pytest.mark.external, pytest.mark.timeout(60), pytest.mark.xdist_group("browser")]

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        reason = "There is no Chromium: 'apt-get install chromium fonts-wqy-microhei'."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))


@pytest.fixture(params=[("zh-CN", 1_440), ("en-US", 360)], ids=["zh, wide", "en, narrow"])
def visitor(
    request: pytest.FixtureRequest, browser: Browser, own: Dev
) -> Iterator[tuple[Page, str, Dev]]:
    """A page in one of the languages and widths; nothing may go wrong in its console."""
    locale, width = request.param
    page = browser.new_page(
        locale=locale,
        viewport={"width": width, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
    )
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page, locale, own
    page.close()
    # The browser itself notes every answer of 4xx; the pages have nothing to say.
    assert not [line for line in said if "the server responded with a status of 4" not in line]


def _asks_for_a_code(page: Page, house: Dev, phone: str) -> str:
    page.goto(house.url)
    page.locator("#phone").fill(phone)
    page.locator("#send").click()
    expect(page.locator("#code")).to_be_visible()
    return str(house.nobody.get("/sandbox/messages/latest", phone=phone, wait=5).json["code"])


def test_a_person_registers_with_the_code_on_the_phone(visitor: tuple[Page, str, Dev]) -> None:
    page, locale, house = visitor
    phone = new_phone()
    _asks_for_a_code(page, house, phone)
    page.locator("#chats button, #chats a").first.click()
    page.locator("#texts button").first.click()
    expect(page.locator("#welcome")).to_be_visible()
    assert (page.locator("html").get_attribute("lang") or "").startswith(locale[:2])
    expect(page.locator("#member-phone")).to_have_text(f"{phone[:3]}****{phone[-4:]}")
    expect(page.locator("#member-id")).not_to_be_empty()


def test_a_pasted_text_gives_its_code(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    code = _asks_for_a_code(page, house, new_phone())
    text = f"【鸿雁】您的验证码为：{code}，请于5分钟内填写。"
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.locator("#code").press("Control+V")
    expect(page.locator("#welcome")).to_be_visible()


def test_a_wrong_code_is_said_in_words_and_the_right_one_still_passes(
    visitor: tuple[Page, str, Dev],
) -> None:
    page, _, house = visitor
    code = _asks_for_a_code(page, house, new_phone())
    page.locator("#code").fill("000000" if code != "000000" else "111111")
    expect(page.locator("#code-notice")).not_to_be_empty()
    page.locator("#code").fill(code)
    expect(page.locator("#welcome")).to_be_visible()


def test_a_wrong_number_is_said_in_words(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    page.goto(house.url)
    page.locator("#phone").fill("12345")
    page.locator("#send").click()
    expect(page.locator("#number-notice")).not_to_be_empty()


def test_the_resend_counts_down(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    _asks_for_a_code(page, house, new_phone())
    expect(page.locator("#resend")).to_be_disabled()
    before = page.locator("#resend").inner_text()
    expect(page.locator("#resend")).not_to_have_text(before, timeout=5_000)


def test_no_page_is_wider_than_its_window(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    for path in ("/", "/docs"):
        page.goto(house.url + path)
        expect(page.locator("main")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_call_can_be_tried_on_the_explorer(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    page.goto(house.url + "/docs#healthz")
    operation = page.locator("#healthz")
    expect(operation).to_be_visible()
    operation.locator("form button[type=submit]").click()
    expect(operation).to_contain_text('"ok"')
