"""Why we refuse a caller. The core returns these, a service raises them, a face has a word for each.

HongyanError
├── Invalid                 the request itself is wrong: sending it again will not help
│   ├── InvalidNumber       not a phone number that we could text
│   ├── CountryClosed       a good number in a country that is not open
│   ├── InvalidText         empty, or with characters no handset shows
│   ├── TextTooLong
│   ├── MeaninglessText     an app may refuse what carriers are known to block
│   ├── FreeTextClosed      this app sends by template only
│   ├── ReferenceUsed       an app's own id for a message, for the second time in 24 h
│   ├── InvalidTemplate     a template body that cannot be filled
│   ├── InvalidParameters   too few, too many, or not of the template's kind
│   ├── InvalidPurpose      not a purpose's form, or not one of this key's
│   ├── InvalidCode         not the form of a code (says nothing about any code)
│   ├── UnknownTemplate
│   └── UnknownSignature
├── Denied                  who asks may not
│   ├── UnknownKey          no key, a wrong key, a disabled one
│   ├── KeyNotAllowed       a publishable key outside its purposes, origins or operations
│   ├── UnknownApp
│   ├── WrongSecret         also while the guess limit holds, whatever the secret
│   ├── AddressNotAllowed
│   ├── AppDisabled
│   └── AccountClosed
├── Limited                 too many; carries the window and when to come back
├── OptedOut                the number's owner wants no marketing
├── StepUpRequired          a person must first show that they are one
├── NotAccepted             we cannot take it now; nothing was kept or charged
│   ├── NoBalance
│   ├── NoRoute
│   ├── StoreUnavailable
│   └── Overloaded
├── CodeRefused             unknown, wrong, expired, used or locked: one and the same answer
├── NoSendsLeft             this verification has sent all the texts it may
├── ProofInvalid
├── ProofUsed
├── NotFound
└── KeyReused               an Idempotency-Key came back with another request
"""

from typing import Literal

from hongyan.core.time import Millis

Scope = Literal["phone", "ip", "app", "client", "content"]


class HongyanError(Exception):
    """The root of the tree. `str()` of any error is one sentence for the caller's developer."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or (self.__doc__ or ""))


class Invalid(HongyanError):
    """The request is not valid."""


class InvalidNumber(Invalid):
    """The phone number is not valid."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class CountryClosed(Invalid):
    """The number's country is not open for sending."""


class InvalidText(Invalid):
    """The text cannot be sent."""


class TextTooLong(Invalid):
    """The text is too long."""


class MeaninglessText(Invalid):
    """A text like 你好 or of digits alone says nothing; carriers block it."""


class FreeTextClosed(Invalid):
    """This app sends by template only."""


class ReferenceUsed(Invalid):
    """A message of the last 24 hours has this reference already."""


class InvalidTemplate(Invalid):
    """The template cannot be filled."""


class InvalidParameters(Invalid):
    """The parameters do not fit the template."""


class InvalidPurpose(Invalid):
    """The purpose is not allowed here."""


class InvalidCode(Invalid):
    """The code must be the digits of the text message, nothing else."""


class UnknownTemplate(Invalid):
    """This app has no such approved template."""


class UnknownSignature(Invalid):
    """This account has no such approved signature."""


class Denied(HongyanError):
    """Not allowed."""


class UnknownKey(Denied):
    """Send a valid key as 'Authorization: Bearer <key>'."""


class KeyNotAllowed(Denied):
    """This key may not do that."""


class UnknownApp(Denied):
    """There is no such app."""


class WrongSecret(Denied):
    """The secret is not this app's."""


class AddressNotAllowed(Denied):
    """This app may not be called from this address."""


class AppDisabled(Denied):
    """The app is disabled."""


class AccountClosed(Denied):
    """The account is closed."""


class Limited(HongyanError):
    """Too many requests."""

    def __init__(self, scope: Scope, window: str, retry_at: Millis) -> None:
        super().__init__(f"Too many for this {scope}: the limit of the {window} window is reached.")
        self.scope = scope
        self.window = window
        self.retry_at = retry_at
        self.verification: bytes | None = None
        """The caller's own pending verification, where the rules let it be told (policy row 26)."""


class OptedOut(HongyanError):
    """The owner of this number wants no marketing."""


class StepUpRequired(HongyanError):
    """The caller must first pass a step-up such as a CAPTCHA."""


class NotAccepted(HongyanError):
    """The message was not accepted."""


class NoBalance(NotAccepted):
    """The account's packages do not cover this message."""


class NoRoute(NotAccepted):
    """No provider that is configured is routed for this kind of message."""


class StoreUnavailable(NotAccepted):
    """The store cannot take writes now; nothing was kept. Try again later."""


class Overloaded(NotAccepted):
    """Too much is waiting to be stored. Try again in a moment."""


class CodeRefused(HongyanError):
    """The code is invalid or has expired."""


class NoSendsLeft(HongyanError):
    """This verification has no sends left; start a new one."""


class ProofInvalid(HongyanError):
    """The proof is not a valid one for this app."""


class ProofUsed(HongyanError):
    """The proof has been used already."""


class NotFound(HongyanError):
    """There is no such thing here."""


class KeyReused(HongyanError):
    """This Idempotency-Key was used with a different request."""
