"""Reviewing: signatures and templates as their owners apply for them by the API.

The API refuses at once what the platform has a code for; whatever else the lint finds is kept for the
reviewer to see. Qualifications come by command line only, as they come by console only there.
"""

import asyncio
from collections import Counter as Counted
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec

from hongyan.core.country import Scope
from hongyan.core.errors import KeyReused, StoreUnavailable
from hongyan.core.lint.rule import Finding
from hongyan.core.time import SECOND, day_of
from hongyan.protocols.tencent import forms
from hongyan.protocols.tencent.asking import Asking, Works
from hongyan.protocols.tencent.settings import TencentSettings
from hongyan.service import review, submit
from hongyan.service.papers import Form
from hongyan.service.ports import Administration, DeskUnusable
from hongyan.service.reviewing import (
    REPEATED_WITHIN,
    Flawed,
    Subject,
    Submitted,
    TooMany,
    UnknownSubmission,
)
from hongyan.service.serving import Serving
from hongyan.service.submit import By, Counter
from hongyan.wire.tencent import answers, requests
from hongyan.wire.tencent.answers import Answer
from hongyan.wire.tencent.bounds import MOST_IDS, SIGNATURES_A_PAGE
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.status import DELETED, FINDING_PARAMETERS, FINDINGS

T = TypeVar("T")
Answered = TypeVar("Answered", bound=Answer)

