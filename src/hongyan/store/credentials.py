"""Who calls in the protocols of others, as any store keeps it."""

from collections.abc import Callable, Collection, Mapping

import msgspec

from hongyan.core.time import Millis
from hongyan.service.credentials import Audited, NewCloudToken
from hongyan.service.directory import NEVER, Authorisation, Environment, Network, SecretKey
from hongyan.store.changing import Changing, written
from hongyan.store.directory import SECRET_KEY, SECRET_TOKEN
from hongyan.wire.wechat.tokens import Grant


class Credentials(Changing):
    """See `service.credentials.Credentials`. Each method is one transaction."""

    def hashed(self, secret: str) -> bytes:
        return self._seal.secret(secret.encode())

    def add_secret_key(self, key: SecretKey) -> None:
        row, token = key.id.encode(), key.token.encode()
        with self._change():
            self._run(
                "insert_secret_key",
                key.id,
                key.account,
                self._seal.close(SECRET_KEY, row, key.secret.encode()),
                self._seal.close(SECRET_TOKEN, row, token) if token else None,
                _listed(key.networks),
                key.created_at or self._clock(),
                None if key.ends_at == NEVER else key.ends_at,
            )

    def restrict_secret_key(self, name: str, networks: Collection[Network]) -> bool:
        with self._change():
            return bool(self._run("restrict_secret_key", _listed(networks), name))

    def hold_secret_key(self, name: str, *, is_held: bool) -> bool:
        with self._change():
            return bool(self._run("hold_secret_key", is_held, name))

    def end_secret_key(self, name: str, at: Millis) -> bool:
        with self._change():
            return bool(self._run("end_secret_key", at, name, self._clock()))

    def used_secret_keys(self, uses: Mapping[str, Millis]) -> None:
        with self.together():
            for name, at in sorted(uses.items()):
                self._run("use_secret_key", at, name, at)

    def uses_of_secret_keys(self) -> dict[str, Millis]:
        return dict(self._rows("uses_of_secret_keys"))

    def put_environment(self, environment: Environment) -> bool:
        one = environment
        with self._change():
            return bool(
                self._run(
                    "put_environment",
                    one.id,
                    one.app,
                    one.has_website,
                    one.opens_apis,
                    one.opened_at,
                    written(one.apis),
                    one.apis_version,
                )
            )

    def add_cloud_token(self, token: NewCloudToken) -> None:
        with self._change():
            self._run(
                "insert_cloud_token",
                self.hashed(token.secret),
                token.app,
                token.environment,
                written(sorted(token.permissions)),
                token.hint,
                self._clock(),
            )

    def end_cloud_token(self, app: int, hint: str, at: Millis) -> bool:
        with self._change():
            return bool(self._run("end_cloud_token", at, app, hint, self._clock()))

    def put_ticket(self, component: int, ticket: str) -> None:
        with self._change():
            self._run("put_ticket", component, self.hashed(ticket), self._clock())

    def put_authorisation(self, authorisation: Authorisation) -> None:
        one = authorisation
        with self._change():
            self._run(
                "put_authorisation",
                one.component,
                one.app,
                written(sorted(one.rights)),
                one.code_hash,
                one.refresh_hash,
                self._clock(),
            )

    def drop_authorisation(self, component: int, app: int) -> bool:
        with self._change():
            return bool(self._run("drop_authorisation", component, app))

    def grant(
        self, kind: int, owner: int, third_party: int, change: Callable[[Grant], Grant]
    ) -> Grant:
        # Whoever changes something does so alone, on either store: no other lock is needed.
        with self.together():
            found = self._rows("grant", kind, owner, third_party)
            before = Grant(*found[0]) if found else Grant()
            after = change(before)
            if after != before:
                self._run("put_grant", kind, owner, third_party, *msgspec.structs.astuple(after))
                self._run("raise_version")
        return after

    def audit(self, who: str, action: str, subject: str, detail: str = "") -> None:
        with self.together():
            self._run("insert_audit", self._clock(), who, action, subject, detail)

    def audits(self, most: int, subject: str = "") -> list[Audited]:
        found = self._rows("audits_of", subject, most) if subject else self._rows("audits", most)
        return [Audited(*row) for row in found]


def _listed(networks: Collection[Network]) -> str:
    return written([str(network) for network in networks])
