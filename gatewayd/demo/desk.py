"""What lies on the desks of the demo's company: tickets, reminders, a dispute, answers that go by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gatewayd.demo.books import CURRENCY, Bill
from gatewayd.demo.campaign import ACCOUNT
from gatewayd.demo.office import AGENTS, Perform

TICKETS: Final = (
    # Days ago, whose, about what, of which kind, how far it is, what was noted last.
    (9, 3, "Sin internet desde el lunes a la noche", "técnico", "closed", "Se cambió la antena"),
    (6, 17, "La factura de octubre vino dos veces", "facturación", "waiting", "Se pidió el comprobante"),
    (4, 44, "Anda muy lento de noche", "técnico", "working", "Visita el jueves a la mañana"),
    (2, 80, "Quiero pasar a 600 megas", "comercial", "", ""),
    (1, 101, "Me mudo a Mitre 455 a fin de mes", "comercial", "", ""),
    (1, 120, "No me llega la factura por correo", "facturación", "", ""),
)
ANSWERING: Final = ("debt", "ticket", "paid", "promise", "wrong_person", "payment")
REMINDERS: Final = (
    (1, "%nombre%: mañana vence su factura %factura% de $ %deuda%. Norte Wifi"),
    (3, "%nombre%: le recordamos que su factura de $ %deuda% vence el %vencimiento%. Norte Wifi"),
    (5, "Hola %nombre%, su factura vence el %vencimiento%. Puede pagarla en la oficina o por la app. Norte Wifi"),
)
"""Days from now, and what the customer will read."""


def fill(
    perform: Perform, books: Sequence[Bill], today: date, zone: ZoneInfo, set_clock: Callable[[int | None], None]
) -> None:
    """Puts all that there; `set_clock` is told the moment (Unix ms) at which `perform` works, None: now."""
    for ago, whose, text, category, state, note in TICKETS:
        opened = datetime.combine(today - timedelta(days=ago), time(10, 15), zone)
        set_clock(int(opened.timestamp() * 1000))
        given = {"account": ACCOUNT, "customer": f"C-{whose:05d}", "text": text, "category": category}
        ticket = perform("ticket.add", given | ({"operator": AGENTS[whose % 2]} if state else {}))["ticket"]
        if state:
            set_clock(int((opened + timedelta(hours=5)).timestamp() * 1000))
            perform("ticket.set", {"account": ACCOUNT, "ticket": ticket, "state": state, "note": note})
    set_clock(None)
    perform("answers.set", {"account": ACCOUNT, **{part: {"on": True} for part in ANSWERING}})
    coming = [one for one in books if one.due > today and one.issued <= today]
    for (days, text), one in zip(REMINDERS, coming, strict=False):
        first = today + timedelta(days=days)
        reminder = {"customer": one.customer, "invoice": one.number, "due": one.due.isoformat(), "amount": one.amount}
        when = {"first": first.isoformat(), "hour": "11:00"}
        perform("reminder.add", {"account": ACCOUNT, "currency": CURRENCY, "text": text, **reminder, **when})
    late = next(one for one in books if one.paid is None and one.due < today)
    said: dict[str, Any] = {"account": ACCOUNT, "customer": late.customer, "invoice": late.number}
    perform("dispute.set", said | {"note": "Dice que el corte de noviembre le fue acreditado"})
