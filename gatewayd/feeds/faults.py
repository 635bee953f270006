"""What can go wrong with a feed: a code, what it means to people, and what they do about it. Pure."""

from __future__ import annotations

import re
from typing import Final

from drivers.base import spoken
from gatewayd.words.translation import gettext as _

_GOES_ON: Final = spoken("It is tried again by itself. Look whether the database runs and this machine reaches it.")
_QUERY: Final = spoken("Correct the query in the configuration file.")
_FEWER: Final = spoken("Have the query ask for less: only what is open, or what is newer than :since.")
_LOGIN: Final = spoken("Correct user and password in the file of the address, or the user's rights in the database.")

SENTENCES: Final = {
    "unreachable": (spoken("the database cannot be reached"), _GOES_ON),
    "connection_lost": (spoken("the connection to the database broke off"), _GOES_ON),
    "locked": (spoken("the database is locked by another program"), _GOES_ON),
    "too_slow": (
        spoken("the database did not answer in time"),
        spoken("Look whether a table is locked there; else make the query quicker, or give the feed a longer timeout."),
    ),
    "no_database": (
        spoken("what answers at the address is no database of that kind"),
        spoken("Look at host and port in the file of the address, and which kind of database it names."),
    ),
    "login_refused": (spoken("the database refuses the user or the password"), _LOGIN),
    "not_allowed": (spoken("the user may not read what the query asks for"), _LOGIN),
    "database_missing": (
        spoken("there is no such database"),
        spoken("Correct the name of the database, or the path of the file, in the file of the address."),
    ),
    "driver_missing": (
        spoken("the package for this kind of database is not installed"),
        spoken("Install it beside gatewayd: docs/feeds.md says which."),
    ),
    "own_store": (
        spoken("the address is gatewayd's own store"),
        spoken("Name the database of the billing system."),
    ),
    "table_missing": (spoken("a table of the query is missing: {detail}"), _QUERY),
    "column_missing": (
        spoken("the column {detail} is missing"),
        spoken("It may have been renamed in the database: correct the query in the configuration file."),
    ),
    "column_absent": (
        spoken("the query gives no column {detail}"),
        spoken("Name it in the query: SELECT … AS {detail}."),
    ),
    "column_unknown": (
        spoken("the query gives a column that means nothing here: {detail}"),
        spoken("Leave it out, or give it a name of docs/feeds.md with AS."),
    ),
    "column_twice": (spoken("the query gives the column {detail} twice"), _QUERY),
    "query_invalid": (spoken("the database does not understand the query"), _QUERY),
    "too_many_rows": (spoken("the query gives more rows than the feed may read"), _FEWER),
    "too_many_columns": (spoken("the query gives more columns than there are names for"), _FEWER),
    "too_large": (spoken("the query gives more than a feed may read"), _FEWER),
    "cell_unreadable": (
        spoken("a value of the column {detail} is no text, number, date or time"),
        spoken("Have the query turn it into text."),
    ),
    "failed": (
        spoken("the database gave an error that is not known here"),
        spoken("Try the query by hand with the same user; the log of the database says more."),
    ),
    "reader_ended": (
        spoken("the process that reads the database ended"),
        spoken("It is tried again by itself; tell whoever looks after the gateway."),
    ),
    "refused": (
        spoken("customers could not be imported: {detail}"),
        spoken("Open the import to see why."),
    ),
}
"""By code: what it is, and what to do. `detail` is a name of a table or column, never anything that lies in one."""

_NAME: Final = re.compile(r"[^\W\d][\w.$-]{0,79}")


def name_of(text: str) -> str:
    """Returns a table's or column's name as it may be shown; empty where it is none."""
    plain = text.strip().strip("`\"'[]").strip()
    return plain if _NAME.fullmatch(plain) else ""


def sentence(code: str, detail: str = "") -> str:
    """Returns what a fault means; a code without words is shown as it is."""
    found = SENTENCES.get(code)
    return code if found is None else _(found[0]).format(detail=detail or "?")


def remedy(code: str, detail: str = "") -> str:
    """Returns what a person does about a fault."""
    found = SENTENCES.get(code)
    return "" if found is None else _(found[1]).format(detail=detail or "?")
