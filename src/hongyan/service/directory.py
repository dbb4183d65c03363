"""The directory: the configuration that every request needs, as one immutable snapshot."""

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, TypeAlias

import msgspec

from hongyan.core import country, template
from hongyan.core.country import Scope
from hongyan.core.daily import NO_CAPS, Cap, Caps
from hongyan.core.errors import AccountClosed, AddressNotAllowed, AppDisabled
from hongyan.core.hours import LAWFUL, Hours
from hongyan.core.limit import Window
from hongyan.core.marketing import Ending
from hongyan.core.message import Kind
from hongyan.core.time import Millis
from hongyan.wire.wechat.tokens import Grant

NEVER: Final[Millis] = 1 << 62
ALL_APIS: Final = "/*"
"""When a key ends that nobody has ended."""


class KeyKind(StrEnum):
    """Who may hold a key: a server, or anybody who reads the page's source."""

    SECRET = "secret"  # noqa: S105 - the word, not one
    PUBLISHABLE = "publishable"
    APP_SECRET = "app_secret"  # noqa: S105
    """Not for our own API: what a client of a served protocol gives beside its app's name there."""


class Review(StrEnum):
    """Where a template stands before it may be sent."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


class Account(msgspec.Struct, frozen=True):
    """Who pays."""

    id: int
    name: str
    kind: str
    open: bool

    @property
    def is_personal(self) -> bool:
        """Nobody's business: it sends no marketing, and no text of a mini program."""
        return self.kind == "personal"


Network: TypeAlias = IPv4Network | IPv6Network


class Form(StrEnum):
    """In which protocol's form an app is told what became of its messages."""

    ZHENZI = "zhenzi"
    """A post a message, of those that the app gave a name to."""
    TENCENT = "tencent"
    """Up to 100 messages a post, and replies."""


class Callback(msgspec.Struct, frozen=True):
    """Where an app hears what became of its messages, and the secret that our calls are signed by."""

    url: str
    secret: bytes
    form: Form = Form.ZHENZI

    def __repr__(self) -> str:
        return f"Callback({self.url!r})"


class TencentProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What the Tencent protocol has of an app beside its SdkAppId, `named["tencent", …]`."""

    pulls: bool = True
    """Whether results and replies wait to be pulled where there is no callback."""
    test_template: str = ""
    """By name; may go to `test_numbers` alone, until `test_until`."""
    test_numbers: frozenset[str] = frozenset()
    test_until: Millis = 0


class WechatProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What WeChat has of a mini program beside its appid, `named["wechat", …]`."""

    nickname: str = ""
    short_name: str = ""
    is_personal: bool = False
    ending: Ending = Ending.REPLY_T
    original_id: str = ""
    """`gh_…`, by which a page opens it."""
    trusted_networks: tuple[Network, ...] = ()
    """Where its servers may call from without a token."""


class App(msgspec.Struct, frozen=True, kw_only=True):
    """What calls us. `name` is its identifier outside and the audience of its proofs."""

    id: int
    name: str
    title: str
    account: Account
    enabled: bool
    template: str
    """The verification template, by name; one of `templates`, or empty."""
    countries: frozenset[str]
    windows: tuple[Window, ...]
    """Limits of the texts that the app sends itself, per number; none until set."""
    client_windows: tuple[Window, ...] = ()
    """The same, per user of the app, as the app names them."""
    signature: str = ""
    """What free texts go out under where the caller names none."""
    free_text: bool = True
    """Whether it may send texts of its own making, or by template only."""
    refuses_meaningless: bool = False
    """Whether texts that carriers are known to block are refused; else they are warned about."""
    networks: tuple[Network, ...] = ()
    """Where its servers may call from; anywhere while there are none."""
    callback: Callback | None = None
    """Whom to tell of a message's end, if it has a reference of the app's."""
    content_windows: tuple[Window, ...] = ()
    """Limits of the same text to a number."""
    hours: Hours = LAWFUL
    """When its marketing may be sent."""
    tencent: TencentProfile | None = None
    """None where the app is not known in that protocol."""
    wechat: WechatProfile | None = None
    caps: Caps = NO_CAPS
    """What it may send in a day, and where it never sends."""

    @property
    def open_countries(self) -> frozenset[str]:
        """Where it may text."""
        return self.countries - self.caps.never if self.caps.never else self.countries

    def caps_of(self, number: str) -> tuple[Cap, ...]:
        """The daily totals that a text to a canonical number counts in."""
        return self.caps.of(self.id, country.iso_code(number)) if self.caps.counts else ()

    def require_open(self) -> None:
        """Raises AccountClosed and AppDisabled. Asked wherever an app is let in."""
        if not self.account.open:
            raise AccountClosed
        if not self.enabled:
            raise AppDisabled

    def require_from(self, address: str) -> None:
        """Raises AddressNotAllowed; an address that is not known is nobody's."""
        if not self.networks:
            return
        try:
            parsed = ip_address(address)
        except ValueError as error:
            raise AddressNotAllowed from error
        # As some proxies write an IPv4 address.
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        if not any(parsed in network for network in self.networks):
            raise AddressNotAllowed


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """An API key. Of the key itself only its keyed hash is known."""

    app: App
    kind: KeyKind
    hint: str
    purposes: frozenset[str]
    """What a publishable key may verify for."""
    origins: frozenset[str]
    """Where a publishable key may be used from."""
    ends_at: Millis = NEVER
    """It is good before this moment; set in advance when it is rotated with an overlap."""


class SecretKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that signs calls (Tencent's protocol, the cloud call): known in the clear, kept sealed."""

    id: str
    """The SecretId."""
    account: int
    secret: str
    token: str = ""
    """Of temporary credentials, which come with it."""
    networks: tuple[Network, ...] = ()
    """Where it may be used from; anywhere while there are none."""
    created_at: Millis = 0
    ends_at: Millis = NEVER
    is_held: bool = False
    """It may have leaked: nothing is done by it until a person releases it."""

    def __repr__(self) -> str:
        return f"SecretKey({self.id!r})"


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudBase environment: the static website that an app's links lead to."""

    id: str
    app: int
    has_website: bool = True
    opens_apis: bool = True
    """Whether its containers may call without the secret of their mini program."""
    opened_at: Millis = 0
    """When that was last allowed: tokens from before are not good."""
    apis: tuple[str, ...] = (ALL_APIS,)
    """The paths that they may call, or beginnings of paths with `*` behind them."""
    apis_version: int = 1
    """Of these three; whoever changes them names the one that he has seen."""


class CloudToken(msgspec.Struct, frozen=True, kw_only=True):
    """A `wxCloudApiToken`: which APIs the cloud function that holds it may call."""

    app: App
    environment: str
    permissions: frozenset[str]
    hint: str
    ends_at: Millis = NEVER


class Ticket(msgspec.Struct, frozen=True):
    """A third party's component_verify_ticket."""

    hash: bytes
    """Keyed."""
    ends_at: Millis
    """Or when there is another."""

    def __repr__(self) -> str:
        return f"Ticket(ends_at={self.ends_at})"


class Authorisation(msgspec.Struct, frozen=True, kw_only=True):
    """That an app has authorised a third party: another app, known as `wechat_component`."""

    component: int
    app: int
    rights: frozenset[int]
    """Permission sets 权限集."""
    code_hash: bytes
    """Of the authorization_code; empty once it was used."""
    refresh_hash: bytes
    """Of the authorizer_refresh_token."""


class Signature(msgspec.Struct, frozen=True):
    """What stands in 【】 before a text: who speaks."""

    id: int
    account: int
    name: str
    scope: Scope = Scope.BOTH
    """Where texts may go out under it."""


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A body, reviewed or not, with the signature that it goes out under."""

    id: int
    name: str
    account: int
    kind: Kind
    signature: str
    source: str
    body: template.Body
    review: Review = Review.APPROVED
    reason: str = ""
    """Why it was rejected."""
    scope: Scope = Scope.MAINLAND
    """Where it may be sent, in the protocols that ask."""


class SigningKey(msgspec.Struct, frozen=True):
    """A key that proofs are signed with: P-256, as PKCS #8 DER."""

    id: str
    private: bytes
    created_at: Millis

    def __repr__(self) -> str:
        return f"SigningKey({self.id!r})"


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Maps are never changed; a newer directory replaces this one."""

    version: int
    accounts: Mapping[int, Account]
    apps: Mapping[str, App]
    named: Mapping[tuple[str, str], App]
    """By (protocol, what the app is called there)."""
    keys: Mapping[bytes, Key]
    signatures: Mapping[tuple[int, str], Signature]
    templates: Mapping[tuple[int, str], Template]
    """By (account, name): those that may be sent."""
    template_ids: Mapping[int, Template]
    """All there ever were."""
    routes: Mapping[Kind, tuple[str, ...]]
    """Providers of each kind of message, in order."""
    signing_keys: tuple[SigningKey, ...]
    """Oldest first."""
    good_until: Millis
    """When the first of its keys ends."""
    secret_keys: Mapping[str, SecretKey] = {}
    environments: Mapping[str, Environment] = {}
    cloud_tokens: Mapping[bytes, CloudToken] = {}
    """By keyed hash."""
    tickets: Mapping[int, Ticket] = {}
    """By third party."""
    authorisations: Mapping[tuple[int, int], Authorisation] = {}
    """By (third party, app)."""
    grants: Mapping[tuple[int, int, int], Grant] = {}
    """WeChat's access tokens: by (kind, owner, third party)."""

    def at(self, now: Millis) -> "Directory":
        """The directory as of a later moment: without the keys that have ended by then."""
        if now < self.good_until:
            return self
        keys = {name: key for name, key in self.keys.items() if key.ends_at > now}
        secret_keys = {name: key for name, key in self.secret_keys.items() if key.ends_at > now}
        tokens = {name: token for name, token in self.cloud_tokens.items() if token.ends_at > now}
        ends = [
            *(key.ends_at for key in keys.values()),
            *(key.ends_at for key in secret_keys.values()),
            *(token.ends_at for token in tokens.values()),
        ]
        return msgspec.structs.replace(
            self,
            keys=keys,
            secret_keys=secret_keys,
            cloud_tokens=tokens,
            good_until=min(ends, default=NEVER),
        )

    def allows_origin(self, origin: str) -> bool:
        """Whether any app lists this origin; what a CORS preflight is answered by."""
        return any(origin in key.origins for key in self.keys.values())
