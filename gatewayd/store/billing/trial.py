"""What writing bills would do, without writing any."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from gatewayd.billing.fields import BillRow, Kind
from gatewayd.billing.portion import BillPortion
from gatewayd.store.billing import invoices, payments
from gatewayd.store.billing.facts import currency_of
from gatewayd.store.billing.loads import Load, Written
from gatewayd.store.session import Session


def tried(
    connection: Connection, *, account_id: int, kind: Kind, as_of: int, rows: Sequence[BillRow] | BillPortion
) -> Written:
    """Returns what would become of rows; `new` has a place for each. No external id twice."""
    session = Session(connection)
    load = Load(account_id, "sheet", as_of, as_of, currency_of(session, account_id))
    if isinstance(rows, BillPortion) or kind == "invoices":
        return invoices.tried(session, load, rows)
    return payments.tried(session, load, rows)
