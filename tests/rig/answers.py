"""A house whose account answers by itself: texts come in, and the engine's own work answers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from gatewayd.answers.engine.answering import Answering, Done
from gatewayd.answers.engine.notices import Notices
from gatewayd.answers.settings import AnswerSettings, merged
from gatewayd.config import Config, parse
from gatewayd.contact.optout import judge
from gatewayd.customers.document import Customer, Point
from gatewayd.intake.lines import Lines
from gatewayd.intake.posting import PostDesk
from gatewayd.numbers import Numbers, Policy
from gatewayd.store import tables
from gatewayd.store.billing import freshness
from gatewayd.store.commands import Change, Inbound
from gatewayd.store.contacts.customers import Put, put
from gatewayd.store.sending import causes
from gatewayd.store.tickets import settings as kept
from gatewayd.values.actor import Scope
from tests.conformance.house import House

ALL: dict[str, Any] = {name: {"on": True} for name in ("debt", "ticket", "payment", "paid", "promise", "wrong_person")}
POLICY = Policy("AR", "11", assume_mobile=True)
DAY_MS = 86_400_000


class Desk:
    """The account `norte` of a house, with everything that may be answered switched on."""

    def __init__(self, house: House, **settings: Any) -> None:
        self.house = house
        self.config: Config = parse(
            {
                "node": house.node,
                "store": {"url": house.url},
                "spool": {"path": "/nonexistent"},
                "numbers": {"region": "AR", "home_area": "11"},
                "timezone": "America/Argentina/Buenos_Aires",
                "line": [{"name": "claro-1", "driver": "gsm", "port": "/dev/null"}],
            },
            Path("gatewayd.toml"),
        )
        intake: Any = SimpleNamespace(
            config=self.config,
            lines=Lines.of(self.config),
            policy=POLICY,
            feed=SimpleNamespace(numbers=Numbers),
        )
        make = PostDesk(intake, ZoneInfo("UTC")).maker()
        self.answering = Answering(lambda: self.config, make)
        self.notices = Notices(lambda: self.config, make)
        self._keys = 0
        self.set(ALL | settings)
        self.answer()  # the first look only notes where it begins
        self.tell()

    # ---------------------------------------------------------------------------------------- what there is

    def set(self, changes: dict[str, Any]) -> None:
        def work(unit: Any) -> None:
            was = kept.settings(unit.session.connection, "norte").settings
            kept.keep(unit.session, "norte", merged(was, changes), self.house.now, None)

        self.house.do(Change(work))

    def customer(self, external_id: str, *points: Point, name: str = "Ana", mails: int = 7) -> int:
        made = Customer(external_id, name=name, contacts=points, mails=mails)
        wanted = Put(external_id, lambda _was, _user: made, self.house.now)
        scope = Scope.of("norte", None)
        (changed,) = self.house.do(Change(lambda unit: put(unit, scope, [wanted])))
        return int(changed.answer[0].id)

    def _account(self) -> int:
        return int(self.house.rows("SELECT id FROM account WHERE name = 'norte'")[0][0])

    def owes(self, customer: int, micros: int, *, due: str = "2026-11-10", currency: str = "ARS") -> None:
        """Writes what a customer owes, as the wing of bills does; what was written before is withdrawn."""

        def work(unit: Any) -> None:
            connection = unit.session.connection
            causes.withdraw_of(unit, [customer], "changed", self.house.now)
            where = (tables.owed.c.customer_id == customer) & (tables.owed.c.currency == currency)
            connection.execute(tables.owed.delete().where(where))
            connection.execute(
                tables.owed.insert().values(
                    customer_id=customer,
                    currency=currency,
                    account_id=self._account(),
                    balance=micros,
                    credit=0,
                    invoices=1,
                    due=due,
                    digest=str(micros),
                    updated_at=self.house.now,
                )
            )

        self.house.do(Change(work))

    def billing(self, as_of: int | None = None) -> None:
        """Says that the account's billing was so at a moment; None: now."""

        def work(unit: Any) -> None:
            unit.session.connection.execute(tables.billing_state.delete())
            said = self.house.now if as_of is None else as_of
            freshness.refresh(unit.session, self._account(), said, "api", self.house.now)

        self.house.do(Change(work))

    def pays(self, customer: int, micros: int, external_id: str, **values: Any) -> None:
        """Writes a payment as the wing of bills does."""
        now = self.house.now
        given: dict[str, Any] = {
            "account_id": self._account(),
            "external_id": external_id,
            "customer_id": customer,
            "customer": f"C-{customer}",
            "kind": "payment",
            "currency": "ARS",
            "amount": micros,
            "posted_at": now,
            "method": "automatic",
            "allocated": False,
            "source": "api",
            "first_seen": now,
            "updated_at": now,
        }
        self._insert(tables.payment, given | values)

    def bills(self, customer: int, micros: int, external_id: str, **values: Any) -> None:
        """Writes an invoice as the wing of bills does."""
        now = self.house.now
        given: dict[str, Any] = {
            "account_id": self._account(),
            "external_id": external_id,
            "customer_id": customer,
            "customer": f"C-{customer}",
            "number": f"A-{external_id}",
            "due": "2027-01-10",
            "currency": "ARS",
            "total": micros,
            "balance": micros,
            "as_of": now,
            "state": "open",
            "open": True,
            "source": "api",
            "seen": now,
            "first_seen": now,
            "updated_at": now,
        }
        self._insert(tables.invoice, given | values)

    def _insert(self, table: Any, values: dict[str, Any]) -> None:
        self.house.do(Change(lambda unit: unit.session.connection.execute(table.insert().values(**values))))

    # ---------------------------------------------------------------------------------------- what happens

    def hears(self, text: str, sender: str = "+5491123450001", *, line: str = "claro-1", channel: str = "sms") -> None:
        """A text comes in."""
        self._keys += 1
        now = self.house.now
        self.house.do(
            Inbound(
                line,
                channel,
                f"k{self._keys}",
                sender,
                None,
                text,
                now,
                None,
                "norte",
                partial(judge, added=frozenset()),
                now,
            )
        )

    def answer(self) -> Done:
        done: Done = self.house.do(Change(lambda unit: self.answering.portion(unit, self.house.now), bulk=True))
        return done

    def again(self) -> Done:
        done: Done = self.house.do(Change(lambda unit: self.answering.again(unit, self.house.now), bulk=True))
        return done

    def tell(self) -> Done:
        done: Done = self.house.do(Change(lambda unit: self.notices.portion(unit, self.house.now), bulk=True))
        return done

    def asks(self, text: str, sender: str = "+5491123450001", **more: Any) -> list[str]:
        """A text comes in and is answered; returns the texts of what was recorded for it."""
        before = len(self.sent())
        self.hears(text, sender, **more)
        self.answer()
        return [one[1] for one in self.sent()[before:]]

    def sent(self) -> list[tuple[Any, ...]]:
        """Returns address, text, state, class of every message, the oldest first."""
        return self.house.rows(
            'SELECT message."to", message.text, message.state, job.class FROM message'
            " JOIN job ON job.id = message.job_id ORDER BY message.id"
        )

    def rows(self, table: str, columns: str) -> Sequence[tuple[Any, ...]]:
        return self.house.rows(f"SELECT {columns} FROM {table} ORDER BY 1")


def phone(address: str = "+5491123450001", state: str = "confirmed") -> Point:
    return Point("phone", address, "mobile", state)


def mail(address: str = "ana@example.com", state: str = "confirmed") -> Point:
    return replace(Point("email", address), state=state)


def settings(**changes: Any) -> AnswerSettings:
    return merged(AnswerSettings(), changes)
