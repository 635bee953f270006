"""Steps of a file that came, each in one trip to a thread."""

from __future__ import annotations

from typing import Protocol

from spool.customers import CustomersDocument, parse_customers
from spool.document import JOB_FILE_LIMIT
from spool.errors import JobFileError, operating_system
from spool.folders import Spool
from spool.intake import Taken, commit, take
from spool.recovery import mark, unmark


class Sheets(Protocol):
    """Takes sheets of customers."""

    async def bring(self, taken: Taken, document: CustomersDocument) -> None:
        """Enters one whose files were taken; durable when it returns, and the same again changes nothing. JobFileError
        where it cannot be, GatewayError where it may be later."""


class NoSheets:
    """Of a gateway that takes none."""

    async def bring(self, taken: Taken, document: CustomersDocument) -> None:
        del document
        raise JobFileError("value_invalid", file=taken.name, field="kind")


def taken(spool: Spool, account: str, name: str) -> Taken:
    """Takes a job file and marks it as being read."""
    found = take(spool, account, name)
    mark(found)
    return found


def customers_of(found: Taken) -> CustomersDocument | None:
    """Returns what a file says that brings customers; None for a job. JobFileError."""
    if found.obstacle is not None or found.identity.size > JOB_FILE_LIMIT >> 6:
        return None
    with operating_system(str(found.path)):
        data = (found.path / found.name).read_bytes()
    return parse_customers(data, found.name)


def committed(spool: Spool, found: Taken, job: str) -> None:
    """Moves files whose job the store has to where they belong."""
    unmark(found)
    commit(spool, found, job)


def size(taken: Taken) -> int:
    """Octets of the job with all its files."""
    return taken.identity.size + sum(copy.identity.size for copy in taken.files)
