"""Images are known by their content."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hongyan.core import image
from hongyan.core.image import Format, Image
from support.papers import jpeg, png

SIZES = st.integers(1, 0xFFFF)


@given(SIZES, SIZES, st.booleans())
def test_an_image_tells_its_size(width: int, height: int, is_whole: bool) -> None:
    found = image.read(png(width, height, is_whole=is_whole))
    assert found == Image(Format.PNG, width, height, is_whole)
    found = image.read(jpeg(width, height, is_whole=is_whole))
    assert found == Image(Format.JPEG, width, height, is_whole)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"BM" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04",
        b"\x1f\x8b" + bytes(100),
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        png(0, 5),
        png()[:20],
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xd9",
        jpeg(5, 0),
        b"\xff\xd8" + b"\xff" * 5_000_000,
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 1_000_000,
        b"licence.png",
    ],
    ids=range(19),
)
def test_what_is_no_image_is_none(content: bytes) -> None:
    assert image.read(content) is None


def test_an_image_may_be_cut_anywhere() -> None:
    for whole in (png(), jpeg()):
        for length in range(len(whole)):
            found = image.read(whole[:length])
            assert found is None or not found.is_whole


@given(st.binary(), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]))
@example(b"\xd0" * 3000, b"\xff\xd8\xff")
def test_whatever_is_handed_in_is_looked_at(content: bytes, head: bytes) -> None:
    found = image.read(head + content)
    assert found is None or (found.width > 0 and found.height > 0)
