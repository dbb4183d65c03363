"""Lint of papers: images, and the hour at which they are handed in."""

from datetime import UTC, date, datetime
from typing import Final

from hongyan.core import image
from hongyan.core.hours import reviews_at
from hongyan.core.lint.rule import WARNING, Context, Findings, Rule
from hongyan.core.time import HOUR, SECOND, Millis

LEAST_SIDE: Final = 300
"""Pixels below which nobody can read a seal."""
MOST_SIDE: Final = 20_000
"""Pixels above which an image is rather meant to burden who looks at it."""

RULES: Final[dict[str, Rule]] = {
    "image.missing": Rule(
        "An image is missing.",
        "缺少图片。",
        "Attach it as PNG or JPG.",
        "请上传 PNG 或 JPG 图片。",
    ),
    "image.not_image": Rule(
        "A file is neither PNG nor JPEG, whatever its name says.",
        "文件内容不是 PNG 或 JPEG（与文件名无关）。",
        "Export it as PNG or JPG; renaming a PDF or HEIC does not do it.",
        "请导出为 PNG 或 JPG；仅修改 PDF、HEIC 等文件的扩展名无效。",
    ),
    "image.too_large": Rule(
        "An image has more than 5 MB.",
        "图片超过 5 MB。",
        "Save it with fewer pixels or as JPG.",
        "请缩小尺寸或另存为 JPG。",
    ),
    "image.too_small": Rule(
        "An image is under 300 pixels wide or high: a seal cannot be read on it.",
        "图片宽或高不足 300 像素，公章无法辨认。",
        "Scan the paper at 300 dpi instead of photographing a screen.",
        "请使用 300 dpi 的高清扫描件，不要翻拍屏幕。",
    ),
    "image.too_wide": Rule(
        "An image is over 20000 pixels wide or high.",
        "图片宽或高超过 20000 像素。",
        "Save it with fewer pixels.",
        "请缩小图片尺寸。",
    ),
    "image.cut_off": Rule(
        "An image ends before its end: the upload was cut off.",
        "图片不完整，可能上传时被截断。",
        "Upload the file again.",
        "请重新上传完整文件。",
    ),
    "review.outside_hours": Rule(
        "Reviewers work Monday to Friday 9-21 and at weekends 9-18, Beijing time.",
        "审核时间为北京时间周一至周五 9-21 点、周末 9-18 点，现在提交会延后审核。",
        "Hand it in during these hours to have it reviewed within two.",
        "请在上述时间内提交，通常 2 小时内完成审核。",
        live=WARNING,
        document=WARNING,
    ),
    "account.individual": Rule(
        "An individual's account may not ask for this.",
        "个人账号不能申请。",
        "Use an enterprise account.",
        "请使用企业账号。",
    ),
}


def look_at_image(found: Findings, content: bytes, field: str) -> None:
    """Whether it is an image, and one that a person can read."""
    found.add("image.missing", field, broken=not content)
    found.add("image.too_large", field, broken=len(content) > image.MOST_BYTES)
    if not content or len(content) > image.MOST_BYTES:
        return
    known = image.read(content)
    found.add("image.not_image", field, broken=known is None)
    if known is None:
        return
    found.add("image.too_small", field, broken=min(known.width, known.height) < LEAST_SIDE)
    found.add("image.too_wide", field, broken=max(known.width, known.height) > MOST_SIDE)
    found.add("image.cut_off", field, broken=not known.is_whole)


def look_at_context(found: Findings, context: Context) -> None:
    """What holds for every submission."""
    found.add("review.outside_hours", "", broken=not reviews_at(context.now))
    found.add("account.individual", "", broken=not context.is_enterprise)


def today(now: Millis) -> date:
    """The day in Beijing."""
    return datetime.fromtimestamp((now + 8 * HOUR) // SECOND, UTC).date()


def is_same(name: str, other: str) -> bool:
    """Whether two papers have one name; brackets and blanks are written in several ways."""
    return name.translate(_WAYS) == other.translate(_WAYS)


_WAYS: Final = str.maketrans({"（": "(", "）": ")", " ": None, "\u3000": None})
