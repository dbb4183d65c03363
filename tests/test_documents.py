"""The documents say what is true of the code."""

import re
from pathlib import Path

import pytest
from scripts.documents import MADE, renewed

from hongyan.api.problem import REQUEST_WORDS, WORDS
from hongyan.core import errors
from hongyan.core.errors import HongyanError
from hongyan.core.policy import Policy
from hongyan.wire.tencent.codes import CODES
from hongyan.wire.tencent.codes.gateway import GATEWAY

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_from_the_code_has_been_made_anew(name: str) -> None:
    _, now, new = renewed(name)
    assert now == new, "run 'make docs'"


def test_every_refusal_has_a_word() -> None:
    def leaves(error: type[HongyanError]) -> set[type[HongyanError]]:
        below = error.__subclasses__()
        return set().union(*map(leaves, below)) if below else {error}

    assert set(WORDS) == leaves(HongyanError)


def test_every_word_is_its_own() -> None:
    words = [code for _, code in WORDS.values()] + list(REQUEST_WORDS)
    assert len(words) == len(set(words))


def test_the_tree_of_errors_is_drawn_whole() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    known = {
        name
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, HongyanError) and one is not HongyanError
    }
    assert drawn == known


def test_every_rule_of_verification_is_explained() -> None:
    told = (ROOT / "docs/reference/policy.md").read_text("utf-8")
    assert all(f"`{name}`" in told for name in Policy.__struct_fields__)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = _LINK.findall(document.read_text("utf-8"))
    broken = [
        link
        for link in links
        if "://" not in link and not (document.parent / link).resolve().exists()
    ]
    assert not broken


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text("utf-8")
    assert all(path.name in listed for path in folder.glob("[0-9]*.md"))


def test_nothing_public_tells_of_a_machine() -> None:
    paths = re.compile(r"/(?:home|root|work)/[a-z]|/tmp/[a-z]")
    assert not [path for path in DOCUMENTS if paths.search(path.read_text("utf-8"))]


def test_every_code_of_tencents_service_is_told_of() -> None:
    """Where it is told, or why it never is; those of the gateway are other products' too."""
    told = (ROOT / "docs/reference/tencent.md").read_text("utf-8")
    assert not [code for code in CODES.keys() - GATEWAY.keys() if f"`{code}`" not in told]
