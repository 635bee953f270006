"""Bills and payments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("external_id", _KEY, nullable=False),
        sa.Column("customer_id", _ID),
        sa.Column("customer", _KEY, nullable=False),
        sa.Column("number", _KEY, nullable=False),
        sa.Column("issued", sa.Text()),
        sa.Column("due", sa.Text()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger()),
        sa.Column("balance", sa.BigInteger()),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("pdf", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("policy", sa.Text()),
        sa.Column("disputed_at", sa.BigInteger()),
        sa.Column("disputed_until", sa.Text()),
        sa.Column("dispute_reason", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("initial", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_invoice_account_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_invoice_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invoice"),
        sa.UniqueConstraint("account_id", "external_id", name="uq_invoice_account_id_external_id"),
    )
    where = sa.text("customer_id IS NULL")
    op.create_index(
        "ix_invoice_account_id_customer",
        "invoice",
        ["account_id", "customer"],
        sqlite_where=where,
        postgresql_where=where,
    )
    where = sa.text("open")
    op.create_index(
        "ix_invoice_account_id_due_id",
        "invoice",
        ["account_id", "due", "id"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_index("ix_invoice_account_id_id", "invoice", ["account_id", "id"])
    op.create_index("ix_invoice_account_id_number", "invoice", ["account_id", "number"])
    op.create_index("ix_invoice_customer_id_id", "invoice", ["customer_id", "id"])
    op.create_table(
        "payment",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("external_id", _KEY, nullable=False),
        sa.Column("customer_id", _ID),
        sa.Column("customer", _KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("value_date", sa.Text()),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("allocated", sa.Boolean(), nullable=False),
        sa.Column("reversal_of", _KEY),
        sa.Column("cancelled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("reason", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("initial", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_payment_account_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_payment_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_payment"),
        sa.UniqueConstraint("account_id", "external_id", name="uq_payment_account_id_external_id"),
    )
    where = sa.text("customer_id IS NULL")
    op.create_index(
        "ix_payment_account_id_customer",
        "payment",
        ["account_id", "customer"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_index("ix_payment_account_id_posted_at_id", "payment", ["account_id", "posted_at", "id"])
    where = sa.text("reversal_of IS NOT NULL")
    op.create_index(
        "ix_payment_account_id_reversal_of",
        "payment",
        ["account_id", "reversal_of"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_index("ix_payment_customer_id_posted_at", "payment", ["customer_id", "posted_at"])
    op.create_table(
        "payment_part",
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("invoice", _KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_payment_part_payment_id"),
        sa.PrimaryKeyConstraint("payment_id", "place", name="pk_payment_part"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_payment_part_account_id_invoice", "payment_part", ["account_id", "invoice"])
    op.create_table(
        "owed",
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.Column("disputed", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("invoices", sa.Integer(), nullable=False),
        sa.Column("due", sa.Text()),
        sa.Column("undisputed_due", sa.Text()),
        sa.Column("until", sa.Text()),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_owed_customer_id"),
        sa.PrimaryKeyConstraint("customer_id", "currency", name="pk_owed"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_owed_account_id_due_customer_id", "owed", ["account_id", "due", "customer_id"])
    op.create_table(
        "fact_mark",
        sa.Column("customer_id", _ID, autoincrement=False, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_fact_mark_customer_id"),
        sa.PrimaryKeyConstraint("customer_id", name="pk_fact_mark"),
    )
    op.create_index("ix_fact_mark_at_customer_id", "fact_mark", ["at", "customer_id"])
    op.create_table(
        "billing_state",
        sa.Column("account_id", _ID, autoincrement=False, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("complete_as_of", sa.BigInteger()),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("invoices_at", sa.BigInteger()),
        sa.Column("payments_at", sa.BigInteger()),
        sa.Column("pending_as_of", sa.BigInteger()),
        sa.Column("pending_source", sa.Text()),
        sa.Column("pending_since", sa.BigInteger()),
        sa.Column("pending_reason", sa.Text()),
        sa.Column("pending_missing", sa.Integer()),
        sa.Column("pending_known", sa.Integer()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_billing_state_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_billing_state"),
    )
    op.create_table(
        "feed",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("began_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ok_at", sa.BigInteger()),
        sa.Column("as_of", sa.BigInteger()),
        sa.Column("since", sa.Text()),
        sa.Column("rows", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("counts", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("fault", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_feed_account_id"),
        sa.PrimaryKeyConstraint("account_id", "name", "kind", name="pk_feed"),
        sqlite_with_rowid=False,
    )
    op.add_column("import", sa.Column("kind", sa.Text(), nullable=False, server_default=sa.text("'customers'")))
