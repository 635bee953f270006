"""Tables of people: users, sessions and devices, tokens of programs, mass sends, the audit trail of what all did."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, false, text

from gatewayd.store.tables.base import HASHED, SEALED, Id, metadata

user = Table(
    "user_",  # `user` is a word of SQL's own
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    # as it is compared: casefolded; unique in the whole gateway, since it is what one signs in with
    Column("name", Text, nullable=False, unique=True),
    Column("shown_name", Text, nullable=False),
    Column("mail", Text),
    Column("role", Text, nullable=False),
    # none: an administrator of all accounts
    Column("account_id", Id, ForeignKey("account.id"), index=True),
    Column("supervisor_id", Id, ForeignKey("user_.id")),
    # argon2id, in the PHC string format
    Column("password", Text, nullable=False, info=HASHED),
    Column("password_at", BigInteger, nullable=False),
    # sealed; none: no second factor
    Column("totp", Text, info=SEALED),
    # sealed: a seed that is shown and not confirmed by a code yet
    Column("totp_offered", Text, info=SEALED),
    # the last time step a code was taken for: none is taken twice
    Column("totp_step", BigInteger, nullable=False, server_default=text("0")),
    # JSON: hashes of the recovery codes that are left
    Column("recovery", Text, info=HASHED),
    Column("monthly_limit", BigInteger),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("language", Text),
    Column("theme", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
)

session = Table(
    "session",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    # SHA-256 of the secret that the browser holds, in hex
    Column("secret", Text, nullable=False, unique=True, info=HASHED),
    Column("user_id", Id, ForeignKey("user_.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
)

# Browsers in which somebody has signed in: their guesses are counted apart from those of strangers.
device = Table(
    "device",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    # SHA-256 of the secret that the browser holds, in hex
    Column("secret", Text, nullable=False, unique=True, info=HASHED),
    Column("user_id", Id, ForeignKey("user_.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
)

# Links by which a person who has forgotten the password sets another.
reset = Table(
    "reset",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    # SHA-256 of the secret in the link, in hex
    Column("secret", Text, nullable=False, unique=True, info=HASHED),
    Column("user_id", Id, ForeignKey("user_.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    # the public beginning, by which a person knows it in a list
    Column("prefix", Text, nullable=False),
    # SHA-256 of the whole token, in hex
    Column("secret", Text, nullable=False, unique=True, info=HASHED),
    Column("name", Text, nullable=False),
    # none: of administration
    Column("account_id", Id, ForeignKey("account.id"), index=True),
    # live, test
    Column("kind", Text, nullable=False),
    # words apart by spaces
    Column("scopes", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("last_used", BigInteger),
    Column("revoked_at", BigInteger),
)

# What an account asks of people who send to many.
mass_rule = Table(
    "mass_rule",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    # argon2id, in the PHC string format; none: none is set yet
    Column("password", Text, info=HASHED),
    # people above which somebody else approves; none: nobody needs to
    Column("approve_above", Integer),
    Column("version", Integer, nullable=False, server_default=text("1")),
)

# Whom people have sent to in the last day, by which one knows when a send is one to many.
reach = Table(
    "reach",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # who acts, as `person 7` or `uid 1000 (ana)`
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # the one recipient; none: `people` of them
    Column("to", Text),
    Column("people", Integer, nullable=False),
    Index("ix_reach_account_id", "account_id", "actor", "at"),
    Index("ix_reach_at", "at"),
)

spending = Table(
    "spending",
    metadata,
    Column("user_id", Id, ForeignKey("user_.id"), primary_key=True),
    # YYYY-MM, in the account's zone
    Column("month", Text, primary_key=True),
    # millionths: what its sends were priced at when they were asked for
    Column("amount", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What people have sent for."""

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    # operator, person, token, engine, nobody
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_id", Id),
    Column("address", Text, nullable=False),
    Column("account", Text),
    Column("operation", Text, nullable=False),
    Column("subject", Text, nullable=False),
    # done, or the kind of error that refused it
    Column("outcome", Text, nullable=False),
    # JSON, without secrets: what was, and what is or was asked for
    Column("before", Text),
    Column("after", Text),
    Index("ix_audit_at", "at"),
    Index("ix_audit_account_id", "account", "id"),
)
