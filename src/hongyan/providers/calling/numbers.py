"""Numbers: what an answer says of each number of a call, and which of them need not be asked for.

Tencent's SendSms and WeChat's sendsms answer alike: a list with a status for each number.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from hongyan.core.identifier import MessageId
from hongyan.core.message import Message
from hongyan.core.outcome import Accepted, Deferred, Outcome, Unconfirmed
from hongyan.core.time import SECOND
from hongyan.providers.calling import codes, said
from hongyan.providers.calling.mirror import Mirror, Text, text_of
from hongyan.service.ports import Clock

_OK: Final = "Ok"
_LONGEST_ID: Final = 64
_LONGEST_NATIONAL: Final = len("13800138000")


class Status(Protocol):
    """Of one number."""

    serial_no: str
    phone_number: str
    code: str
    message: str


class Numbers:
    """Of one app there."""

    def __init__(self, clock: Clock, content: Callable[[Message], object], secret: str) -> None:
        """`content`: what is the same in texts that the platform's limits take for the same."""
        self._clock = clock
        self._content = content
        self._secret = secret
        self._mirror = Mirror()

    def parted(self, messages: Sequence[Message]) -> tuple[list[Message], dict[MessageId, Outcome]]:
        """(those to be asked for, each number once; what is known of the others)."""
        now = self._clock()
        going: dict[str, Message] = {}
        known: dict[MessageId, Outcome] = {}
        for message in messages:
            until, code = self._mirror.closed(self._counted(message), now)
            if until:
                known[message.id] = Deferred(f"{code}, as before.", until - now)
            elif message.phone in going:
                known[message.id] = Deferred("The same text to this number is on its way.", SECOND)
            else:
                going[message.phone] = message
        return list(going.values()), known

    def told(
        self, messages: Sequence[Message], statuses: Sequence[Status]
    ) -> dict[MessageId, Outcome]:
        """By what was answered of each number, in whatever order."""
        found: dict[str, list[Status]] = {}
        for status in statuses:
            found.setdefault(_digits(status.phone_number), []).append(status)
        return {one.id: self._outcome(one, found.get(_digits(one.phone), [])) for one in messages}

    def refused(
        self, messages: Sequence[Message], code: str, words: str
    ) -> dict[MessageId, Outcome]:
        """The whole call came to this."""
        return {one.id: self._refused(one, code, words) for one in messages}

    def _outcome(self, message: Message, statuses: Sequence[Status]) -> Outcome:
        if len({one.code for one in statuses}) != 1:
            return Unconfirmed("Its answer says nothing of this number.")
        status = statuses[0]
        if status.code != _OK:
            return self._refused(message, status.code, status.message)
        self._mirror.sent(self._counted(message), self._clock())
        return Accepted(status.serial_no[:_LONGEST_ID])

    def _refused(self, message: Message, code: str, words: str) -> Outcome:
        now, sentence = self._clock(), said(code, words, self._secret)
        until = self._mirror.refused(code, self._counted(message), now)
        if until is None:
            return codes.outcome(code, sentence, now)
        return Deferred(sentence, until - now)

    def _counted(self, message: Message) -> Text:
        return text_of(message.phone, self._content(message))


def _digits(phone: str) -> str:
    """As numbers are compared: with their country, of which none but China's is left away."""
    digits = phone.removeprefix("+")
    is_whole = phone.startswith("+") or len(digits) > _LONGEST_NATIONAL
    return digits if is_whole else f"86{digits}"
