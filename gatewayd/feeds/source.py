"""Where a feed reads: what its address may be, and what may be asked there. An address is never in an error. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

Family = Literal["mysql", "postgresql", "sqlite", "other"]
KINDS: Final = ("customers", "invoices", "payments", "credit_notes")
"""What a feed may ask for, in the order in which it is read: who, what they owe, what they paid."""
QUERY_MAX: Final = 20_000
URL_MAX: Final = 2_000

_URL: Final = re.compile(
    r"(?P<dialect>[a-z][a-z0-9_]{0,30})(?:\+(?P<driver>[a-z0-9_]{1,30}))?://(?P<rest>\S*)", re.ASCII
)
_FAMILIES: Final[dict[str, Family]] = {
    "mysql": "mysql",
    "mariadb": "mysql",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "sqlite": "sqlite",
}
_DRIVERS: Final = {"mysql": "pymysql", "postgresql": "psycopg", "sqlite": "pysqlite"}
_COMMENT: Final = re.compile(r"\s+|--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_READS: Final = re.compile(r"(?:select|with)\b", re.IGNORECASE)
_SINCE: Final = re.compile(r"(?<![\w:\\]):since\b")


class SourceError(ValueError):
    """An address or a query cannot be used; the text is a key of the configuration's catalogue."""


@dataclass(frozen=True, slots=True)
class Source:
    """An address that can be read from."""

    family: Family
    url: str
    """For SQLAlchemy, with its driver."""
    path: str = ""
    """Of a SQLite file, absolute."""

    def __repr__(self) -> str:
        return f"Source({self.family})"


def source_of(url: str) -> Source:
    """Returns what an address leads to. SourceError: feed_url, feed_driver."""
    found = None if len(url) > URL_MAX else _URL.fullmatch(url.strip())
    if found is None:
        raise SourceError("feed_url")
    dialect, driver, rest = found["dialect"], found["driver"], found["rest"]
    family = _FAMILIES.get(dialect, "other")
    if family == "other":
        return Source(family, url.strip())
    ours = _DRIVERS[family]
    if driver is not None and driver != ours:
        raise SourceError("feed_driver")
    if family == "sqlite":
        path = unquote(rest.partition("?")[0])
        if not path.startswith("//") or path == "//":
            raise SourceError("feed_url")
        return Source(family, "sqlite+pysqlite://", path[1:])
    if not rest.partition("?")[0].rpartition("@")[2].partition("/")[2]:
        raise SourceError("feed_url")
    return Source(family, f"{family}+{ours}://{rest}")


def own(url: str, store: str) -> bool:
    """Returns whether an address is our own store's (`[store] url`), however it is written."""
    try:
        source = source_of(url)
    except SourceError:
        return False
    if source.family == "sqlite":
        mine = store.removeprefix("sqlite:///")
        return mine != store and Path(source.path).resolve() == Path(mine).resolve()
    if source.family != "postgresql" or not store.startswith("postgresql"):
        return False
    one, other = urlsplit(source.url), urlsplit(store)
    return (one.hostname, one.port or 5432, one.path, one.query) == (
        *(other.hostname, other.port or 5432),
        *(other.path, other.query),
    )


def checked_query(text: str) -> str:
    """Returns a query without what closes it. SourceError: feed_query."""
    query = text.strip().rstrip(";").rstrip()
    at = 0
    while (skipped := _COMMENT.match(query, at)) is not None:
        at = skipped.end()
    if len(query) > QUERY_MAX or not _READS.match(query[at:].lstrip("( \t\r\n")):
        raise SourceError("feed_query")
    return query


def asks_since(query: str) -> bool:
    """Returns whether a query asks only for what is newer than the last time (`:since`)."""
    return _SINCE.search(query) is not None


def for_sqlalchemy(query: str) -> str:
    """Returns a query in which no colon but that of `:since` means anything to SQLAlchemy."""
    return re.sub(r"(?<!\\):", r"\:", _SINCE.sub("\0", query)).replace("\0", ":since")
