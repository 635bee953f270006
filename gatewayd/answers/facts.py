"""Of which payments, invoices and tickets the gateway tells of its own accord. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

NoticeKind = Literal["payment", "mail.payment", "mail.invoice", "mail.ticket", "sms.ticket"]
SWITCH: Final = {
    "payment": "payment",
    "mail.payment": "mail_payment",
    "mail.invoice": "mail_invoice",
    "mail.ticket": "mail_ticket",
    "sms.ticket": "ticket",
}
"""By kind: the switch of the settings."""
AREAS: Final = {"mail.payment": "payments", "mail.invoice": "invoices", "mail.ticket": "tickets"}
"""By kind of mail: the customer's own switch for such mails."""

OLD_MS: Final = 3 * 86_400_000
"""What happened longer ago is no news."""
FEW: Final = 5
"""So many are told without a question, however small the company."""
SHARE: Final = 5
"""A batch that reaches more than one in so many of the customers asks a person."""
QUIET_MS: Final = 5_000
"""After so long without another one a batch is whole."""
WHOLE_MS: Final = 10 * 60_000
"""Longer it is not waited for."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A payment or an invoice as it came. Times are Unix ms."""

    id: int
    account_id: int
    customer_id: int | None
    happened_at: int
    """When it was posted or issued."""
    first_seen: int
    initial: bool
    """Whether it came with the account's first import."""
    amount: int
    method: str = ""
    takes_back: bool = False
    """Whether it is a reversal."""
    undone: bool = False
    """Whether it was cancelled, or taken back by a later one."""
    plain: bool = True
    """Whether it is a payment and no credit note; an invoice that is open."""


def tells(fact: Fact, since: int | None, now: int) -> bool:
    """Returns whether a fact is news: seen after the switch was on, not of the first import, three days old at most."""
    if since is None or fact.customer_id is None or fact.initial or not fact.plain:
        return False
    if fact.takes_back or fact.undone or fact.amount <= 0:
        return False
    return fact.first_seen >= since and fact.happened_at > now - OLD_MS


def whole(count: int, oldest: int, newest: int, now: int) -> bool:
    """Returns whether what waits to be told is a whole batch: of many, more may come in the next seconds."""
    return count <= FEW or newest <= now - QUIET_MS or oldest <= now - WHOLE_MS


def asks(people: int, customers: int) -> bool:
    """Returns whether a batch reaches so many that a person is asked first."""
    return people > max(FEW, customers // SHARE)
