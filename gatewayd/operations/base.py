"""What an operation is: a validated request that is performed once, whoever asks (socket, HTTP, command line)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gatewayd.config import catalogue
from gatewayd.operations.ports import Backend, Live
from gatewayd.values.actor import Actor
from gatewayd.values.errors import FaultsError, GatewayError, UnavailableError
from gatewayd.values.storable import wellformed, wellformed_document
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language

Json: TypeAlias = dict[str, Any]
Note = Annotated[str, Field(max_length=1_000), AfterValidator(wellformed)]
"""A person's words, as every store can hold them."""


class Operation(BaseModel):
    """A request: its fields are the arguments. `name` is what callers ask for; `perform` answers with JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: ClassVar[str]
    reads_store: ClassVar[bool] = False
    """Whether it does nothing but read the store: the web process then performs it by itself, daemon or not."""

    acts_on: ClassVar[str | None] = None
    """The field that names what is acted on, for the audit trail; None: the first that is there of `SUBJECTS`."""

    async def before(self, backend: Backend) -> Json | None:
        """Returns what the audit trail shows as it was; None where the change itself says so, or nothing does."""
        del backend
        return None

    @abstractmethod
    async def perform(self, backend: Backend, by: Actor) -> Json:
        """Performs it for `by`, whose right to it has been judged (`gatewayd.operations.rights`)."""


class Paged(Operation):
    """A request for a page of a list, answered as `{"items": […], "next": cursor or null}`."""

    cursor: str | None = None
    limit: int = 100


def live_of(backend: Backend) -> Live:
    """The running daemon, or UnavailableError: what is asked needs one."""
    if backend.live is None:
        raise UnavailableError(
            _("this needs the daemon, and none is running: systemctl start gatewayd, or gatewayd run")
        )
    return backend.live


@contextmanager
def reworded(kind: type[GatewayError], message: str) -> Iterator[None]:
    """Errors of that kind, raised deep inside, in words for the person who asked."""
    try:
        yield
    except kind as error:
        raise type(error)(message) from error


def read_request(operation: type[Operation], arguments: Any) -> Operation:
    """The request in `arguments`; FaultsError names what is wrong with it, by field."""
    try:
        return operation.model_validate(wellformed_document(arguments))
    except ValidationError as error:
        known, spoken = tuple(operation.model_fields), language()
        faults = []
        for one in error.errors(include_url=False):
            told = catalogue.texts(one["type"], spoken, catalogue.error_values(one, spoken, known))
            key = ".".join(map(str, one["loc"])) or operation.name
            faults.append({"key": key, "message": told[0], "remedy": told[1]})
        raise FaultsError(faults) from None
