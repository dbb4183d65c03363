"""Scan: what of a tree is read, what is skipped and why, and whose each leak is."""

import errno
import json
import os
import socket
from pathlib import Path

import pytest

from hongyan.core.project import Place
from hongyan.service.scan import LARGEST, NoSuchDirectory, Reason, Scan, scan
from support import fake

LEAK = f"const appSecret = '{fake.zhenzi_secret()}'\n"


def put(directory: Path, **files: str | bytes) -> Path:
    """Files by their path, with `__` for a slash and `_` before the suffix."""
    for name, content in files.items():
        path = directory.joinpath(*name.split("__"))
        path = path.with_name(".".join(path.name.rsplit("_", 1)))
        write(path, content)
    return directory


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def paths(result: Scan) -> list[str]:
    return [one.path for one in result.found]


def skipped(result: Scan) -> dict[str, Reason]:
    return {one.path: one.reason for one in result.skipped}


# What is read.


@pytest.mark.parametrize(
    "name",
    ["app.js", "a.ts", "a.json", "a.wxs", "a.wxml", "a.js.map", ".env", ".env.local", "a.yml", "A"],
)
def test_every_kind_of_text_is_read(tmp_path: Path, name: str) -> None:
    write(tmp_path / "pages" / name, LEAK)
    result = scan(tmp_path)
    assert (paths(result), result.read, result.skipped) == ([f"pages/{name}"], 1, [])


def test_leaks_come_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    put(tmp_path, b_js=LEAK, a_js="\n" + LEAK + f"'{fake.hongyan_key()}'", a__z_js=LEAK)
    found = [(one.path, one.leak.line) for one in scan(tmp_path).found]
    assert found == [("a/z.js", 1), ("a.js", 2), ("a.js", 3), ("b.js", 1)]


def test_an_empty_tree_has_no_leaks(tmp_path: Path) -> None:
    assert scan(tmp_path) == Scan(read=0, found=[], skipped=[])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "latin-1"])
def test_any_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    comment = "// é\n" if encoding == "latin-1" else "// 短信验证码\n"
    write(tmp_path / "app.js", (comment + LEAK).encode(encoding))
    [found] = scan(tmp_path).found
    assert (found.leak.line, found.leak.column) == (2, LEAK.index("'") + 2)


def test_what_has_been_built_from_packages_is_read_and_the_packages_are_not(tmp_path: Path) -> None:
    put(tmp_path, node_modules__a__index_js=LEAK, miniprogram_npm__a__index_js=LEAK)
    put(tmp_path, pages__node_modules__a_js=LEAK)
    write(tmp_path / ".git" / "config", LEAK)
    result = scan(tmp_path)
    assert paths(result) == ["miniprogram_npm/a/index.js"]
    assert skipped(result) == dict.fromkeys(
        (".git", "node_modules", "pages/node_modules"), Reason.NOT_ENTERED
    )


def test_a_directory_of_packages_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    put(tmp_path, node_modules__a__index_js=LEAK)
    assert paths(scan(tmp_path / "node_modules")) == ["a/index.js"]


@pytest.mark.parametrize("pattern", ["mock", "a/mock", "a/*", "*.js", "a"])
def test_what_is_excluded_is_not_read(tmp_path: Path, pattern: str) -> None:
    put(tmp_path, a__mock__one_js=LEAK)
    result = scan(tmp_path, ["never", pattern])
    assert (result.read, result.found) == (0, [])
    assert set(skipped(result).values()) == {Reason.EXCLUDED}


# What is skipped.


def test_what_is_no_text_is_skipped(tmp_path: Path) -> None:
    put(tmp_path, a_png=b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b_wasm=b"\0asm" + LEAK.encode())
    result = scan(tmp_path)
    assert skipped(result) == {"a.png": Reason.BINARY, "b.wasm": Reason.BINARY}


def test_a_built_package_is_named(tmp_path: Path) -> None:
    put(tmp_path, dist__app_wxapkg=b"\xbe" + LEAK.encode())
    assert skipped(scan(tmp_path)) == {"dist/app.wxapkg": Reason.PACKAGE}


