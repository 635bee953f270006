"""Tables of bills and payments: what billing said, what follows from it for each customer, and how fresh it is."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from gatewayd.store.tables.base import Id, metadata
from gatewayd.store.tables.customers import Key

_OPEN = text("open")
_UNKNOWN = text("customer_id IS NULL")
_TAKES_BACK = text("reversal_of IS NOT NULL")

invoice = Table(
    "invoice",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("external_id", Key, nullable=False),
    # none: nobody has brought a customer of that external id yet
    Column("customer_id", Id, ForeignKey("customer.id")),
    # external id of the customer, as billing says it
    Column("customer", Key, nullable=False),
    Column("number", Key, nullable=False),
    # YYYY-MM-DD, in the account's zone
    Column("issued", Text),
    Column("due", Text),
    Column("currency", Text, nullable=False),
    # millionths
    Column("total", BigInteger),
    Column("balance", BigInteger),
    # when the balance was so; none of it is later than this
    Column("as_of", BigInteger, nullable=False),
    # open, paid, cancelled, disputed, closed
    Column("state", Text, nullable=False),
    # not (paid, cancelled, closed)
    Column("open", Boolean, nullable=False),
    Column("link", Text, nullable=False, server_default=text("''")),
    Column("pdf", Text, nullable=False, server_default=text("''")),
    # name of its own rule for claims
    Column("policy", Text),
    # what a person said of it here, which no row of billing takes away: since when it is disputed, until (YYYY-MM-DD)
    Column("disputed_at", BigInteger),
    Column("disputed_until", Text),
    Column("dispute_reason", Text),
    # panel, api, cli, spool, sheet, feed
    Column("source", Text, nullable=False),
    # as_of of the newest list or row that had it
    Column("seen", BigInteger, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    # it came with the account's first import
    Column("initial", Boolean, nullable=False, server_default=false()),
    Column("updated_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("account_id", "external_id"),
    Index("ix_invoice_customer_id_id", "customer_id", "id"),
    Index("ix_invoice_account_id_id", "account_id", "id"),
    Index("ix_invoice_account_id_number", "account_id", "number"),
    Index("ix_invoice_account_id_due_id", "account_id", "due", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_invoice_account_id_customer", "account_id", "customer", sqlite_where=_UNKNOWN, postgresql_where=_UNKNOWN),
)

payment = Table(
    "payment",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("external_id", Key, nullable=False),
    Column("customer_id", Id, ForeignKey("customer.id")),
    Column("customer", Key, nullable=False),
    # payment, credit_note
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    # millionths
    Column("amount", BigInteger, nullable=False),
    # when billing wrote it down
    Column("posted_at", BigInteger, nullable=False),
    # YYYY-MM-DD
    Column("value_date", Text),
    # automatic, manual
    Column("method", Text, nullable=False),
    # whether it says what it pays; else its rest is free credit against older balances alone
    Column("allocated", Boolean, nullable=False),
    # external id of the payment that it takes back
    Column("reversal_of", Key),
    Column("cancelled", Boolean, nullable=False, server_default=false()),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("source", Text, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("initial", Boolean, nullable=False, server_default=false()),
    Column("updated_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("account_id", "external_id"),
    Index("ix_payment_customer_id_posted_at", "customer_id", "posted_at"),
    Index("ix_payment_account_id_posted_at_id", "account_id", "posted_at", "id"),
    Index(
        "ix_payment_account_id_reversal_of",
        "account_id",
        "reversal_of",
        sqlite_where=_TAKES_BACK,
        postgresql_where=_TAKES_BACK,
    ),
    Index("ix_payment_account_id_customer", "account_id", "customer", sqlite_where=_UNKNOWN, postgresql_where=_UNKNOWN),
)

payment_part = Table(
    "payment_part",
    metadata,
    Column("payment_id", Id, ForeignKey("payment.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("account_id", Id, nullable=False),
    # external id, of an invoice that may not have come yet
    Column("invoice", Key, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Index("ix_payment_part_account_id_invoice", "account_id", "invoice"),
    sqlite_with_rowid=False,
)
"""What of a payment is for which invoice."""

owed = Table(
    "owed",
    metadata,
    Column("customer_id", Id, ForeignKey("customer.id"), primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("account_id", Id, nullable=False),
    # millionths; what is open with free credit taken off, and what of that credit is over
    Column("balance", BigInteger, nullable=False),
    Column("credit", BigInteger, nullable=False),
    # of the balance, what is under dispute
    Column("disputed", BigInteger, nullable=False, server_default=text("0")),
    # how many invoices have something open
    Column("invoices", Integer, nullable=False),
    # the oldest due date among them, disputed ones too, and the oldest without those
    Column("due", Text),
    Column("undisputed_due", Text),
    # the first day on which this may be otherwise without a new fact: a dispute ends
    Column("until", Text),
    # what the figures follow from: another one, and a message that was written from them is wrong
    Column("digest", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_owed_account_id_due_customer_id", "account_id", "due", "customer_id"),
    sqlite_with_rowid=False,
)
"""What a customer owes in a currency, as it follows from the facts. Written with them, never by anything else."""

fact_mark = Table(
    "fact_mark",
    metadata,
    Column("customer_id", Id, ForeignKey("customer.id"), primary_key=True, autoincrement=False),
    Column("account_id", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_fact_mark_at_customer_id", "at", "customer_id"),
)
"""Customers of whom something has changed, and about whom nobody has decided since."""

billing_state = Table(
    "billing_state",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    # newest moment at which what we have was so, and who said it
    Column("as_of", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    # of the newest list that said it was complete
    Column("complete_as_of", BigInteger),
    # when the account's first facts came, and when its first import of each kind was through: what came with it is no
    # news
    Column("first_at", BigInteger, nullable=False),
    Column("invoices_at", BigInteger),
    Column("payments_at", BigInteger),
    # a complete list that a person must look at before it closes anything: its as_of, source, begin, why (many, none,
    # faulty), and how many invoices it lacks of how many
    Column("pending_as_of", BigInteger),
    Column("pending_source", Text),
    Column("pending_since", BigInteger),
    Column("pending_reason", Text),
    Column("pending_missing", Integer),
    Column("pending_known", Integer),
    Column("updated_at", BigInteger, nullable=False),
)
"""How fresh an account's billing is."""

feed = Table(
    "feed",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    # of the feed in the configuration
    Column("name", Text, primary_key=True),
    # customers, invoices, payments
    Column("kind", Text, primary_key=True),
    Column("node", Text, nullable=False, server_default=text("''")),
    Column("began_at", BigInteger),
    Column("ended_at", BigInteger),
    # when it was last read to its end
    Column("ok_at", BigInteger),
    Column("as_of", BigInteger),
    # what `:since` is next
    Column("since", Text),
    Column("rows", BigInteger, nullable=False, server_default=text("0")),
    # JSON
    Column("counts", Text),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    # code and words of its last fault
    Column("fault", Text),
    Column("detail", Text),
    sqlite_with_rowid=False,
)
"""How queries on somebody else's database went."""
