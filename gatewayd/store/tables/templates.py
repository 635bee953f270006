"""Tables of templates: what they are called, and every version that was ever saved."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from gatewayd.store.tables.base import Id, metadata

template = Table(
    "template",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("name", Text, nullable=False),
    # the newest one
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    # none: it is offered
    Column("archived_at", BigInteger),
    # when a job last named one of its versions; none: never, and it may be removed
    Column("used_at", BigInteger),
    UniqueConstraint("account_id", "name", "channel"),
    Index("ix_template_account_id_changed_at", "account_id", "changed_at"),
)

template_version = Table(
    "template_version",
    metadata,
    Column("template_id", Id, ForeignKey("template.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # JSON: the keys of a job file that say what is sent
    Column("content", Text, nullable=False),
    # none: the account's
    Column("class", Text, key="klass"),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    # by an administrator: what the class `transactional` needs
    Column("approved_at", BigInteger),
    Column("approved_by", Text),
    Column("used_at", BigInteger),
    sqlite_with_rowid=False,
)
"""Never changed once it is written, but for its approval and its use."""

kept_file = Table(
    "kept_file",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    UniqueConstraint("account_id", "sha256"),
)
"""Files that mails attach, kept with what attaches them: once for each content."""

file_use = Table(
    "file_use",
    metadata,
    Column("file_id", Id, ForeignKey("kept_file.id"), primary_key=True),
    # template or campaign
    Column("kind", Text, primary_key=True),
    # its number
    Column("owner", Id, primary_key=True, autoincrement=False),
    Index("ix_file_use_kind_owner", "kind", "owner"),
    sqlite_with_rowid=False,
)
"""What attaches a file; one that nothing attaches is gone."""
