"""What an operator changes, in any store."""

from collections.abc import Collection, Sequence
from typing import Final

from hongyan.core.country import Scope
from hongyan.core.identifier import MessageId, first_id
from hongyan.core.ledger import Entry
from hongyan.core.message import Kind, Status
from hongyan.core.time import Millis
from hongyan.service.directory import App, Form, Review
from hongyan.service.ports import Debt, NewKey, ReplyDebt
from hongyan.store.changing import Value, written
from hongyan.store.credentials import Credentials
from hongyan.store.directory import CALLBACK_SECRET, SIGNING_KEY, TENCENT, packed
from hongyan.store.reviewing import Reviewing
from hongyan.store.rows import row_key
from hongyan.store.tasks import Tasking

__all__ = ["Administering", "Value"]

_DEV_SECRETS: Final = b"meta.dev_secrets"


class Administering(Credentials, Reviewing, Tasking):
    """See `service.ports.Administration`. Each method is one transaction."""

    def create_account(self, name: str, kind: str) -> int:
        with self._change():
            return self._returning("insert_account", name, kind, self._clock())

    def add_package(self, account: int, units: int, note: str) -> int:
        """Buy segments for an account; its balance afterwards."""
        now = self._clock()
        with self._change():
            self._run("insert_package", account, units, note, now)
            self._run("insert_ledger", account, Entry.BOUGHT, units, now)
            self._run("credit", units, account)
            return self.balance(account)

    def balance(self, account: int) -> int:
        return self._returning("balance", account)

    def open_account(self, account: int, *, is_open: bool) -> None:
        """Let its apps call, or none of them."""
        with self._change():
            self._run("open_account", is_open, account)

    def create_app(self, account: int, name: str, title: str) -> int:
        with self._change():
            return self._returning("insert_app", account, name, title, self._clock())

    def name_app(self, app: int, protocol: str, name: str) -> None:
        """Give the app the name that it goes by in a served protocol."""
        with self._change():
            self._run("insert_app_name", protocol, name, app)

    def change_app(self, app: App) -> None:
        """Write back all that can be changed of an app."""
        callback, key = app.callback, row_key(app.id)
        with self._change():
            self._run(
                "change_app",
                app.enabled,
                app.template,
                written(sorted(app.countries)),
                written(app.windows),
                app.signature,
                app.free_text,
                app.refuses_meaningless,
                written([str(network) for network in app.networks]),
                written(app.client_windows),
                callback.url if callback else "",
                self._seal.close(CALLBACK_SECRET, key, callback.secret) if callback else None,
                callback.form if callback else Form.ZHENZI,
                written(app.content_windows),
                app.hours.opens_min,
                app.hours.closes_min,
                self._seal.close(TENCENT, key, packed(app.tencent)) if app.tencent else None,
                packed(app.wechat).decode() if app.wechat else None,
                packed(app.caps).decode(),
                app.id,
            )

    def add_key(self, app: int, key: NewKey) -> None:
        purposes, origins = written(sorted(key.purposes)), written(sorted(key.origins))
        with self._change():
            self._run(
                "insert_key",
                self._seal.secret(key.secret.encode()),
                app,
                key.kind,
                key.hint,
                purposes,
                origins,
                self._clock(),
            )

    def end_key(self, app: int, hint: str, at: Millis) -> bool:
        """Let a key end at a moment (for an overlap, or now); whether there was one."""
        with self._change():
            return bool(self._run("end_key", at, app, hint, self._clock()))

    def add_signature(self, account: int, name: str, scope: Scope | None = None) -> None:
        """Make it where it is new; with a scope, that is its scope then."""
        with self._change():
            self._run("insert_signature", account, name, self._clock())
            if scope is not None:
                self._run("scope_signature", scope, account, name)

    def remove_signature(self, account: int, name: str) -> bool:
        """Nothing goes out under it from now on; whether there was one."""
        with self._change():
            return bool(self._run("remove_signature", account, name))

    def add_template(
        self,
        account: int,
        name: str,
        kind: Kind,
        signature: str,
        body: str,
        scope: Scope = Scope.MAINLAND,
    ) -> int:
        """Submit a template; its id."""
        with self._change():
            return self._returning(
                "insert_template", account, name, kind, signature, body, self._clock(), scope
            )

    def review_template(self, template: int, review: Review, reason: str) -> None:
        with self._change():
            self._run("review_template", review, reason, template)

    def debts(self, most: int) -> list[Debt]:
        """The status reports that were given up, the newest first."""
        return [
            Debt(MessageId(message), app, Status(status), attempts, failure)
            for message, app, status, attempts, failure in self._rows("given_up", most)
        ]

    def reply_debts(self, most: int) -> list[ReplyDebt]:
        """The replies that were given up, the newest first."""
        return [
            ReplyDebt(reply=MessageId(reply), app=app, attempts=attempts, failure=failure)
            for reply, app, attempts, failure in self._rows("replies_nobody_took", most)
        ]

    def owe_again(self, messages: Collection[MessageId]) -> int:
        """Have given up reports and replies tried again, from the beginning; how many there were."""
        now = self._clock()
        with self.together():
            reports = [self._run("owe_again", now, message) for message in messages]
            replies = [self._run("owe_reply_again", now, message) for message in messages]
        return sum(reports) + sum(replies)

    def conversions(self, app: int, since: Millis) -> int:
        """How many of the app's texts since a moment led to what they were for, as it says."""
        return self._returning("count_conversions", app, first_id(since))

    def put_route(self, kind: Kind, providers: Sequence[str]) -> None:
        with self._change():
            self._run("put_route", kind, written(list(providers)))

    def add_signing_key(self, name: str, private: bytes) -> None:
        sealed = self._seal.close(SIGNING_KEY, name.encode(), private)
        with self._change():
            self._run("insert_signing_key", name, sealed, self._clock())

    def forget_signing_keys(self, before: Millis) -> None:
        """Drop the keys that another had replaced before a moment."""
        with self._change():
            self._run("forget_signing_keys", before)

    def dev_secrets(self) -> bytes | None:
        """The secrets that `hongyan dev` writes to dev.json again at each start."""
        found = self._rows("dev_secrets")
        return self._seal.open(_DEV_SECRETS, b"", found[0][0]) if found else None

    def put_dev_secrets(self, secrets: bytes) -> None:
        with self._change():
            self._run("put_dev_secrets", self._seal.close(_DEV_SECRETS, b"", secrets))
