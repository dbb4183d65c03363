"""Credentials: what a store keeps of those who call in the protocols of others, and who changed it."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import msgspec

from hongyan.core.time import Millis
from hongyan.service.directory import Authorisation, Environment, Network, SecretKey
from hongyan.wire.wechat.tokens import Grant


class NewCloudToken(msgspec.Struct, frozen=True, kw_only=True):
    """A `wxCloudApiToken` to be added. It is hashed by the store and shown once by whoever made it."""

    app: int
    environment: str
    permissions: frozenset[str]
    secret: str
    hint: str

    def __repr__(self) -> str:
        return f"NewCloudToken({self.hint!r})"


class Audited(msgspec.Struct, frozen=True):
    """That somebody decided something. Nothing personal stands here, and no secret."""

    at: Millis
    who: str
    action: str
    subject: str
    detail: str


class Credentials(Protocol):
    """A part of `ports.Administration`."""

    def hashed(self, secret: str) -> bytes:
        """The keyed hash under which a secret is found: `Sealer.secret` of it."""

    def add_secret_key(self, key: SecretKey) -> None:
        """A key whose SecretId is new; made now, where it does not say when."""

    def restrict_secret_key(self, name: str, networks: Collection[Network]) -> bool:
        """From where alone it may be used, from now on; whether there is such a key."""

    def hold_secret_key(self, name: str, *, is_held: bool) -> bool:
        """Have its calls refused, or no longer; whether there is such a key."""

    def end_secret_key(self, name: str, at: Millis) -> bool:
        """Let it end at a moment (for an overlap, or now); whether there was a live one."""

    def used_secret_keys(self, uses: Mapping[str, Millis]) -> None:
        """When keys were used last. The directory does not tell it, so nobody reads it again."""

    def uses_of_secret_keys(self) -> dict[str, Millis]:
        """When each was used last, of those that ever were."""

    def put_environment(self, environment: Environment) -> bool:
        """Make or change it; False, and nothing is done, where it is another app's."""

    def add_cloud_token(self, token: NewCloudToken) -> None: ...

    def end_cloud_token(self, app: int, hint: str, at: Millis) -> bool:
        """Let it end at a moment; whether there was a live one."""

    def put_ticket(self, component: int, ticket: str) -> None:
        """The component_verify_ticket, good for 12 hours, or until there is another."""

    def put_authorisation(self, authorisation: Authorisation) -> None:
        """What stood there of the two before is replaced."""

    def drop_authorisation(self, component: int, app: int) -> bool:
        """Whether there was one."""

    def grant(
        self, kind: int, owner: int, third_party: int, change: Callable[[Grant], Grant]
    ) -> Grant:
        """Change what is kept of an owner's tokens, while nobody else does; what it is then.

        `change` may raise, and so nothing is changed. It is given `Grant()` where there is none yet.
        """

    def audit(self, who: str, action: str, subject: str, detail: str = "") -> None:
        """Write down who decided what. `subject` is what `audits` finds it by, such as `app app_a`."""

    def audits(self, most: int, subject: str = "") -> list[Audited]:
        """The newest first, all or those of a subject."""
