"""Texts: what they cost and where they are cut, held against 23.038 and a counter of our own."""

import operator
from itertools import accumulate, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.errors import InvalidText, TextTooLong
from hongyan.core.text import (
    GSM_ALPHABET,
    GSM_EXTENSION,
    is_gsm,
    is_meaningless,
    masked,
    names_a_code,
    parts,
    require_showable,
    segments,
    signature_of,
    signed,
)

TWO_SEPTETS = "\f^{}\\[~]|€"


def runs(alphabet: str) -> st.SearchStrategy[str]:
    """Texts of a few long runs, so that every boundary is met."""
    run = st.builds(operator.mul, st.sampled_from(alphabet), st.integers(1, 160))
    return st.lists(run, max_size=6).map("".join)


gsm_texts = runs("a@\n^€")
any_texts = runs("a€ç中😀")


# The alphabet: 3GPP TS 23.038 §6.2.1.


@pytest.mark.parametrize(
    ("septet", "character"),
    [
        (0x00, "@"),
        (0x01, "£"),
        (0x02, "$"),
        (0x03, "¥"),
        (0x09, "Ç"),
        (0x0A, "\n"),
        (0x0D, "\r"),
        (0x10, "Δ"),
        (0x11, "_"),
        (0x1A, "Ξ"),
        (0x1B, "\x1b"),
        (0x1F, "É"),
        (0x24, "¤"),
        (0x40, "¡"),
        (0x5B, "Ä"),
        (0x5E, "Ü"),
        (0x5F, "§"),
        (0x60, "¿"),
        (0x7B, "ä"),
        (0x7F, "à"),
    ],
)
def test_the_alphabet_has_each_character_at_its_septet(septet: int, character: str) -> None:
    assert GSM_ALPHABET[septet] == character


def test_letters_digits_and_most_signs_stand_where_ascii_has_them() -> None:
    shared = set(range(0x20, 0x7B)) - {0x24, 0x40, *range(0x5B, 0x61)}
    assert all(GSM_ALPHABET[septet] == chr(septet) for septet in shared)
    assert len(set(GSM_ALPHABET)) == 128


def test_the_extension_table_holds_ten_characters_that_the_alphabet_does_not() -> None:
    assert set(GSM_EXTENSION) == set(TWO_SEPTETS)
    assert not set(GSM_EXTENSION) & set(GSM_ALPHABET)


@pytest.mark.parametrize("text", ["ç", "`", "中", "😀", "\x1b", "\t"])
def test_what_the_alphabet_lacks_is_not_gsm(text: str) -> None:
    assert not is_gsm("a" + text)


# Segments.


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("中" * 70, 1),
        ("中" * 71, 2),
        ("中" * 134, 2),
        ("中" * 135, 3),
        ("a" * 70, 1),
        ("a" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("€" * 70, 1),
        ("中" * 500, 8),
    ],
    ids=lambda value: f"{value[:1]}x{len(value)}" if isinstance(value, str) else None,
)
def test_at_home_seventy_fit_alone_and_sixty_seven_a_part(text: str, count: int) -> None:
    assert segments(text, domestic=True) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 70 + "中", 2),
        ("中" * 70, 1),
        ("中" * 135, 3),
    ],
    ids=lambda value: f"{value[-1:]}x{len(value)}" if isinstance(value, str) else None,
)
def test_abroad_the_gsm_alphabet_is_used_where_it_suffices(text: str, count: int) -> None:
    assert segments(text, domestic=False) == count


def test_an_escape_pair_is_never_cut() -> None:
    assert parts("a" * 152 + "€" * 9, domestic=False) == ["a" * 152, "€" * 9]


def test_a_surrogate_pair_is_never_cut() -> None:
    assert parts("中" * 66 + "😀" * 3, domestic=True) == ["中" * 66, "😀" * 3]


@given(gsm_texts | any_texts, st.booleans())
def test_the_parts_are_the_text_and_as_many_as_are_charged(text: str, domestic: bool) -> None:
    cut = parts(text, domestic=domestic)
    assert "".join(cut) == text
    assert len(cut) == segments(text, domestic=domestic)


@given(gsm_texts | any_texts, st.booleans())
def test_every_part_fits(text: str, domestic: bool) -> None:
    costs, alone, part = _counted(text, domestic=domestic)
    cut = parts(text, domestic=domestic)
    room = alone if len(cut) == 1 else part
    starts = [sum(map(len, cut[:index])) for index in range(len(cut))]
    for start, piece in zip(starts, cut, strict=True):
        assert sum(costs[start : start + len(piece)]) <= room


