"""The lint: what would get a submission rejected, said before it is handed in.

`qualification.findings`, `signature.findings` and `template.findings` take a submission and a
context, `sending.findings` a program's habits; what they return names a rule of RULES, where it is
told in both languages with a cure. A finding of severity error stops a submission; warnings are
shown with it. https://cloud.tencent.com/document/product/382/39022 and 39023, and what users' own
guides warn of.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from hongyan.core.lint import paper, qualification, sending, signature, template
from hongyan.core.lint.rule import Finding, Rule, Severity

RULES: Final[Mapping[str, Rule]] = (
    paper.RULES | qualification.RULES | signature.RULES | template.RULES | sending.RULES
)
"""Every rule by its id."""


def is_rejected(found: Iterable[Finding]) -> bool:
    """Whether any finding is worse than a warning."""
    return any(finding.severity is Severity.ERROR for finding in found)
