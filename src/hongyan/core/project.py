"""Projects: which files of a mini program's tree reach phones, as `project.config.json` tells it.

https://developers.weixin.qq.com/miniprogram/dev/devtools/projectconfig.html, read 2026-11-21.
"""

from collections.abc import Sequence
from enum import StrEnum, auto
from typing import Final, Self

import msgspec

PROJECT_FILE: Final = "project.config.json"

_BUILDS: Final = ("dist", "build", "unpackage", "output")
_CLOUD_BY_CUSTOM: Final = "cloudfunctions"


class Place(StrEnum):
    """Who gets to see a file."""

    PHONE = auto()
    """It ships: anybody can unpack it."""
    CLOUD = auto()
    """It is a cloud function's: it does not ship, but lies in version control."""
    REPOSITORY = auto()
    """It is beside both."""


class _File(msgspec.Struct, rename="camel"):
    miniprogram_root: str = ""
    src_miniprogram_root: str = ""
    plugin_root: str = ""
    cloudfunction_root: str = ""


class Project(msgspec.Struct, frozen=True):
    """A mini program's directory, and what in it is whose.

    Paths are relative to the scanned tree, with slashes; that tree itself is the empty one.
    """

    root: str
    phone: tuple[str, ...]
    cloud: tuple[str, ...]
    is_built: bool = False
    """What ships is compiled from the rest, as with Taro and uni-app."""

    @classmethod
    def parse(cls, root: str, text: str) -> Self:
        """A file that makes no sense has the defaults: all of it ships."""
        try:
            file = msgspec.json.decode(text, type=_File)
        except msgspec.DecodeError:
            file = _File()
        shipped = [file.miniprogram_root or ".", file.src_miniprogram_root, file.plugin_root]
        return cls(
            root,
            phone=tuple(_joined(root, name) for name in shipped if name),
            cloud=tuple(_joined(root, name) for name in [file.cloudfunction_root] if name),
            is_built=any(
                part.startswith(_BUILDS) for part in _joined("", file.miniprogram_root).split("/")
            ),
        )

    def place_of(self, path: str) -> Place:
        """A cloud root may lie within the mini program's, and is then not part of it."""
        if any(_is_below(path, root) for root in self.cloud):
            return Place.CLOUD
        if self.is_built or any(_is_below(path, root) for root in self.phone):
            return Place.PHONE
        return Place.REPOSITORY


def place_of(path: str, projects: Sequence[Project]) -> Place:
    """The place of a file by the innermost project around it.

    Where there is no project at all, everything ships but what custom calls `cloudfunctions`.
    """
    around = [project for project in projects if _is_below(path, project.root)]
    if around:
        place = max(around, key=lambda project: len(project.root)).place_of(path)
    elif projects:
        place = Place.REPOSITORY
    else:
        place = Place.CLOUD if _CLOUD_BY_CUSTOM in path.split("/")[:-1] else Place.PHONE
    # WeChat packs no Markdown.
    return Place.REPOSITORY if place is Place.PHONE and path.lower().endswith(".md") else place


def _is_below(path: str, root: str) -> bool:
    return not root or path.startswith(f"{root}/")


def _joined(root: str, name: str) -> str:
    """A root as the file tells it, with slashes of any kind. None leads out of the tree."""
    parts = root.split("/") if root else []
    for part in name.replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
