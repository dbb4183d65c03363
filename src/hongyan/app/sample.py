"""The sample website: what `dev` puts where an environment has no website yet.

A page that opens the mini program, as a developer would upload it; theirs to change.
"""

from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from hongyan.service.administer import WECHAT
from hongyan.service.directory import App, Directory
from hongyan.service.website import ENVIRONMENT, WechatSettings
from hongyan.settings import Settings

FOLDER: Final = "websites"
FILES: Final = ("index.html", "jump.css", "jump.js")

_PACKAGE: Final = "hongyan.app"
_HOLE: Final = '<script type="application/json" id="mini-program">{}</script>'
_PATH: Final = "pages/index/index.html"


class _MiniProgram(msgspec.Struct):
    """What the page is told."""

    name: str
    appid: str
    username: str
    env: str
    path: str = _PATH


def with_websites(settings: Settings, directory: Path) -> Settings:
    """The settings of a house in development: its websites are in its data directory."""
    if settings.wechat.websites:
        return settings
    wechat = msgspec.structs.replace(settings.wechat, websites=str(directory / FOLDER))
    return msgspec.structs.replace(settings, wechat=wechat)


def place_samples(settings: WechatSettings, directory: Directory) -> None:
    """Put a website where an environment that should have one has none. Waits for the disk."""
    by_id = {app.id: app for app in directory.apps.values()}
    for environment in directory.environments.values():
        app = by_id.get(environment.app)
        if app is None or app.wechat is None or not environment.has_website:
            continue
        if not ENVIRONMENT.fullmatch(environment.id):
            continue
        folder = Path(settings.websites) / environment.id
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            _place(folder, _told(directory, app, environment.id))


def _place(folder: Path, mini_program: _MiniProgram) -> None:
    told = msgspec.json.encode(mini_program).decode().replace("<", "\\u003c")
    for name in FILES:
        content = resources.files(_PACKAGE).joinpath("website", name).read_text("utf-8")
        filled = content.replace(_HOLE, _HOLE.replace("{}", told))
        (folder / name).write_text(filled, "utf-8")


def _told(directory: Directory, app: App, environment: str) -> _MiniProgram:
    named = directory.named.items()
    appid = next((name for (kind, name), one in named if kind == WECHAT and one.id == app.id), "")
    assert app.wechat is not None  # noqa: S101 - the caller has looked
    name = app.wechat.nickname or app.title
    return _MiniProgram(name, appid, app.wechat.original_id, environment)
