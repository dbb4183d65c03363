"""Papers: a form as it is kept, its images apart from what was filled in, and put together again."""

from collections.abc import Mapping
from functools import reduce
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from hongyan.core.submission import Qualification, Signature, Template
from hongyan.service.reviewing import FORM, Subject

Form: TypeAlias = Qualification | Signature | Template
T = TypeVar("T")

FORMS: Final[Mapping[Subject, type[Form]]] = {
    Subject.QUALIFICATION: Qualification,
    Subject.SIGNATURE: Signature,
    Subject.TEMPLATE: Template,
}
IMAGES: Final[Mapping[type[Form], tuple[str, ...]]] = {
    Qualification: (
        "licence.image",
        "legal_person.front",
        "legal_person.back",
        "authorisation",
        "promise",
    ),
    Signature: ("proof", "authorisation"),
    Template: (),
}
"""Which fields of a form are images; so are their papers named."""


def subject_of(form: Form) -> Subject:
    """What the form is for."""
    return next(subject for subject, kind in FORMS.items() if isinstance(form, kind))


def taken_apart(form: Form) -> dict[str, bytes]:
    """The papers of a form. An image that it lacks is none of them."""
    papers: dict[str, bytes] = {}
    for path in IMAGES[type(form)]:
        names = path.split(".")
        held: Any = form
        content: bytes = reduce(getattr, names, held)
        if content:
            papers[path] = content
        form = _with(form, names, b"")
    papers[FORM] = msgspec.msgpack.encode(form)
    return papers


def put_together(subject: Subject, papers: Mapping[str, bytes]) -> Form | None:
    """The form again; None where there is none (the operator's own, and what was removed)."""
    if FORM not in papers:
        return None
    form = msgspec.msgpack.decode(papers[FORM], type=FORMS[subject])
    for path in IMAGES[type(form)]:
        form = _with(form, path.split("."), papers.get(path, b""))
    return form


def _with(one: T, path: list[str], value: bytes) -> T:
    name, *below = path
    changed: Any = _with(getattr(one, name), below, value) if below else value
    made: T = msgspec.structs.replace(one, **{name: changed})  # type: ignore[type-var]
    return made
