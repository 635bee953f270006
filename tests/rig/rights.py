"""Who may do what, written down a second time: a case for each operation, and a store with two accounts to try it on.

An operation without a case fails the test of rights. A case says the least role that may perform it, the scope that a
token needs, arguments that mean what is an account's, and whether they name something that another account's people
must not find. Give `World` what a new operation needs to be asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.contact.said import Verdict
from gatewayd.credentials.tokens import digest
from gatewayd.operations import perform
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import AddMessages, BeginJob, Change, Inbound, NewMessage, PublishJob
from gatewayd.store.contacts import imports
from gatewayd.store.contacts.imports import NewImport
from gatewayd.store.dunning import batches, policies
from gatewayd.store.dunning.batches import NewBatch
from gatewayd.store.insight import processes, saved_views
from gatewayd.store.insight.processes import NewProcess
from gatewayd.store.people.sessions import NewSession, open_session, person_of
from gatewayd.values.actor import NOBODY, Actor, Role, Scope
from gatewayd.values.errors import UnauthenticatedError
from gatewayd.values.model import Priority

PASSWORD: Final = "corral-de-piedra-verde"
MINE, OTHER = "norte", "zurbaran"
CONFIG: Final[Mapping[str, Any]] = {
    "node": "trial",
    "locale": "en",
    "tariff": {"sms": "0.85"},
    "line": [{"name": "claro-1", "driver": "gsm", "port": "/dev/ttyUSB9", "rate": "10/min"}],
}


@dataclass(slots=True)
class Side:
    """What one account has."""

    account: str
    number: str
    """Of its one recipient, who also has answered."""
    job: str = "agosto"
    message: str = ""
    user: str = ""
    supervisor: str = ""
    token: int = 0
    webhook: int = 0
    session: int = 0
    """Of its user."""
    task: int = 0
    view: int = 0
    """Both of its user."""
    template: str = ""
    people_list: int = 0
    reminder: int = 0
    campaign: int = 0
    novelty: int = 0
    promise: int = 0
    pause: int = 0
    batch: int = 0
    """Of claims, that waits for a person's word."""
    import_id: int = 0
    actors: dict[str, Actor] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Stands in every text of the account and in no other."""
        return f"secreto-de-{self.account}"

    @property
    def marks(self) -> tuple[str, ...]:
        """What nobody of another account may ever be shown."""
        return (self.account, self.number.lstrip("+"))


class World:
    """A store with two accounts that have the same things each."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        raw = {
            **CONFIG,
            "store": {"url": url or f"sqlite:///{folder}/gatewayd.db"},
            "spool": {"path": str(folder / "spool")},
            "control": str(folder / "control.sock"),
        }
        self.backend = OfflineBackend(parse(raw, folder / "gatewayd.toml"))
        self.mine = Side(MINE, "+5491150000001")
        self.other = Side(OTHER, "+5493516667777")
        self.administrator = Actor("person", "root", Role.ADMINISTRATOR)

    def close(self) -> None:
        self.backend.close()

    async def fill(self) -> None:
        await self._ask("user.create", user="root", role="administrator", password=PASSWORD)
        self.administrator = await self._sign_in("root")
        for side in (self.mine, self.other):
            await self._furnish(side)

    async def _furnish(self, side: Side) -> None:
        await self._ask("account.create", account=side.account)
        await self._ask("account.credit", account=side.account, amount="100", note=side.text)
        side.user, side.supervisor = f"user-{side.account}", f"supervisor-{side.account}"
        for name, role in ((side.supervisor, "supervisor"), (side.user, "user")):
            await self._ask("user.create", user=name, role=role, account=side.account, password=PASSWORD)
        side.actors["user"] = user = await self._sign_in(side.user)
        side.actors["supervisor"] = await self._sign_in(side.supervisor)
        assert user.session is not None
        side.session = user.session
        made = await self._ask("token.create", label=f"erp of {side.account}", account=side.account)
        side.token = made["token"]
        made = await self._ask("webhook.add", account=side.account, url=f"https://{side.account}.example/hook")
        side.webhook = made["id"]
        for scope in ("read", "send", "manage", "push"):
            side.actors[f"token {scope}"] = Actor(
                "token", scope, Role.SUPERVISOR, side.account, side.token, frozenset({scope})
            )
        await self._messages(side)
        await self._kept(side)
        known = {"name": side.text, "contacts": [{"channel": "phone", "address": side.number}]}
        await self._ask("customer.put", account=side.account, external_id="A1", customer=known)
        await self._ask("customer.put", account=side.account, external_id="A2", customer={"name": side.text})
        await self._ask("ticket.add", account=side.account, text=side.text, customer="A1")
        noted = await self._ask("novelty.add", account=side.account, customer="A1", text=side.text)
        side.novelty = noted["novelty"]
        bill = {"customer": "A1", "number": side.text, "balance": "10"}
        await self._ask("invoice.put", account=side.account, external_id="F1", invoice=bill)
        paid = {"customer": "A1", "amount": "1", "reason": side.text}
        await self._ask("payment.put", account=side.account, external_id="P1", payment=paid)
        written = {"customer": "A1", "currency": "ARS", "text": side.text}
        made = await self._ask("reminder.add", account=side.account, **written)
        side.reminder = made["reminder"]
        await self._claimed(side)
        now = self.backend.now()
        sheet = NewImport(
            *(side.account, None, side.user, "trial", "panel", None, f"{side.text}.csv", "0" * 64, 10, {}, None, None),
            *(None, False, now, None, now),
        )
        side.import_id = await self.backend.execute(Change(lambda unit: imports.create(unit.session, sheet)))

    async def _kept(self, side: Side) -> None:
        """Gives the account a template, and its user a task and a saved view."""
        user, now = side.actors["user"], self.backend.now()
        side.template = f"aviso de {side.account}"
        made = {"template": side.template, "channel": "sms", "content": {"text": side.text}}
        await self._ask("template.save", account=side.account, **made)
        made = await self._ask("list.create", account=side.account, title=side.text, filter={"search": "ana"})
        side.people_list = made["list"]
        said = {"channel": "sms", "content": {"text": side.text}, "audience": {"list": side.text}}
        made = await self._ask("campaign.save", account=side.account, title=side.text, document=said)
        side.campaign = made["campaign"]
        await self._ask("policy.save", **_rule(side))
        assert user.number is not None
        task = NewProcess(
            *("export", side.account, user.number, user.name, "trial"),
            *(json.dumps({"format": "csv", "said": {"q": side.text}}), now, now),
        )
        side.task = await self.backend.execute(
            Change(lambda unit: processes.add(unit.session, unit.session.connection, task))
        )
        view = saved_views.NewView(user.number, side.account, side.text, json.dumps({"q": side.text}), True, now)
        side.view = await self.backend.execute(
            Change(lambda unit: saved_views.save(unit.session, unit.session.connection, view))
        )

    async def _claimed(self, side: Side) -> None:
        """Gives the account what people say about debts, and claims that wait for their word."""
        backend, now = self.backend, self.backend.now()
        day = str((datetime.now(UTC) + timedelta(days=30)).date())
        made = await self._ask("promise.add", account=side.account, customer="A1", day=day, note=side.text)
        side.promise = made["promise"]
        made = await self._ask("pause.add", account=side.account, customer="A1", note=side.text)
        side.pause = made["pause"]

        def batch(unit: Any) -> int:
            account_id = account_number(unit.session.connection, side.account)
            row = policies.policy(
                unit.session.connection, scope=Scope.of(side.account), account=side.account, name="empresa"
            )
            new = NewBatch(account_id, row.id, row.version, "primero", "sms", side.template, day, approval=True)
            return batches.add(unit.session, new, 1, now)

        side.batch = await backend.execute(Change(batch))

    async def _messages(self, side: Side) -> None:
        backend, now = self.backend, self.backend.now()
        begun = await backend.execute(
            BeginJob(
                *(side.account, side.job, "sms", Priority.BULK, f"hash {side.account}", None, None, False),
                *(850_000, "ARS", json.dumps({"lines": ["claro-1"]}), "trial", now),
            )
        )
        row = NewMessage(1, None, side.number, side.text, "", 1, "", None, None)
        await backend.execute(AddMessages(begun.job_id, [row], now))
        await backend.execute(PublishJob(begun.job_id, now))
        page = await self._ask("job.messages", job=f"{side.account}/{side.job}")
        side.message = page["items"][0]["message"]
        await backend.execute(
            Inbound(
                *("claro-1", "sms", f"in {side.account}", side.number, None, f"{side.text} basta", now, None),
                *(side.account, _doubtful, now),
            )
        )

    async def _sign_in(self, name: str) -> Actor:
        """Opens a session as the daemon does, without the password's work."""
        found = await self._ask("user.show", user=name)
        backend, secret = self.backend, f"session of {name}"
        asked = select(tables.user.c.id).where(tables.user.c.name == found["name"])
        question = backend.store.connection.execute(asked)
        new = NewSession(digest(secret), question.scalar_one(), "192.0.2.7", "a browser", backend.now())
        await backend.execute(Change(lambda unit: open_session(unit.session, new)))
        actor = await backend.read(
            lambda reader: reader.ask(lambda to: person_of(to, secret, backend.now(), "192.0.2.7"))
        )
        if actor is None:
            raise UnauthenticatedError(name)
        return actor

    async def _ask(self, operation: str, **arguments: Any) -> Any:
        return await perform(self.backend, operation, arguments, Actor("operator", "uid 0 (root)", Role.ADMINISTRATOR))

    def actors(self) -> Mapping[str, Actor]:
        """Everybody who may ask, from the least to the greatest, those of the account `MINE` among them."""
        powers = frozenset({"read", "send", "manage", "push"})
        return {
            "nobody": NOBODY,
            **{name: actor for name, actor in self.mine.actors.items() if actor.kind == "token"},
            "user": self.mine.actors["user"],
            "supervisor": self.mine.actors["supervisor"],
            "token of administration": Actor("token", "admin", Role.ADMINISTRATOR, None, 99, powers),
            "administrator": self.administrator,
        }