_VALUE: Final = "InvalidParameterValue"
_FAILED: Final = "FailedOperation"
_ENTERPRISE: Final = "enterprise"
MOST_A_DAY: Final = 1_000
"""Changes that an account asks for, in each process. Ours: every one may leave a template behind that is
known for ever, and has all processes read the directory again.
"""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What a change was answered, for a call that comes again."""

    request: int
    answer: bytes
    code: str = ""
    parameter: str = ""


class Reviewing:
    """See `service.ports.ServedProtocol`; a part of one."""

    def __init__(self, serving: Serving, settings: TencentSettings) -> None:
        self._serving = serving
        self._rules = settings.rules
        self._words = settings.sensitive_words
        waited = settings.approve_after_s
        self._waited = waited * SECOND if waited >= 0 else None
        self._day = 0
        self._asked: Counted[int] = Counted()
        """How many changes each account has asked for today."""

    def works(self) -> Works:
        return {
            "AddSmsSign": self.add_sign,
            "ModifySmsSign": self.modify_sign,
            "DeleteSmsSign": self.delete_sign,
            "DescribeSmsSignList": self.signs,
            "AddSmsTemplate": self.add_template,
            "ModifySmsTemplate": self.modify_template,
            "DeleteSmsTemplate": self.delete_template,
            "DescribeSmsTemplateList": self.templates,
        }

    # Signatures.

    async def add_sign(
        self, asking: Asking, request: requests.AddSmsSignRequest
    ) -> answers.AddSmsSignResponse:
        _require_enterprise(asking)
        form = await forms.signature(request, self._words)

        def add(desk: Administration, by: By) -> answers.AddSmsSignResponse:
            one = self._submitted(desk, asking, by, form, request.qualification_id)
            return answers.AddSmsSignResponse(add_sign_status=answers.AddSignStatus(sign_id=one.id))

        return await self._once(asking, answers.AddSmsSignResponse, add)

    async def modify_sign(
        self, asking: Asking, request: requests.ModifySmsSignRequest
    ) -> answers.ModifySmsSignResponse:
        _require_enterprise(asking)
        form = await forms.signature(request, self._words)

        def modify(desk: Administration, by: By) -> answers.ModifySmsSignResponse:
            missing = f"{_FAILED}.MissingSignatureToModify"
            again = _found(desk, asking, Subject.SIGNATURE, request.sign_id, missing)
            one = self._submitted(desk, asking, by, form, request.qualification_id, again)
            return answers.ModifySmsSignResponse(
                modify_sign_status=answers.ModifySignStatus(sign_id=one.id)
            )

        return await self._once(asking, answers.ModifySmsSignResponse, modify)

    async def delete_sign(
        self, asking: Asking, request: requests.DeleteSmsSignRequest
    ) -> answers.DeleteSmsSignResponse:
        def delete(desk: Administration, by: By) -> answers.DeleteSmsSignResponse:
            missing = f"{_FAILED}.SignIdNotExist"
            one = _found(desk, asking, Subject.SIGNATURE, request.sign_id, missing)
            submit.remove(desk, one, by)
            status = answers.DeleteSignStatus(delete_status=DELETED, delete_time=by.at // SECOND)
            return answers.DeleteSmsSignResponse(delete_sign_status=status)

        return await self._once(asking, answers.DeleteSmsSignResponse, delete)

    async def signs(
        self, asking: Asking, request: requests.DescribeSmsSignListRequest
    ) -> answers.DescribeSmsSignListResponse:
        def look(desk: Administration) -> answers.DescribeSmsSignListResponse:
            account = asking.caller.account.id
            known = desk.submissions(Subject.SIGNATURE, account)
            behind = {one.id: one for one in desk.submissions(Subject.QUALIFICATION, account)}
            chosen = _chosen(
                known,
                Scope(request.international),
                request.sign_id_set,
                request.offset or 0,
                request.limit or SIGNATURES_A_PAGE,
            )
            if request.sign_id_set and not chosen:
                raise Fault(f"{_FAILED}.MissingSignatureList")
            told = tuple([_sign_told(one, behind.get(one.qualification)) for one in chosen])
            return answers.DescribeSmsSignListResponse(describe_sign_list_status_set=told)

        return await self._look(asking, look)

    # Templates.

    async def add_template(
        self, asking: Asking, request: requests.AddSmsTemplateRequest
    ) -> answers.AddSmsTemplateResponse:
        _require_enterprise(asking)
        form = forms.template(request, self._words)

        def add(desk: Administration, by: By) -> answers.AddSmsTemplateResponse:
            one = self._submitted(desk, asking, by, form)
            # A string here, though a number everywhere else.
            status = answers.AddTemplateStatus(template_id=str(one.template))
            return answers.AddSmsTemplateResponse(add_template_status=status)

        return await self._once(asking, answers.AddSmsTemplateResponse, add)

    async def modify_template(
        self, asking: Asking, request: requests.ModifySmsTemplateRequest
    ) -> answers.ModifySmsTemplateResponse:
        _require_enterprise(asking)
        form = forms.template(request, self._words)

        def modify(desk: Administration, by: By) -> answers.ModifySmsTemplateResponse:
            missing = f"{_FAILED}.MissingTemplateToModify"
            again = _found(desk, asking, Subject.TEMPLATE, request.template_id, missing)
            one = self._submitted(desk, asking, by, form, again=again)
            status = answers.ModifyTemplateStatus(template_id=one.template)
            return answers.ModifySmsTemplateResponse(modify_template_status=status)

        return await self._once(asking, answers.ModifySmsTemplateResponse, modify)

    async def delete_template(
        self, asking: Asking, request: requests.DeleteSmsTemplateRequest
    ) -> answers.DeleteSmsTemplateResponse:
        def delete(desk: Administration, by: By) -> answers.DeleteSmsTemplateResponse:
            missing = f"{_FAILED}.TemplateIdNotExist"
            one = _found(desk, asking, Subject.TEMPLATE, request.template_id, missing)
            submit.remove(desk, one, by)
            at = by.at // SECOND
            status = answers.DeleteTemplateStatus(delete_status=DELETED, delete_time=at)
            return answers.DeleteSmsTemplateResponse(delete_template_status=status)

        return await self._once(asking, answers.DeleteSmsTemplateResponse, delete)

    async def templates(
        self, asking: Asking, request: requests.DescribeSmsTemplateListRequest
    ) -> answers.DescribeSmsTemplateListResponse:
        def look(desk: Administration) -> list[Submitted]:
            chosen = _chosen(
                desk.submissions(Subject.TEMPLATE, asking.caller.account.id),
                Scope(request.international),
                request.template_id_set,
                request.offset or 0,
                request.limit or MOST_IDS,
            )
            if request.template_id_set and not chosen:
                raise Fault(f"{_FAILED}.MissingTemplateList")
            return chosen

        chosen = await self._look(asking, look)
        known = self._serving.store.directory.template_ids
        bodies = [known[one.template].source if one.template in known else "" for one in chosen]
        told = tuple([_template_told(*pair) for pair in zip(chosen, bodies, strict=True)])
        return answers.DescribeSmsTemplateListResponse(describe_template_status_set=told)

    def _submitted(
        self,
        desk: Administration,
        asking: Asking,
        by: By,
        form: Form,
        qualification: int | None = None,
        again: Submitted | None = None,
    ) -> Submitted:
        """Raises Fault."""
        counter = Counter(desk, asking.caller.account, self._rules, by)
        try:
            return counter.submit(
                form, qualification=qualification or 0, again=again, stops=_has_code
            )
        except Flawed as error:
            raise _fault(error.findings) from error
        except UnknownSubmission as error:
            raise Fault(f"{_VALUE}.QualificationIdNotFound") from error
        except TooMany as error:
            raise Fault(f"{_FAILED}.SignNumberLimit") from error

    # The desk, which waits for disks.

    async def _once(
        self, asking: Asking, kind: type[Answered], work: Callable[[Administration, By], Answered]
    ) -> Answered:
        """What a change comes to, or came to when the same call came before. Raises Fault, KeyReused."""
        _require_enterprise(asking)
        self._count(asking.caller.account.id)
        kept = await asyncio.to_thread(self._change, asking, work)
        await self._serving.store.refresh()
        if kept.code:
            raise Fault(kept.code, kept.parameter)
        return msgspec.json.decode(kept.answer, type=kind)

    def _count(self, account: int) -> None:
        """Raises Fault."""
        today = day_of(self._serving.clock())
        if self._day != today:
            self._day = today
            self._asked.clear()
        if self._asked[account] >= MOST_A_DAY:
            raise Fault("RequestLimitExceeded")
        self._asked[account] += 1

    def _change(self, asking: Asking, work: Callable[[Administration, By], Answer]) -> _Kept:
        idempotency = asking.idempotency(self._serving.sealer)
        key, request = idempotency.key, idempotency.request

        def change(desk: Administration) -> _Kept:
            with desk.together():
                now = self._serving.clock()
                if written := desk.done(key, now - REPEATED_WITHIN):
                    before = msgspec.msgpack.decode(written, type=_Kept)
                    if before.request != request:
                        raise KeyReused
                    return before
                kept = _tried(request, partial(work, desk, By(asking.caller.key.id, now)))
                desk.put_done(key, msgspec.msgpack.encode(kept), now)
                return kept

        return self._at_desk(asking, change)

    async def _look(self, asking: Asking, look: Callable[[Administration], T]) -> T:
        _require_enterprise(asking)
        found = await asyncio.to_thread(self._at_desk, asking, look)
        await self._serving.store.refresh()
        return found

    def _at_desk(self, asking: Asking, work: Callable[[Administration], T]) -> T:
        """Raises what the work does, and StoreUnavailable."""
        try:
            return self._worked(asking, work)
        except DeskUnusable as error:
            raise StoreUnavailable from error

    def _worked(self, asking: Asking, work: Callable[[Administration], T]) -> T:
        desk = self._serving.desk()
        try:
            submit.adopt(desk, asking.caller.account.id)
            self._decide_due(desk)
            done = work(desk)
            self._decide_due(desk)
            return done
        finally:
            desk.close()

    def _decide_due(self, desk: Administration) -> None:
        if self._waited is not None:
            review.decide_due(desk, self._waited, self._serving.clock())


def _tried(request: int, work: Callable[[], Answer]) -> _Kept:
    """A refusal is an answer, too. It comes before anything of the change is written."""
    try:
        return _Kept(request, msgspec.json.encode(work()))
    except Fault as fault:
        return _Kept(request, b"", fault.code, fault.parameter)


def _found(
    desk: Administration, asking: Asking, subject: Subject, number: int, missing: str
) -> Submitted:
    try:
        return submit.find(desk, subject, number, account=asking.caller.account.id)
    except UnknownSubmission as error:
        raise Fault(missing) from error


def _chosen(
    known: Sequence[Submitted],
    scope: Scope,
    numbers: Sequence[int] | None,
    offset: int,
    most: int,
) -> list[Submitted]:
    """Those with these numbers, or a page of all; newest first."""
    here = [one for one in known if one.scope in (scope, Scope.BOTH)]
    if numbers:
        wanted = frozenset(numbers)
        return [one for one in here if (one.template or one.id) in wanted]
    return here[offset : offset + most]


def _sign_told(one: Submitted, behind: Submitted | None) -> answers.DescribeSignListStatus:
    told = answers.DescribeSignListStatus(
        sign_id=one.id,
        international=one.scope,
        status_code=one.status,
        review_reply=review.reply_to(one),
        sign_name=one.name,
        create_time=one.created_at // SECOND,
    )
    if behind is not None:
        told.qualification_id = behind.id
        told.qualification_name = behind.name
        told.qualification_status_code = behind.status
    return told


def _template_told(one: Submitted, body: str) -> answers.DescribeTemplateListStatus:
    return answers.DescribeTemplateListStatus(
        template_id=one.template,
        international=one.scope,
        status_code=one.status,
        review_reply=review.reply_to(one),
        template_name=one.name,
        create_time=one.created_at // SECOND,
        template_content=body,
    )


def _require_enterprise(asking: Asking) -> None:
    if asking.caller.account.kind != _ENTERPRISE:
        raise Fault(f"{_FAILED}.NotEnterpriseCertification")


def _has_code(finding: Finding) -> bool:
    return finding.rule in FINDINGS


def _fault(findings: Sequence[Finding]) -> Fault:
    first = findings[0].rule
    return Fault(FINDINGS[first], FINDING_PARAMETERS.get(first, ""))
