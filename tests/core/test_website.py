"""Paths of websites: none leads out of the folder or to somebody else's site."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.website import LONGEST, UnsafePath, page

SITE = "https://site.example.cn"
NASTY = st.lists(
    st.sampled_from(
        ["/", "..", ".", "\\", "%2e", "%2F", "%5c", "%", ":", "//", "@", "?", "#", "\t"]
    )
    | st.sampled_from(
        ["a", "index.html", "%41", "http:", "javascript:", "。", "．．", "\u202e", " "]
    )
    | st.text(max_size=3),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(
    ("written", "path", "file"),
    [
        ("/index.html", "/index.html", "index.html"),
        (
            "/action/index.html?action=double12",
            "/action/index.html?action=double12",
            "action/index.html",
        ),
        ("/", "/", "index.html"),
        ("/a/", "/a/", "a/index.html"),
        ("/a/?to=https://b.cn/../c//d", "/a/?to=https://b.cn/../c//d", "a/index.html"),
        ("/活动.html", "/%E6%B4%BB%E5%8A%A8.html", "活动.html"),
        ("/%E6%B4%BB.html", "/%E6%B4%BB.html", "活.html"),
        ("/a.html#/pages/x?y=1", "/a.html#/pages/x?y=1", "a.html"),
        ("/a.b/c", "/a.b/c", "a.b/c"),
        ('/a"<b>', "/a%22%3Cb%3E", 'a"<b>'),
        ("/a:b@c", "/a:b@c", "a:b@c"),
    ],
)
def test_a_path_names_a_file(written: str, path: str, file: str) -> None:
    found = page(written)
    assert (found.path, found.file) == (path, file)
    assert page(found.path) == found


@pytest.mark.parametrize(
    "written",
    [
        "",
        "index.html",
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "/a\r\nSet-Cookie: b=c",
        "javascript:alert(1)",
        "/a//b",
        "/..",
        "/../a",
        "/a/../../b",
        "/a/./b",
        "/%2e%2e/a",
        "/%2E./a",
        "/.git/config",
        "/a/%2fb",
        "/%2fevil.example",
        "/%5cevil.example",
        "/%252e%252e/a",
        "/%00",
        "/a%0d%0ab",
        "/a%zz",
        "/a%",
        "/%ff",
        "/a b",
        "/\ud800",
        "/\u202egnp.exe",
        "/a\u200b",
        "/a#b#c",
        "/" + "a" * 256,
        "/" + "a/" * (LONGEST // 2),
    ],
)
def test_what_is_not_plainly_a_path_is_refused(written: str) -> None:
    with pytest.raises(UnsafePath, match=r"\w"):
        page(written)


@given(NASTY | st.text(max_size=40))
def test_no_path_leads_away(written: str) -> None:
    for candidate in (written, "/" + written):
        try:
            found = page(candidate)
        except UnsafePath:
            continue
        assert found.path.isascii()
        assert found.path.startswith("/")
        for base in (SITE, SITE + "/deep/down/"):
            there = urlsplit(urljoin(base, found.path))
            assert (there.scheme, there.netloc) == ("https", "site.example.cn")
            assert unquote(there.path).removeprefix("/") in {
                found.file,
                found.file.removesuffix("index.html"),
            }
        file = PurePosixPath(found.file)
        assert not file.is_absolute()
        assert not {"..", ".", ""} & set(found.file.split("/"))
