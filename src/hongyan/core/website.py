"""Websites: which paths of an app's static site a text may lead to, and which file such a path names.

A short link opens `{site}{path}`. A path that began with `//` or a scheme would lead to somebody
else's site, one with `..` out of the folder; browsers and servers understand more spellings of both
than one would think, so whatever is not plainly a path is refused.

For who serves: `page(written)` when a text is accepted and again when its link is opened; `Page.path`
goes into `Location` behind the site's own address, `Page.file` below the site's folder.
"""

import re
from typing import Final

import msgspec

LONGEST: Final = 512
"""Characters. Ours: WeChat names no bound; CMS paths are below 100."""

_LONGEST_NAME: Final = 255
"""Octets that file systems take for one name."""

_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\\s\\\\\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
"""Also what browsers read as a slash, drop without a word, or show as something else."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TO_ESCAPE: Final = re.compile(rb"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%#]")
_INDEX: Final = "index.html"


class UnsafePath(Exception):
    """What is no path within a website; the sentence says why."""


class Page(msgspec.Struct, frozen=True):
    """A page of a website, whichever it is."""

    path: str
    """As it stands behind the site's address: ASCII, escaped, beginning with one slash."""
    file: str
    """Below the site's folder, with no name in it that is empty or begins with a dot."""


def page(written: str) -> Page:
    """The page that a path such as `/action/index.html?action=double12` names.

    Raises UnsafePath.
    """
    _require_plain(written)
    before, _, fragment = written.partition("#")
    if "#" in fragment:
        raise UnsafePath("A path has one '#' at most.")
    return Page(_escaped(written), _file(before.partition("?")[0]))


def _require_plain(written: str) -> None:
    if len(written) > LONGEST:
        raise UnsafePath(f"A path has at most {LONGEST} characters.")
    if not written.startswith("/"):
        raise UnsafePath("A path begins with '/' and names no host, such as '/index.html'.")
    if found := _UNSEEN.search(written) or _SURROGATE.search(written):
        raise UnsafePath(f"A path cannot hold U+{ord(found[0]):04X}.")
    if _BROKEN_ESCAPE.search(written):
        raise UnsafePath("A '%' in the path is not followed by two hexadecimal digits.")


def _file(path: str) -> str:
    names = [_name(written) for written in path[1:].split("/")]
    if not names[-1]:
        names[-1] = _INDEX
    if not all(names):
        raise UnsafePath("A path has no two slashes in a row.")
    return "/".join(names)


def _name(written: str) -> str:
    """One name of a path as the file system has it."""
    octets = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), written.encode())
    try:
        name = octets.decode()
    except UnicodeDecodeError as error:
        raise UnsafePath("An escape in the path is not UTF-8.") from error
    # A second '%' would be decoded again by some server, an escaped '/' by some file system.
    if "/" in name or "%" in name or _UNSEEN.search(name):
        raise UnsafePath("A path cannot hold an escaped '/', '\\', '%' or control character.")
    if name.startswith("."):
        raise UnsafePath("No name in a path begins with a dot.")
    if len(octets) > _LONGEST_NAME:
        raise UnsafePath(f"No name in a path has over {_LONGEST_NAME} octets.")
    return name


def _escaped(written: str) -> str:
    return _TO_ESCAPE.sub(lambda found: b"%%%02X" % found[0][0], written.encode()).decode()
