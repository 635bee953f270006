"""What all tables have in common: one register of them, and the type of row numbers."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData, TextClause, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A table whose key has several columns has no rowid on SQLite: one tree to write instead of two.
# SQLite gives rowid speed only to a column declared INTEGER; PostgreSQL needs 64 bits for the same.
Id = BigInteger().with_variant(Integer, "sqlite")

# What a column holds of a secret: the web process reads the whole store. A test holds every value against it, and every
# column that is named as a secret.
SEALED: Final = {"secret": "sealed"}
"""By `gatewayd.credentials.vault`."""
HASHED: Final = {"secret": "hashed"}
"""SHA-256 in hex of what was drawn at random, argon2id of what a person chose."""


def one_of(*states: str) -> str:
    """Returns the condition of a partial index that `state` is one of these.

    SQLite builds a table in memory for every look at an `IN` of more than two, some for each row that is written; what
    is said as alternatives is compared in place.
    """
    return "(" + " OR ".join(f"state = '{state}'" for state in states) + ")"


def of(table: str, condition: str) -> TextClause:
    """Returns the condition of a partial index with its columns as a table's: a query that says it in so many words is
    answered by the index."""
    return text(re.sub(r"\b(\w+) (=|>|IS) ", rf"{table}.\1 \2 ", condition))
