"""Customers, their contact points, and imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _number(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text(default) if default else None)


def upgrade() -> None:
    _customers()
    _imports()


def _customers() -> None:
    op.create_table(
        "customer",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("external_id", _KEY, nullable=False),
        sa.Column("document_type", sa.Text()),
        sa.Column("document_number", sa.Text()),
        sa.Column("document_key", _KEY),
        sa.Column("name", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("name_key", _KEY, nullable=False, server_default=sa.text("''")),
        sa.Column("language", sa.Text()),
        sa.Column("zone", sa.Text()),
        sa.Column("portfolio_type", sa.Text()),
        sa.Column("portfolio_name", sa.Text()),
        sa.Column("assigned_id", _ID),
        sa.Column("tags", sa.Text()),
        sa.Column("columns", sa.Text()),
        _number("mails", "7"),
        sa.Column("no_claim", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("no_claim_until", sa.BigInteger()),
        sa.Column("no_claim_reason", sa.Text()),
        _number("version", "1"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("absent_at", sa.BigInteger()),
        sa.Column("forgotten_at", sa.BigInteger()),
        sa.Column("digest", sa.Text()),
        sa.Column("digest_version", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_customer"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_customer_account_id"),
        sa.UniqueConstraint("account_id", "external_id", name="uq_customer_account_id_external_id"),
    )
    op.create_index("ix_customer_account_id_id", "customer", ["account_id", "id"])
    op.create_index("ix_customer_account_id_document_key", "customer", ["account_id", "document_key"])
    op.create_index("ix_customer_account_id_name_key_id", "customer", ["account_id", "name_key", "id"])
    op.create_index("ix_customer_account_id_updated_at_id", "customer", ["account_id", "updated_at", "id"])
    op.create_table(
        "customer_word",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("word", _KEY, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "word", "customer_id", name="pk_customer_word"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer_alias",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("external_id", _KEY, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "external_id", name="pk_customer_alias"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_customer_alias_customer_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_alias_customer_id", "customer_alias", ["customer_id"])
    op.create_table(
        "contact_point",
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", _KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'unknown'")),
        sa.Column("consent", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("customer_id", "place", name="pk_contact_point"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_contact_point_customer_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_point_account_id_address", "contact_point", ["account_id", "address"])
    op.create_table(
        "debt",
        sa.Column("customer_id", _ID, autoincrement=False, nullable=False),
        sa.Column("balance", sa.BigInteger()),
        sa.Column("due", sa.Text()),
        sa.Column("number", sa.Text()),
        sa.Column("currency", sa.Text()),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_debt"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_debt_customer_id"),
    )


def _imports() -> None:
    op.create_table(
        "import",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("user_id", _ID),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reading", sa.Text()),
        sa.Column("judgement", sa.Text()),
        sa.Column("mapping", sa.Text()),
        sa.Column("header_key", sa.Text()),
        sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.Text()),
        sa.Column("applied", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("process_id", _ID),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        _number("version", "1"),
        sa.PrimaryKeyConstraint("id", name="pk_import"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_import_account_id"),
        sa.UniqueConstraint("account_id", "name", name="uq_import_account_id_name"),
    )
    op.create_index("ix_import_account_id_id", "import", ["account_id", "id"])
    op.create_table(
        "import_row",
        sa.Column("import_id", _ID, nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_id", _ID),
        sa.Column("detail", sa.Text()),
        sa.PrimaryKeyConstraint("import_id", "row", name="pk_import_row"),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name="fk_import_row_import_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_import_row_customer_id", "import_row", ["customer_id"])
    op.create_table(
        "import_mapping",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("header_key", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "header_key", name="pk_import_mapping"),
        sqlite_with_rowid=False,
    )
