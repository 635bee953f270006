"""`[[feed]]`: queries on the database of a billing system. It stands in the file alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final, Self, TypeVar

from pydantic import AfterValidator, Field, SecretStr, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from gatewayd.config.section import Section
from gatewayd.config.values import Duration, Name
from gatewayd.feeds.source import KINDS, SourceError, asks_since, checked_query, source_of

_SAID: Final = {
    "feed_url": "no address of a database",
    "feed_driver": "no driver that is known here",
    "feed_query": "no query that reads",
}

T = TypeVar("T")


def _judged(judge: Callable[[str], T], text: str) -> T:
    try:
        return judge(text)
    except SourceError as error:
        raise PydanticCustomError(str(error), "{reason}", {"reason": _SAID[str(error)]}) from None


def _address(url: SecretStr) -> SecretStr:
    """Empty: a client of the daemon, which may not read it."""
    if url.get_secret_value():
        _judged(source_of, url.get_secret_value())
    return url


Query = Annotated[str, AfterValidator(lambda text: _judged(checked_query, text))]


class FeedConfig(Section):
    """One database of one account."""

    account: Name
    name: Name = "billing"
    url: Annotated[SecretStr, AfterValidator(_address)]
    """As SQLAlchemy has it: mysql://, postgresql://, sqlite:////path; of a user who may only read."""
    every: Annotated[Duration, Field(ge=1)] = 900.0
    max_age: Annotated[Duration, Field(gt=0)] | None = None
    """How old what it brought may be; None: as old as `[billing] max_age` says."""
    timeout: Annotated[Duration, Field(ge=1, le=3600)] = 300.0
    """For all queries of a reading together."""
    rows: Annotated[StrictInt, Field(ge=1, le=2_000_000)] = 500_000
    """Of all queries together."""
    complete: StrictBool = True
    """Whether the query for invoices, where it does not ask for news alone, gives all that are open."""
    customers: Query | None = None
    invoices: Query | None = None
    payments: Query | None = None
    credit_notes: Query | None = None

    @property
    def queries(self) -> Mapping[str, str]:
        """The queries by what they ask for, in the order in which they are read."""
        found = {kind: getattr(self, kind) for kind in KINDS}
        return {kind: query for kind, query in found.items() if query is not None}

    @property
    def closes(self) -> bool:
        """Whether invoices that it no longer gives are closed."""
        return self.complete and self.invoices is not None and not asks_since(self.invoices)

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if not self.queries:
            raise PydanticCustomError("feed_empty", "asks for nothing")
        return self
