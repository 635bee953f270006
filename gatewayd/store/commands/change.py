"""One generic command for what people and engines write now and then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Changed(Generic[R_co]):
    """What the work of a change may answer, so that the audit trail says what was and what is."""

    answer: R_co
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
