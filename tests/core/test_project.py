"""Projects: whose a file is, as project.config.json tells it."""

import json

import pytest

from hongyan.core.project import Place, Project, place_of

PHONE, CLOUD, REPOSITORY = Place.PHONE, Place.CLOUD, Place.REPOSITORY


def project(root: str = "", **file: object) -> Project:
    return Project.parse(root, json.dumps(file))


QUICKSTART = project(miniprogramRoot="miniprogram/", cloudfunctionRoot="cloudfunctions/")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("miniprogram/app.js", PHONE),
        ("miniprogram/pages/index/index.wxml", PHONE),
        ("miniprogram/miniprogram_npm/a/index.js", PHONE),
        ("miniprogram/README.md", REPOSITORY),
        ("cloudfunctions/send/index.js", CLOUD),
        ("cloudfunctions/send/README.md", CLOUD),
        ("cloudfunctions2/index.js", REPOSITORY),
        ("project.config.json", REPOSITORY),
        (".env", REPOSITORY),
    ],
)
def test_files_are_told_apart_by_the_roots(path: str, place: Place) -> None:
    assert place_of(path, [QUICKSTART]) is place


@pytest.mark.parametrize(
    "root", ["", ".", "./", "a/..", "../..", "/", None], ids=["", ".", "./", "a", "..", "/", "no"]
)
def test_the_default_root_is_all_of_it_but_the_cloud(root: str | None) -> None:
    one = project(
        cloudfunctionRoot=".\\functions\\", **({} if root is None else {"miniprogramRoot": root})
    )
    assert place_of("app.js", [one]) is PHONE
    assert place_of("cloudfunctions/a.js", [one]) is PHONE
    assert place_of("functions/a.js", [one]) is CLOUD


def test_what_a_build_is_made_from_ships_too() -> None:
    one = project(miniprogramRoot="./dist/weapp", cloudfunctionRoot="cloud")
    assert place_of("src/app.ts", [one]) is PHONE
    assert place_of(".env", [one]) is PHONE
    assert place_of("cloud/a/index.js", [one]) is CLOUD


def test_plugins_and_sources_ship() -> None:
    one = project(miniprogramRoot="demo", pluginRoot="plugin", srcMiniprogramRoot="source")
    assert {place_of(f"{root}/a.js", [one]) for root in ("demo", "plugin", "source")} == {PHONE}
    assert place_of("server/a.js", [one]) is REPOSITORY


def test_the_innermost_project_tells() -> None:
    outer = project(miniprogramRoot="app")
    inner = project("examples/one", miniprogramRoot="app", cloudfunctionRoot="functions")
    for order in ([outer, inner], [inner, outer]):
        assert place_of("examples/one/app/a.js", order) is PHONE
        assert place_of("examples/one/functions/a.js", order) is CLOUD
        assert place_of("examples/two/app/a.js", order) is REPOSITORY
    assert place_of("app/a.js", [inner]) is REPOSITORY


def test_without_a_project_everything_ships_but_what_is_called_cloudfunctions() -> None:
    assert place_of("utils/a.js", []) is PHONE
    assert place_of("cloudfunctions.js", []) is PHONE
    assert place_of("cloudfunctions/a/index.js", []) is CLOUD
    assert place_of("README.md", []) is REPOSITORY


@pytest.mark.parametrize("text", ["", "{", "[]", '{"miniprogramRoot": 1}', '{"setting": {}}'])
def test_a_file_that_makes_no_sense_has_the_defaults(text: str) -> None:
    assert place_of("a/b.js", [Project.parse("a", text)]) is PHONE