def test_a_huge_file_is_skipped_and_one_as_large_as_may_be_is_read(tmp_path: Path) -> None:
    put(tmp_path, a_js=LEAK.rjust(LARGEST), b_js=LEAK.rjust(LARGEST + 1))
    result = scan(tmp_path)
    assert paths(result) == ["a.js"]
    assert skipped(result) == {"b.js": Reason.TOO_LARGE}


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside, tree = tmp_path / "outside", tmp_path / "tree"
    put(outside, a_js=LEAK)
    put(tree, a_js=LEAK, pages__b_js=LEAK, node_modules__c_js=LEAK)
    for link, goal in {
        "circle": tree,
        "pages/circle": tree / "pages" / "circle",
        "again": tree / "pages",
        "b.js": tree / "pages" / "b.js",
        "out": outside,
        "out.js": outside / "a.js",
        "nowhere": tree / "none",
        "installed.js": tree / "node_modules" / "c.js",
    }.items():
        (tree / link).symlink_to(goal)
    result = scan(tree)
    assert paths(result) == ["a.js", "pages/b.js"]
    assert skipped(result) == {"node_modules": Reason.NOT_ENTERED} | dict.fromkeys(
        ("installed.js", "nowhere", "out", "out.js", "pages/circle"), Reason.LINK
    )


def test_a_link_to_the_tree_itself_is_entered(tmp_path: Path) -> None:
    put(tmp_path / "tree", a_js=LEAK)
    (tmp_path / "link").symlink_to("tree")
    assert paths(scan(tmp_path / "link")) == ["a.js"]


def test_pipes_and_sockets_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.js")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.js")
        result = scan(tmp_path)
    assert skipped(result) == dict.fromkeys(("pipe.js", "socket.js"), Reason.SPECIAL)


def test_a_file_that_vanishes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, a_js=LEAK)
    monkeypatch.setattr(os, "walk", lambda *_, **__: [(str(tmp_path), [], ["a.js", "gone.js"])])
    result = scan(tmp_path)
    assert paths(result) == ["a.js"]
    assert skipped(result) == {"gone.js": Reason.UNREADABLE}


def test_a_directory_that_cannot_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, a_js=LEAK, closed__b_js=LEAK)
    list_directory = os.scandir

    def scandir(path: str) -> "os._ScandirIterator[str]":
        if os.fspath(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return list_directory(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = scan(tmp_path)
    assert paths(result) == ["a.js"]
    assert skipped(result) == {"closed": Reason.UNREADABLE}


def test_names_can_always_be_printed(tmp_path: Path) -> None:
    for name in (b"a\nb\x1b[31m.js", b"\xff.js", "短信.js".encode()):
        (tmp_path / os.fsdecode(name)).write_text(LEAK)
    assert paths(scan(tmp_path)) == [r"a\nb\x1b[31m.js", "短信.js", r"\xff.js"]


@pytest.mark.parametrize("name", ["none", "file"])
def test_what_is_no_directory_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoSuchDirectory, match=rf"{name} cannot be scanned: N"):
        scan(tmp_path / name)


# Whose it is.


def test_the_project_tells_whose_a_leak_is(tmp_path: Path) -> None:
    roots = {"miniprogramRoot": "miniprogram/", "cloudfunctionRoot": "cloudfunctions/"}
    put(tmp_path, **{"shop__project.config_json": "\ufeff" + json.dumps(roots)})
    put(tmp_path, shop__miniprogram__app_js=LEAK, shop__cloudfunctions__send__index_js=LEAK)
    put(tmp_path, shop__a_js=LEAK, b_js=LEAK)
    assert {one.path: one.place for one in scan(tmp_path).found} == {
        "b.js": Place.REPOSITORY,
        "shop/a.js": Place.REPOSITORY,
        "shop/cloudfunctions/send/index.js": Place.CLOUD,
        "shop/miniprogram/app.js": Place.PHONE,
    }


def test_a_project_in_the_directory_itself_is_found(tmp_path: Path) -> None:
    put(tmp_path, **{"project.config_json": '{"cloudfunctionRoot": "functions"}'})
    put(tmp_path, functions__a_js=LEAK, app_js=LEAK)
    assert [one.place for one in scan(tmp_path).found] == [Place.PHONE, Place.CLOUD]


@pytest.mark.parametrize("name", ["clients", "docs", "examples", "src", "tests"])
def test_this_repository_leaks_nothing(name: str) -> None:
    directory = Path(__file__).parents[2] / name
    assert not directory.exists() or scan(directory).found == []
