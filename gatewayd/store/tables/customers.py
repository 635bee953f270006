"""Tables of customers: who they are, where they are reached, what they owe, and the sheets that brought them."""

from __future__ import annotations

from typing import Final

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

# A beginning is looked for as a range, which means the same in one order of letters alone.
Key = Text().with_variant(Text(collation="C"), "postgresql")

customer = Table(
    "customer",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # the account's own name for this person
    Column("external_id", Key, nullable=False),
    Column("document_type", Text),
    Column("document_number", Text),
    # its letters and digits alone, as it is looked for
    Column("document_key", Key),
    Column("name", Text, nullable=False, server_default=text("''")),
    # folded, as it is sorted by
    Column("name_key", Key, nullable=False, server_default=text("''")),
    Column("language", Text),
    Column("zone", Text),
    # vigente, castigada
    Column("portfolio_type", Text),
    Column("portfolio_name", Text),
    # row of `user_`
    Column("assigned_id", Id),
    # JSON: a list of words; an object of texts by header
    Column("tags", Text),
    Column("columns", Text),
    # which mails it wants: 1 invoices, 2 payments, 4 tickets
    Column("mails", Integer, nullable=False, server_default=text("7")),
    # do not claim; until then, none: until it is lifted
    Column("no_claim", Boolean, nullable=False, server_default=false()),
    Column("no_claim_until", BigInteger),
    Column("no_claim_reason", Text),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # since when a sheet that said it was complete has lacked it
    Column("absent_at", BigInteger),
    # when what was known of the person was erased
    Column("forgotten_at", BigInteger),
    # of the sheet's row that wrote it last, and the version that it wrote
    Column("digest", Text),
    Column("digest_version", Integer),
    UniqueConstraint("account_id", "external_id"),
    Index("ix_customer_account_id_id", "account_id", "id"),
    Index("ix_customer_account_id_document_key", "account_id", "document_key"),
    Index("ix_customer_account_id_name_key_id", "account_id", "name_key", "id"),
    Index("ix_customer_account_id_updated_at_id", "account_id", "updated_at", "id"),
)

customer_word = Table(
    "customer_word",
    metadata,
    Column("account_id", Id, primary_key=True),
    # a word of the name; behind a sign, what one filters by: #tag, $portfolio type, =portfolio name, @assigned user
    Column("word", Key, primary_key=True),
    Column("customer_id", Id, primary_key=True),
    sqlite_with_rowid=False,
)
"""What customers are found by."""

customer_alias = Table(
    "customer_alias",
    metadata,
    Column("account_id", Id, primary_key=True),
    # of one that was merged into another
    Column("external_id", Key, primary_key=True),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

contact_point = Table(
    "contact_point",
    metadata,
    Column("customer_id", Id, ForeignKey("customer.id"), primary_key=True),
    # 0: the preferred one
    Column("place", Integer, primary_key=True),
    Column("account_id", Id, nullable=False),
    # phone (SMS, calls, WhatsApp), email, push, whatsapp
    Column("channel", Text, nullable=False),
    Column("address", Key, nullable=False),
    Column("kind", Text, nullable=False, server_default=text("''")),
    # unknown, confirmed, wrong_person
    Column("state", Text, nullable=False, server_default=text("'unknown'")),
    # JSON: yes or no by class; none: never asked
    Column("consent", Text),
    Column("source", Text, nullable=False, server_default=text("''")),
    Index("ix_contact_point_account_id_address", "account_id", "address"),
    sqlite_with_rowid=False,
)

debt = Table(
    "debt",
    metadata,
    Column("customer_id", Id, ForeignKey("customer.id"), primary_key=True, autoincrement=False),
    # millionths
    Column("balance", BigInteger),
    # YYYY-MM-DD, in the account's zone
    Column("due", Text),
    Column("number", Text),
    Column("currency", Text),
    # when this was so
    Column("as_of", BigInteger, nullable=False),
)
"""What a sheet says that a customer owes: one open invoice."""

sheet_import = Table(
    "import",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("user_id", Id),
    Column("actor", Text, nullable=False),
    # whose daemon keeps the file
    Column("node", Text, nullable=False),
    # panel, api, spool, cli
    Column("origin", Text, nullable=False),
    # unique in its account; none: nobody gave it one
    Column("name", Text),
    Column("file", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("octets", BigInteger, nullable=False),
    # what its rows are: customers, invoices, payments, credit_notes
    Column("kind", Text, nullable=False, server_default=text("'customers'")),
    # created, checking, checked, running, done, failed, undoing, undone
    Column("state", Text, nullable=False),
    # JSON: how the sheet is read, what it was understood as, which column is what
    Column("reading", Text),
    Column("judgement", Text),
    Column("mapping", Text),
    Column("header_key", Text),
    # nobody is left out of it
    Column("complete", Boolean, nullable=False, server_default=false()),
    # what is owed was owed then
    Column("as_of", BigInteger, nullable=False),
    # JSON: rows by what became of them
    Column("counts", Text),
    # the last row that was written down
    Column("applied", BigInteger, nullable=False, server_default=text("0")),
    # row of `process`: the step that was asked for last
    Column("process_id", Id),
    Column("reason", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("account_id", "name"),
    Index("ix_import_account_id_id", "account_id", "id"),
)

IMPORT_ISSUE: Final = "(kind = 'refused' OR kind = 'repeated' OR kind = 'noted')"
"""Condition of the index of rows that were not taken as they stand. A question that is to use it says it so."""

import_row = Table(
    "import_row",
    metadata,
    Column("import_id", Id, ForeignKey("import.id"), primary_key=True),
    # as the sheet counts: the first below a header is 2; below 0: of customers that it lacks
    Column("row", BigInteger, primary_key=True),
    # changed, absent, refused, repeated, noted; new: by an older version, which kept no ranges
    Column("kind", Text, nullable=False),
    Column("customer_id", Id),
    # JSON: what was there before, to be put back; of what was not taken, why
    Column("detail", Text),
    Index("ix_import_row_customer_id", "customer_id"),
    Index(
        "ix_import_row_issue",
        "import_id",
        "row",
        sqlite_where=text(IMPORT_ISSUE),
        postgresql_where=text(IMPORT_ISSUE),
    ),
    sqlite_with_rowid=False,
)

import_range = Table(
    "import_range",
    metadata,
    Column("import_id", Id, ForeignKey("import.id"), primary_key=True),
    # of customers whom a portion brought: that many numbers in a row
    Column("first_id", Id, primary_key=True),
    Column("customers", Integer, nullable=False),
    Column("undone", Boolean, nullable=False, server_default=false()),
    sqlite_with_rowid=False,
)
"""Customers whom a sheet brought; nothing was there before that could be put back."""

import_mapping = Table(
    "import_mapping",
    metadata,
    Column("account_id", Id, primary_key=True),
    # SHA-256 of a sheet's header
    Column("header_key", Text, primary_key=True),
    # JSON
    Column("mapping", Text, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What people said that the columns of a header are."""
