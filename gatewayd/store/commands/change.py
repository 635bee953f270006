"""One generic command for what people and engines write now and then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gatewayd.store.commands.base import Command

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Change(Command[R_co]):
    """Runs `work` on the unit of work, in a savepoint of the batch's transaction; answers what it returns.

    For everything that is not written by thousands: kinds that are have a command of their own, and are batched. A
    GatewayError that `work` raises undoes what it wrote and is the answer; nothing else of the batch is touched.
    """

    work: Callable[[Any], R_co]
    by: str = "gatewayd"
    """The person, token or engine that acts."""
    aside: bool = False
    """Whether it is not the act itself but counted beside it, so that the audit trail has no row of it."""
    bulk: bool = False
    """Whether it writes so many rows that a savepoint is dear: SQLite copies each page anew for each statement within
    one. Where it fails, the whole batch is applied again, one by one."""
    context: Context = field(default_factory=copy_context, compare=False, repr=False)
    """Of the task that asks: its errors are said in the language of that person, in the writer's thread too."""


@dataclass(frozen=True, slots=True)
class Changed(Generic[R_co]):
    """What the work of a change may answer, so that the audit trail says what was and what is."""

    answer: R_co
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    about: str = ""
    """Whom or what it was done to, where the request itself does not say so."""
