"""A marketing text, its link and the page behind it, clicked through in a real browser."""

import os
import re
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from support.mini_program import Holder, MiniProgram, new_number
from support.process import Dev

pytestmark = [
    pytest.mark.external,
    pytest.mark.timeout(60),
    pytest.mark.xdist_group("browser"),
    pytest.mark.asyncio(loop_scope="module"),
]

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
WECHAT = IPHONE + " MicroMessenger/8.0.40(0x1800282b)"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36"

JWEIXIN = """
window.wx = { config: function (told) { document.body.dataset.told = JSON.stringify(told); } };
"""
CLOUD = """
window.cloud = { Cloud: function (told) {
  this.init = function () { return Promise.resolve(); };
  this.callFunction = function (call) {
    return Promise.resolve({ result: { openlink: '#' + call.name + told.resourceEnv } });
  };
} };
"""
"""WeChat's own scripts, as far as a page can tell."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        reason = "There is no Chromium: 'apt-get install chromium fonts-wqy-microhei'."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        await browser.close()


@pytest.fixture
def mini(dev: Dev) -> MiniProgram:
    told = dev.file["wechat"]
    return MiniProgram(dev.url, told["appid"], told["secret"], told["env"])


@pytest.fixture
def link(mini: MiniProgram) -> str:
    """Out of a text that has just arrived."""
    holder, number = Holder(mini, mini.stable_token()), new_number()
    holder.sent(holder.send(number, path="/index.html?action=double12"))
    (found,) = re.findall(r"http\S+", holder.text(number)["text"])
    return str(found)


async def page_of(
    browser: Browser, agent: str, *, locale: str = "zh-CN", width: int = 360, platform: bool = True
) -> Page:
    """A page of such a reader; without the `platform`, its scripts cannot be had."""
    page = await browser.new_page(
        user_agent=agent, locale=locale, viewport={"width": width, "height": 740}
    )

    async def script(route: Route) -> None:
        if not platform:
            await route.abort()
            return
        body = CLOUD if "cloud.js" in route.request.url else JWEIXIN
        await route.fulfill(content_type="text/javascript", body=body)

    await page.route("https://res.wx.qq.com/**", script)
    return page


async def test_on_a_desktop_it_says_to_take_the_phone(browser: Browser, link: str) -> None:
    page = await page_of(browser, DESKTOP, width=1_440)
    await page.goto(link)
    await expect(page.locator("#says")).to_contain_text("请在手机上")
    await expect(page.locator("button")).to_have_count(0)
    await expect(page.locator("#where")).to_have_text("pages/index/index.html?action=double12")
    assert "/site/" in page.url
    await page.close()


async def test_on_a_phone_a_cloud_function_opens_it(
    browser: Browser, link: str, mini: MiniProgram
) -> None:
    page = await page_of(browser, IPHONE, locale="en-US")
    await page.goto(link)
    await expect(page.locator("button")).to_have_text("Open the mini program")
    assert await page.locator("html").get_attribute("lang") == "en"
    await page.locator("button").click()
    await page.wait_for_url(f"**#public{mini.env}")
    await page.close()


async def test_where_it_does_not_open_it_says_what_to_do(browser: Browser, link: str) -> None:
    page = await page_of(browser, IPHONE, platform=False)
    await page.goto(link)
    await page.locator("button").click()
    await expect(page.locator("#hint")).to_contain_text("请在微信中搜索")
    await expect(page.locator("button")).to_be_enabled()
    await page.close()


async def test_within_wechat_its_own_tag_opens_it(
    browser: Browser, link: str, mini: MiniProgram
) -> None:
    page = await page_of(browser, WECHAT)
    await page.goto(link)
    tag = page.locator("wx-open-launch-weapp")
    await expect(tag).to_have_attribute("path", "pages/index/index.html?action=double12")
    await expect(tag).to_have_attribute("username", re.compile("^gh_"))
    told = await page.locator("body").get_attribute("data-told")
    assert f'"appId":"{mini.appid}"' in (told or "")
    await page.close()


async def test_a_website_is_nobody_to_the_house(browser: Browser, link: str, dev: Dev) -> None:
    page = await page_of(browser, DESKTOP)
    await page.goto(link)
    assert await page.evaluate("window.origin") == "null"
    reads = "url => fetch(url).then(answer => answer.text(), () => 'refused')"
    assert await page.evaluate(reads, f"{dev.url}/sandbox/messages") == "refused"
    looks = "() => { try { return document.cookie } catch (error) { return error.name } }"
    assert await page.evaluate(looks) == "SecurityError"
    await page.close()


@pytest.mark.parametrize(("agent", "width"), [(DESKTOP, 1_440), (IPHONE, 320)])
async def test_pages_fit_their_window(browser: Browser, dev: Dev, agent: str, width: int) -> None:
    page = await page_of(browser, agent, width=width)
    await page.goto(f"{dev.url}/s/00000000000")
    await expect(page.locator("h1")).to_contain_text("链接已失效")
    overflows = "() => document.documentElement.scrollWidth > window.innerWidth"
    assert not await page.evaluate(overflows)
    await page.close()
