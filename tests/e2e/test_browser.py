"""The pages in a real browser: registered by what a person sees, in both languages, wide and narrow."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from support.process import Dev, new_phone

pytestmark = [
    pytest.mark.external,
    pytest.mark.timeout(60),
    pytest.mark.xdist_group("browser"),
    # The browser lives on one loop for all of them.
    pytest.mark.asyncio(loop_scope="module"),
]

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        reason = "There is no Chromium: 'apt-get install chromium fonts-wqy-microhei'."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(
    loop_scope="module", params=[("zh-CN", 1_440), ("en-US", 360)], ids=["zh, wide", "en, narrow"]
)
async def visitor(
    request: pytest.FixtureRequest, browser: Browser, own: Dev
) -> AsyncIterator[tuple[Page, str, Dev]]:
    """A page in one of the languages and widths; nothing may go wrong in its console."""
    locale, width = request.param
    page = await browser.new_page(
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
    await page.close()
    # The browser itself notes every answer of 4xx; the pages have nothing to say.
    assert not [line for line in said if "the server responded with a status of 4" not in line]


async def _asks_for_a_code(page: Page, house: Dev, phone: str) -> str:
    await page.goto(house.url)
    await page.locator("#phone").fill(phone)
    await page.locator("#send").click()
    await expect(page.locator("#code")).to_be_visible()
    return str(house.nobody.get("/sandbox/messages/latest", phone=phone, wait=5).json["code"])


async def test_a_person_registers_with_the_code_on_the_phone(
    visitor: tuple[Page, str, Dev],
) -> None:
    page, locale, house = visitor
    phone = new_phone()
    await _asks_for_a_code(page, house, phone)
    await page.locator("#chats button, #chats a").first.click()
    await page.locator("#texts button").first.click()
    await expect(page.locator("#welcome")).to_be_visible()
    assert (await page.locator("html").get_attribute("lang") or "").startswith(locale[:2])
    await expect(page.locator("#member-phone")).to_have_text(f"{phone[:3]}****{phone[-4:]}")
    await expect(page.locator("#member-id")).not_to_be_empty()


async def test_a_text_is_answered_on_the_phone(visitor: tuple[Page, str, Dev]) -> None:
    page, locale, house = visitor
    phone, other = new_phone(), new_phone()
    await page.goto(house.url)
    for number in (phone, other):
        house.app.sent(number, text="周五见", signature="鸿雁")
    chat = page.locator("#chats button", has_text=phone[-4:])
    await chat.click()
    await page.locator("#reply-text").fill("好的")
    await page.locator("#reply-text").press("Enter")
    await expect(page.locator("#texts li")).to_have_count(2)
    await expect(page.locator("#texts .mine p")).to_have_text("好的")
    await expect(page.locator("#reply-text")).to_have_value("")
    await page.locator("#reply-text").fill("T")
    await page.locator("#reply button").click()
    await expect(page.locator("#toast")).to_contain_text(
        "营销" if locale == "zh-CN" else "marketing"
    )
    await page.locator("#back").click()
    await page.locator("#chats button", has_text=other[-4:]).click()
    await expect(page.locator("#texts li")).to_have_count(1)
    await page.locator("#back").click()
    await chat.click()
    await expect(page.locator("#texts li")).to_have_count(3)


async def test_a_pasted_text_gives_its_code(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    code = await _asks_for_a_code(page, house, new_phone())
    text = f"【鸿雁】您的验证码为：{code}，请于5分钟内填写。"
    await page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await page.locator("#code").press("Control+V")
    await expect(page.locator("#welcome")).to_be_visible()


async def test_a_wrong_code_is_said_in_words_and_the_right_one_still_passes(
    visitor: tuple[Page, str, Dev],
) -> None:
    page, _, house = visitor
    code = await _asks_for_a_code(page, house, new_phone())
    await page.locator("#code").fill("000000" if code != "000000" else "111111")
    await expect(page.locator("#code-notice")).not_to_be_empty()
    await page.locator("#code").fill(code)
    await expect(page.locator("#welcome")).to_be_visible()


async def test_a_wrong_number_is_said_in_words(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    await page.goto(house.url)
    await page.locator("#phone").fill("12345")
    await page.locator("#send").click()
    await expect(page.locator("#number-notice")).not_to_be_empty()


async def test_the_resend_counts_down(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    await _asks_for_a_code(page, house, new_phone())
    await expect(page.locator("#resend")).to_be_disabled()
    before = await page.locator("#resend").inner_text()
    await expect(page.locator("#resend")).not_to_have_text(before, timeout=5_000)


async def test_no_page_is_wider_than_its_window(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    for path in ("/", "/docs"):
        await page.goto(house.url + path)
        await expect(page.locator("main")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


async def test_a_call_can_be_tried_on_the_explorer(visitor: tuple[Page, str, Dev]) -> None:
    page, _, house = visitor
    await page.goto(house.url + "/docs#healthz")
    operation = page.locator("#healthz")
    await expect(operation).to_be_visible()
    await operation.locator("form button[type=submit]").click()
    await expect(operation).to_contain_text('"ok"')