@given(gsm_texts | any_texts, st.booleans())
def test_no_text_could_be_sent_in_fewer_segments(text: str, domestic: bool) -> None:
    costs, alone, part = _counted(text, domestic=domestic)
    fewest = 1 if sum(costs) <= alone else _fewest(costs, part)
    assert segments(text, domestic=domestic) == fewest


def _counted(text: str, *, domestic: bool) -> tuple[list[int], int, int]:
    """What each character costs, what fits alone, what fits a part."""
    if not domestic and all(one in GSM_ALPHABET or one in TWO_SEPTETS for one in text):
        return [2 if one in TWO_SEPTETS else 1 for one in text], 160, 153
    return [len(one.encode("utf-16-be")) // 2 for one in text], 70, 67


def _fewest(costs: list[int], room: int) -> int:
    """The fewest pieces over all ways to cut, each at most `room`."""
    best = [0]
    for end in range(1, len(costs) + 1):
        sums = accumulate(reversed(costs[:end]))
        fitting = sum(1 for _ in takewhile(room.__ge__, sums))
        best.append(1 + min(best[end - fitting :]))
    return best[-1]


# What is sent, and what is shown of it.


def test_a_signature_stands_in_front() -> None:
    assert signed("鸿雁", "您好") == "【鸿雁】您好"


@pytest.mark.parametrize("text", ["【别家】您好", "您好】", "您【好"])
def test_a_text_brings_no_signature_of_its_own(text: str) -> None:
    with pytest.raises(InvalidText):
        signed("鸿雁", text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("验证码384592，5分钟内有效", "验证码*，5分钟内有效"),
        ("1234", "*"),
        ("12345678", "*"),
        ("123", "123"),
        ("123456789", "123456789"),
        ("a1234b5678", "a*b*"),
        ("2026-11-21", "*-11-21"),
        ("", ""),
    ],
)
def test_each_run_of_four_to_eight_digits_is_shown_as_a_star(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize("text", ["您好", "a\nb\r\nc", "中" * 500, "😀", "\u200d", "\u3000x"])
def test_what_a_handset_shows_may_be_sent(text: str) -> None:
    require_showable(text)


@pytest.mark.parametrize("text", ["", " ", "\n", "\u3000"])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidText, match="empty"):
        require_showable(text)


def test_a_text_over_five_hundred_characters_is_refused_with_its_length() -> None:
    with pytest.raises(TextTooLong, match="501 characters"):
        require_showable("中" * 501)
    require_showable("中" * 1_000, longest=1_000)


@pytest.mark.parametrize("code", [0x00, 0x09, 0x0B, 0x1B, 0x7F, 0x85, 0x9F, 0xD800, 0xDFFF])
def test_what_no_handset_shows_is_refused_with_its_place(code: int) -> None:
    with pytest.raises(InvalidText, match=rf"U\+{code:04X} at character 3\."):
        require_showable("ab" + chr(code) + chr(code))


@pytest.mark.parametrize(
    ("text", "meaningless"),
    [
        ("你好", True),
        ("你好！", True),
        ("12132", True),
        ("１２１３２", True),
        ("123 456", True),
        ("…", True),
        ("Hello", True),
        ("您的验证码为2323", False),
        ("你好，您的快递到了", False),
        ("a1", False),
    ],
)
def test_a_greeting_or_digits_alone_are_meaningless(text: str, *, meaningless: bool) -> None:
    assert is_meaningless(text) is meaningless


@pytest.mark.parametrize("text", ["您的验证码为2323", "校验码 1234", "Your VERIFICATION code is 1"])
def test_a_text_that_names_a_code_is_known(text: str) -> None:
    assert names_a_code(text)
    assert not names_a_code("您的快递 1234 到了")


def test_a_signature_is_taken_off_the_front_alone() -> None:
    assert signature_of("【鸿雁】您好") == ("鸿雁", "您好")
    assert signature_of("您好【鸿雁】") == ("", "您好【鸿雁】")
    assert signature_of("【】您好") == ("", "【】您好")
    assert signature_of("【鸿雁】a\nb【c】") == ("鸿雁", "a\nb【c】")