def _doubtful(text: str, subject: str) -> Verdict:
    del text, subject
    return Verdict.DOUBTFUL


Arguments = Callable[[Side], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """How an operation is tried."""

    least: str
    """anybody, person (signed in, no token), user, supervisor, administrator."""
    scope: str | None
    """What a token needs; None: no token may."""
    arguments: Arguments = lambda side: {}
    bound: bool = False
    """Whether the arguments name what belongs to one account, so that another's people must not find it."""
    vain: bool = False
    """Whether what they name may not be there (any more), which is no fault of rights."""


def _of(*names: str, **others: Any) -> Arguments:
    """Returns arguments taken from the side by name, and others as they are."""
    return lambda side: {name: getattr(side, name) for name in names} | others


def _job(side: Side) -> Mapping[str, Any]:
    return {"job": f"{side.account}/{side.job}"}


def _list(side: Side) -> dict[str, Any]:
    return {"list": side.people_list}


def _saved(side: Side) -> Mapping[str, Any]:
    document = {"channel": "sms", "content": {"text": "hola"}, "audience": {"filter": {}}}
    return {"account": side.account, "campaign": side.campaign, "version": 1, "title": "Otra", "document": document}


def _thread(side: Side) -> dict[str, Any]:
    return {"account": side.account, "address": side.number}


def _ticket(side: Side) -> dict[str, Any]:
    return {"account": side.account, "ticket": 1}


def _rule(side: Side) -> Mapping[str, Any]:
    return {"account": side.account, "policy": "empresa", "document": {"nothing": True}, "standard": True}


_CUSTOMER: Final = {"external_id": "A1"}
_REMINDED: Final = {"customer": "A1", "currency": "ARS", "text": "hola"}
CASES: Final[Mapping[str, Case]] = {
    "account.create": Case("administrator", "manage", lambda side: {"account": f"{side.account}-2"}),
    "account.credit": Case("administrator", "manage", _of("account", amount="1"), bound=True),
    "account.list": Case("user", "read"),
    "account.logo": Case("user", "read", _of("account"), bound=True),
    "account.logo.set": Case("supervisor", "manage", _of("account", png=None), bound=True),
    "account.set": Case("supervisor", "manage", _of("account", company="Norte Internet"), bound=True),
    "account.settings": Case("user", "read", _of("account"), bound=True),
    "account.show": Case("user", "read", _of("account"), bound=True),
    "account.statement": Case("user", "read", _of("account"), bound=True),
    "account.sums": Case("user", "read", _of("account", by="job"), bound=True),
    "audit.export": Case("administrator", "manage"),
    "audit.list": Case("administrator", "manage"),
    "blocklist.add": Case("user", "manage", _of(numbers=["+5491150009999"])),
    "blocklist.upload": Case("user", "manage", _of(upload="0" * 24, file="bajas.csv"), vain=True),
    "blocklist.doubtful": Case("supervisor", "read"),
    "blocklist.list": Case("supervisor", "read"),
    "blocklist.remove": Case(
        "supervisor", "manage", _of("account", number="+5491150008888", reason="pidió volver"), vain=True
    ),
    "policy.list": Case("user", "read", _of("account"), bound=True),
    "policy.show": Case("user", "read", _of("account", policy="empresa"), bound=True),
    "policy.save": Case("supervisor", "manage", _rule, bound=True),
    "policy.archive": Case("supervisor", "manage", _of("account", policy="empresa"), bound=True),
    "policy.try": Case("supervisor", "manage", _rule, bound=True),
    "policy.give": Case("supervisor", "manage", _of("account", customer="A1"), bound=True),
    "collections.run": Case("supervisor", "manage", vain=True),
    "collections.simulate": Case("user", "read", _of("account"), bound=True),
    "collections.show": Case("user", "read", _of("account"), bound=True),
    "collections.approve": Case("supervisor", None, _of("batch"), bound=True, vain=True),
    "collections.reject": Case("supervisor", None, _of("batch"), bound=True, vain=True),
    "decision.list": Case("user", "read", _of("account"), bound=True),
    "novelty.list": Case("user", "read", _of("account"), bound=True),
    "novelty.add": Case("user", "manage", _of("account", customer="A1", text="llamar"), bound=True),
    "novelty.done": Case("user", "manage", _of("novelty", result="talked"), bound=True, vain=True),
    "promise.list": Case("user", "read", _of("account"), bound=True),
    "promise.add": Case("user", "manage", _of("account", customer="A1", day="2999-01-01"), bound=True, vain=True),
    "promise.withdraw": Case("user", "manage", _of("promise"), bound=True, vain=True),
    "pause.list": Case("user", "read", _of("account", customer="A1"), bound=True),
    "pause.add": Case("user", "manage", _of("account", customer="A1", note="juicio"), bound=True),
    "pause.lift": Case("supervisor", "manage", _of("pause"), bound=True, vain=True),
    "dispute.set": Case("user", "manage", _of("account", customer="A1", invoice="F1"), bound=True, vain=True),
    "dispute.end": Case("user", "manage", _of("account", customer="A1", invoice="F1"), bound=True, vain=True),
    "effectiveness.show": Case("user", "read", _of("account"), bound=True),
    "campaign.approve": Case("supervisor", None, _of("campaign"), vain=True),
    "campaign.cancel": Case("user", "send", _of("campaign"), vain=True),
    "campaign.events": Case("user", "read", _of("campaign"), bound=True),
    "campaign.forecast": Case("user", "read", _of("campaign"), bound=True),
    "campaign.lines": Case("user", "send", _of("campaign"), vain=True),
    "campaign.pace": Case("user", "send", _of("campaign"), vain=True),
    "campaign.launch": Case("user", "send", _of("campaign"), bound=True),
    "campaign.list": Case("user", "read", _of("account"), bound=True),
    "campaign.pause": Case("user", "send", _of("campaign"), vain=True),
    "campaign.people": Case("user", "read", _of("campaign"), bound=True),
    "campaign.reject": Case("supervisor", None, _of("campaign"), vain=True),
    "campaign.remove": Case("user", "send", _of("campaign"), vain=True),
    "campaign.left_out": Case("user", "send", _of("campaign"), vain=True),
    "campaign.review": Case("user", "send", _of("campaign"), bound=True),
    "campaign.resend": Case("user", "send", _of("campaign"), vain=True),
    "campaign.resume": Case("user", "send", _of("campaign"), vain=True),
    "campaign.save": Case("user", "send", _saved, bound=True),
    "campaign.show": Case("user", "read", _of("campaign"), bound=True),
    "check": Case("administrator", "manage"),
    "columns.set": Case("user", None, _of(columns=["at", "party"])),
    "columns.show": Case("user", None),
    "contact.presets": Case("user", "read"),
    "contact.rules": Case("user", "read", _of("account"), bound=True),
    "contact.set": Case("supervisor", "manage", _of("account", contact={"preset": "ar-cautious"}), bound=True),
    "contact.waiting": Case("user", "read", _of("account"), bound=True),
    "contact.why": Case("user", "read", _of("account", number="+5491150001234"), bound=True),
    "evidence.export": Case("supervisor", "read", _of("account"), bound=True),
    "evidence.list": Case("supervisor", "read", _of("account"), bound=True),
    "register.add": Case(
        "administrator", "manage", _of(register_name="no-llame", began=1, numbers=["+5491150007777"]), vain=True
    ),
    "register.finish": Case("administrator", "manage", _of(register_name="no-llame", began=1), vain=True),
    "register.import": Case(
        "administrator", "manage", _of(register_name="no-llame", source="AAIP", as_of="2026-11-01", channel="call")
    ),
    "register.upload": Case(
        "administrator",
        "manage",
        _of(register_name="no-llame", source="AAIP", as_of="2026-11-01", holder="norte", upload="0" * 24),
        vain=True,
    ),
    "register.list": Case("administrator", "manage"),
    "register.remove": Case("administrator", "manage", _of(register_name="otra", reason="ya no rige"), vain=True),
    "contact.year": Case("user", "read", _of("account", year=2026), bound=True),
    "export.create": Case("user", "read", _of("account", format="csv"), bound=True),
    "export.download": Case("user", "read", _of("task"), bound=True),
    "export.read": Case("user", "read", _of("task"), bound=True),
    "invoice.list": Case("user", "read", _of("account"), bound=True),
    "invoice.show": Case("user", "read", _of("account", external_id="F1"), bound=True),
    "invoice.put": Case(
        "user", "manage", _of("account", external_id="F2", invoice={"customer": "A1", "balance": "5"}), bound=True
    ),
    "invoice.put_many": Case(
        "user", "manage", _of("account", invoices=[{"external_id": "F2", "customer": "A1", "balance": "5"}]), bound=True
    ),
    "payment.list": Case("user", "read", _of("account"), bound=True),
    "payment.show": Case("user", "read", _of("account", external_id="P1"), bound=True),
    "payment.put": Case(
        "user", "manage", _of("account", external_id="P2", payment={"customer": "A1", "amount": "5"}), bound=True
    ),
    "payment.put_many": Case(
        "user", "manage", _of("account", payments=[{"external_id": "P2", "customer": "A1", "amount": "5"}]), bound=True
    ),
    "billing.status": Case("user", "read", _of("account"), bound=True),
    "billing.rows": Case("user", "read", _of("account"), bound=True),
    "billing.confirm": Case("supervisor", "manage", _of("account", close=False), bound=True, vain=True),
    "billing.vouch": Case("supervisor", "manage", _of("account"), bound=True),
    "customer.account": Case("user", "read", _of("account", **_CUSTOMER), bound=True),
    "customer.mark": Case("user", "manage", _of("account", add_tags=["vip"]), bound=True),
    "customer.sheet": Case("user", "read", _of("account"), bound=True),
    "customer.contact": Case("user", "push", _of("account", **_CUSTOMER, kind="app", address="t0ken"), bound=True),
    "customer.count": Case("user", "read", _of("account"), bound=True),
    "customer.export": Case("supervisor", "manage", _of("account", **_CUSTOMER), bound=True),
    "customer.forget": Case("supervisor", "manage", _of("account", **_CUSTOMER, sure=True), bound=True, vain=True),
    "customer.merge": Case("supervisor", "manage", _of("account", **_CUSTOMER, gone="A2"), bound=True, vain=True),
    "customer.list": Case("user", "read", _of("account"), bound=True),
    "customer.put": Case("user", "manage", _of("account", **_CUSTOMER, customer={"name": "Ana"}), bound=True),
    "customer.put_many": Case("user", "manage", _of("account", customers=[{"external_id": "A1"}]), bound=True),
    "customer.show": Case("user", "read", _of("account", **_CUSTOMER), bound=True),
    "engine.release": Case("administrator", None, vain=True),
    "forecast.show": Case("user", "read", _of("account", people=1000), bound=True),
    "import.create": Case("user", "manage", _of("account", upload="0" * 24), bound=True),
    "import.dry": Case("user", "manage", _of("import_id"), bound=True),
    "import.list": Case("user", "read", _of("account"), bound=True),
    "import.map": Case("user", "manage", _of("import_id", columns={"external_id": "id"}), bound=True),
    "import.refused": Case("user", "read", _of("import_id"), bound=True),
    "import.run": Case("user", "manage", _of("import_id"), bound=True),
    "import.show": Case("user", "read", _of("import_id"), bound=True),
    "import.undo": Case("user", "manage", _of("import_id"), bound=True),
    "ticket.list": Case("user", "read", _of("account"), bound=True),
    "ticket.show": Case("user", "read", _ticket, bound=True),
    "ticket.add": Case("user", "send", _of("account", text="no anda"), bound=True),
    "ticket.note": Case("user", "send", lambda side: _ticket(side) | {"note": "llamar"}, bound=True),
    "ticket.set": Case("user", "send", lambda side: _ticket(side) | {"state": "working"}, bound=True),
    "answers.show": Case("user", "read", _of("account"), bound=True),
    "answers.set": Case("supervisor", "manage", _of("account", debt={"on": True}), bound=True),
    "answers.try": Case("user", "read", _of("account", text="saldo"), bound=True),
    "notice.list": Case("user", "read", _of("account"), bound=True),
    "notice.decide": Case("supervisor", None, _of("account", batch=9, send=True), vain=True),
    "inbox.assign": Case("user", "send", lambda side: _thread(side) | {"user": side.user}, bound=True),
    "inbox.done": Case("user", "send", _thread, bound=True),
    "inbox.list": Case("user", "read", _of("account", which="all"), bound=True),
    "inbox.open": Case("user", "send", _thread, bound=True),
    "inbox.read": Case("user", "send", _thread, bound=True),
    "inbox.reply": Case("user", "send", lambda side: _thread(side) | {"text": "hola"}, bound=True),
    "inbox.show": Case("user", "read", _thread, bound=True),
    "inbox.unread": Case("user", "read"),
    "interaction.list": Case("user", "read", _of("account", counted=True), bound=True),
    "interaction.note": Case("user", "send", _of("account", text="llamó", customer="C-1"), bound=True),
    "interaction.template": Case("user", "read"),
    "interaction.upload": Case("user", "send", _of("account", upload="0" * 24), bound=True),
    "interaction.resend": Case("user", "send", lambda side: {"ids": [side.message], "preview": True}, bound=True),
    "interaction.show": Case("user", "read", lambda side: {"direction": "out", "id": side.message}, bound=True),
    "job.cancel": Case("user", "send", _job, bound=True),
    "job.causes": Case("user", "read", _job, bound=True),
    "job.list": Case("user", "read", _of("account"), bound=True),
    "job.messages": Case("user", "read", _job, bound=True),
    "job.pause": Case("user", "send", _job, bound=True),
    "job.post": Case("user", "send", _of("account", body="{}"), bound=True),
    "job.resume": Case("user", "send", _job, bound=True),
    "job.show": Case("user", "read", _job, bound=True),
    "key.reseal": Case("administrator", None),
    "line.add": Case("administrator", "manage", _of(line="nueva-1", driver="gsm", keys={"port": "/dev/ttyUSB7"})),
    "line.ask": Case("administrator", "manage", _of(line="claro-1", question="balance")),
    "line.disable": Case("administrator", "manage", _of(line="claro-1")),
    "line.discover": Case("administrator", "manage"),
    "line.enable": Case("administrator", "manage", _of(line="claro-1")),
    "line.kinds": Case("administrator", "manage"),
    "line.list": Case("user", "read"),
    "line.remove": Case("administrator", "manage", _of(line="nueva-1"), vain=True),
    "line.secret": Case("administrator", "manage", _of(line="nueva-1", key="pin", secret="1234"), vain=True),
    "line.set": Case("administrator", "manage", _of(line="nueva-1", keys={"rate": "5/min"}), vain=True),
    "line.show": Case("user", "read", _of(line="claro-1")),
    "line.test": Case("administrator", "manage", _of("account", "number", line="claro-1"), bound=True),
    "feed.list": Case("user", "read", _of("account"), bound=True),
    "feed.run": Case("supervisor", "manage", _of("account"), vain=True),
    "feed.show": Case("user", "read", _of("account"), vain=True),
    "reminder.add": Case("user", "send", lambda side: {"account": side.account} | _REMINDED, bound=True),
    "reminder.archive": Case("user", "send", _of("reminder"), bound=True),
    "reminder.edit": Case(
        "user", "send", lambda side: {"reminder": side.reminder, "version": 1} | _REMINDED, bound=True
    ),
    "reminder.list": Case("user", "read", _of("account"), bound=True),
    "reminder.pay": Case("user", "send", _of("reminder"), bound=True),
    "reminder.remove": Case("user", "send", _of("reminder"), vain=True),
    "reminder.repeat": Case("user", "send", _of("reminder", version=1), bound=True),
    "reminder.send": Case("user", "send", _of("reminder"), bound=True),
    "reminder.show": Case("user", "read", _of("reminder"), bound=True),
    "list.archive": Case("user", "send", _list, bound=True),
    "list.create": Case("user", "send", _of("account", title="Otra", filter={}), bound=True),
    "list.list": Case("user", "read", _of("account"), bound=True),
    "list.members": Case("user", "read", _list, bound=True),
    "list.set": Case("user", "send", lambda side: _list(side) | {"title": "Otra", "version": 1}, bound=True),
    "list.show": Case("user", "read", _list, bound=True),
    "mass.set": Case("administrator", None, _of("account", password=PASSWORD, approve_above=500), bound=True),
    "mass.show": Case("user", "read", _of("account"), bound=True),
    "me.edit": Case("person", None, _of(theme="dark")),
    "me.password": Case("person", None, _of(current=PASSWORD, password=f"{PASSWORD}-2")),
    "me.recovery": Case("person", None, _of(current=PASSWORD)),
    "me.sessions": Case("person", None),
    "me.show": Case("person", None),
    "me.sign_out": Case("person", None),
    "me.totp_confirm": Case("person", None, _of(code="123456"), vain=True),
    "me.totp_drop": Case("person", None, _of(current=PASSWORD)),
    "me.totp_offer": Case("person", None, _of(current=PASSWORD)),
    "me.totp_picture": Case("person", None, vain=True),
    "message.list": Case("user", "read", _of("account"), bound=True),
    "message.post": Case("user", "send", _of("account", posts=[{"messages": [{"to": "1"}]}]), bound=True),
    "message.settle": Case("user", "send", _of("message", verdict="sent"), bound=True),
    "message.settle_many": Case("user", "send", lambda side: {"messages": [side.message], "verdict": "sent"}),
    "message.show": Case("user", "read", _of("message"), bound=True),
    "overview": Case("user", "read"),
    "ping": Case("anybody", "read"),
    "reset.ask": Case("anybody", None, _of("user")),
    "reset.show": Case("anybody", None, _of(secret="secret")),
    "reset.use": Case("anybody", None, _of(secret="secret", password=f"{PASSWORD}-4")),
    "session.close": Case("person", None),
    "session.confirm": Case("anybody", None, _of(ticket="ticket", code="123456")),
    "session.door": Case("anybody", "read"),
    "session.open": Case("anybody", None, lambda side: {"user": side.user, "password": PASSWORD}),
    "session.show": Case("user", "read"),
    "session.touch": Case("anybody", None, _of(sessions=["nobody's"], tokens=["nobody's"])),
    "statistics.show": Case("user", "read", _of("account", since="2026-11-01", until="2026-11-30"), bound=True),
    "status": Case("user", "read"),
    "task.cancel": Case("user", "read", _of("task"), bound=True),
    "task.faults": Case("user", "read", _of("task"), bound=True),
    "task.list": Case("user", "read", _of("account"), bound=True),
    "task.show": Case("user", "read", _of("task"), bound=True),
    "template.approve": Case("administrator", None, _of("account", "template", version=1), bound=True),
    "template.archive": Case("supervisor", "manage", _of("account", "template"), bound=True),
    "template.cost": Case("user", "read", _of("account", "template"), bound=True),
    "template.defaults": Case("user", "read"),
    "template.preview": Case("user", "read", _of("account", "template"), bound=True),
    "template.prompt": Case("user", "manage", _of("account", "template"), vain=True),
    "template.sound": Case("user", "manage", _of("account", sound=f"pbx:{'0' * 40}"), vain=True),
    "template.test": Case("user", "send", _of("account", "template", to="+5491150001111"), vain=True),
    "template.list": Case("user", "read", _of("account"), bound=True),
    "template.remove": Case("supervisor", "manage", _of("account", "template"), vain=True),
    "template.rename": Case("supervisor", "manage", _of("account", "template", to="otra"), vain=True),
    "template.restore": Case("supervisor", "manage", _of("account", "template"), bound=True),
    "template.save": Case(
        "supervisor",
        "manage",
        _of("account", template="nueva", channel="sms", content={"text": "Hola %nombre%"}),
        bound=True,
    ),
    "template.show": Case("user", "read", _of("account", "template"), bound=True),
    "token.create": Case("administrator", "manage", _of("account", label="one more"), bound=True),
    "token.list": Case("administrator", "manage", _of("account"), bound=True),
    "token.revoke": Case("administrator", "manage", _of("token"), bound=True),
    "upload.add": Case("user", "send", _of("account", upload="0" * 24, at=0, data=""), bound=True),
    "upload.begin": Case("user", "send", _of("account", file="clientes.csv"), bound=True),
    "upload.end": Case("user", "send", _of("account", upload="0" * 24), bound=True),
    "upload.remove": Case("user", "send", _of("account", upload="0" * 24), bound=True),
    "user.create": Case(
        "supervisor",
        "manage",
        lambda side: {"user": "fresh", "role": "user", "account": side.account, "password": PASSWORD},
        bound=True,
    ),
    "user.disable": Case("supervisor", "manage", _of("user"), bound=True),
    "user.edit": Case("supervisor", "manage", _of("user", mail="ana@norte.example"), bound=True),
    "user.enable": Case("supervisor", "manage", _of("user"), bound=True),
    "user.list": Case("supervisor", "manage", _of("account"), bound=True),
    "user.password": Case("supervisor", "manage", _of("user", password=f"{PASSWORD}-3"), bound=True),
    "user.role": Case("administrator", "manage", _of("user", role="supervisor"), bound=True),
    "user.show": Case("supervisor", "manage", _of("user"), bound=True),
    "user.sign_out": Case("supervisor", "manage", _of("user"), bound=True),
    "user.totp_reset": Case("supervisor", "manage", _of("user"), bound=True),
    "view.list": Case("user", None, _of("account"), bound=True),
    "view.remove": Case("user", None, _of("view"), vain=True),
    "view.save": Case("user", None, _of("account", title="Una vista", query={"state": ["failed"]}), bound=True),
    "view.share": Case("user", None, _of("view", shared=False), vain=True),
    "webhook.add": Case("administrator", "manage", _of("account", url="https://billing.example/hook"), bound=True),
    "webhook.disable": Case("administrator", "manage", _of("webhook"), bound=True),
    "webhook.enable": Case("administrator", "manage", _of("webhook"), bound=True),
    "webhook.failures": Case("supervisor", "manage", _of("webhook"), bound=True),
    "webhook.list": Case("supervisor", "manage", _of("account"), bound=True),
    "webhook.remove": Case("administrator", "manage", _of("webhook"), vain=True),
    "webhook.replay": Case("administrator", "manage", _of("webhook", since="2026-11-01T00:00:00Z"), bound=True),
    "webhook.set": Case("administrator", "manage", _of("webhook", events=["receipt"]), bound=True),
    "webhook.show": Case("supervisor", "manage", _of("webhook"), bound=True),
    "webhook.test": Case("administrator", "manage", _of("webhook"), bound=True),
}
"""By name of the operation."""

RANKS: Final = ("anybody", "person", "user", "supervisor", "administrator")


def may(case: Case, actor: Actor) -> bool:
    """Returns whether that actor may perform the operation, by the case alone."""
    if case.least == "anybody":
        return True
    if actor.kind == "nobody":
        return False
    if actor.kind == "token":
        # A token of an account has what its supervisor may, a token of administration everything.
        least = RANKS.index(case.least)
        return case.scope in actor.scopes and least <= RANKS.index("supervisor" if actor.account else "administrator")
    if case.least == "person":
        return True
    return RANKS.index(str(actor.role)) >= RANKS.index(case.least)
