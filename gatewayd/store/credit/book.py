"""The book of an account's transfers, as one transaction writes it."""

from __future__ import annotations

from typing import Final, Protocol

from sqlalchemy import select

from gatewayd.store.credit.ledger import Kind, Pots, Step
from gatewayd.store.session import Row, Session, Statement, adding, given, setting
from gatewayd.store.tables import account, transfer
from gatewayd.values.errors import InsufficientCreditError

_LOAD: Final = Statement(
    select(account.c.balance, account.c.held, account.c.charged, account.c.granted)
    .where(account.c.id == given(account.c.id))
    .with_for_update(),
    "p_id",
)
_SAVE: Final = setting(account, "balance held charged granted", "id")
# An enumeration's `value` costs a call each time.
_KINDS: Final = {kind: kind.value for kind in Kind}
_HOLD: Final = Kind.HOLD.value
_HOLD_STEP: Final = Step.HOLD.value
_SETTLE_STEP: Final = Step.SETTLE.value

_TRANSFER: Final = adding(transfer, "account_id kind amount attempt_id part step at note")


class Book:
    """The accounts that one transaction touches: each is read once and written once, whatever moves."""

    __slots__ = ("_accounts", "_changed", "_session", "_transfers")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._accounts: dict[int, Pots] = {}
        self._changed: set[int] = set()
        self._transfers: list[Row] = []

    def pots(self, account_id: int) -> Pots:
        pots = self._accounts.get(account_id)
        if pots is None:
            row = self._session.one(_LOAD, account_id)
            assert row is not None, f"no account {account_id}"
            pots = self._accounts[account_id] = Pots(*row)
        return pots

    def grant(self, account_id: int, amount: int, now: int, note: str) -> None:
        """InsufficientCreditError when a withdrawal is more than the balance."""
        try:
            self.pots(account_id).move(Kind.GRANT, amount)
        except ValueError as error:
            raise InsufficientCreditError("the balance does not cover it") from error
        self._write((account_id, Kind.GRANT.value, amount, None, None, None, now, note or None))

    def hold(self, account_id: int, /, *, attempt: int, part: int, amount: int, now: int) -> None:
        if amount:
            self.pots(account_id).move(Kind.HOLD, amount)
            self._write((account_id, _HOLD, amount, attempt, part, _HOLD_STEP, now, None))

    def settle(self, account_id: int, kind: Kind, /, *, attempt: int, part: int, amount: int, now: int) -> None:
        """Charges or releases what is held for a part; the store refuses a second time."""
        if amount:
            self.pots(account_id).move(kind, amount)
            self._write((account_id, _KINDS[kind], amount, attempt, part, _SETTLE_STEP, now, None))

    def _write(self, row: Row) -> None:
        self._transfers.append(row)
        self._changed.add(row[0])

    def flush(self) -> None:
        self._session.many(_TRANSFER, self._transfers)
        rows = []
        for account_id in sorted(self._changed):
            pots = self._accounts[account_id]
            rows.append((pots.balance, pots.held, pots.charged, pots.granted, account_id))
        self._session.many(_SAVE, rows)
        self._transfers.clear()
        self._changed.clear()


class HasBook(Protocol):
    """A unit of work, as far as credits go."""

    session: Session
    book: Book
