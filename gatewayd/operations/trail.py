"""The audit trail of operations: who did what, from where, what was and what is, and how it ended.

An operation's first command bears its row, in the same commit; what writes nothing, and what is refused, has a row of
its own. Secrets are never in it, and what is long is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import SecretStr

from gatewayd.config import Config
from gatewayd.credentials.vault import Vault
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.ports import Backend, Live
from gatewayd.operations.rights import judge
from gatewayd.process.logger import Logger
from gatewayd.store.commands import Audited, AuditEntry, Change, Command
from gatewayd.store.people import audit
from gatewayd.store.reader import Reader
from gatewayd.values.actor import Actor
from gatewayd.values.errors import GatewayError, ThrottledError

log = Logger()

R = TypeVar("R")

SUBJECTS: Final = ("user", "token", "message", "job", "line", "number", "session", "mail", "name", "account")
TEXT_MAX: Final = 200
ITEMS_MAX: Final = 20
DEPTH_MAX: Final = 4
"""A row is read by people: more of a list or text than this tells them nothing more, and would fill the store."""
SUBJECT_MAX: Final = 200


async def performed(backend: Backend, operation: Operation, by: Actor) -> Json:
    """Performs an audited operation. Raises what the right's judgement or the operation raises."""
    witness = Witness(backend, operation, by)
    try:
        judged = judge(operation, by)
        witness.before = await judged.before(backend)
        answer = await judged.perform(witness, by)
    except Exception as error:
        await witness.failed(error)
        raise
    await witness.done()
    return answer


async def turned_away(backend: Backend, operation: str, by: Actor, error: GatewayError) -> None:
    """Writes the row of an act that was refused for who asked, before it was read what of."""
    row = AuditEntry(
        *(backend.now(), by.kind, by.name, by.number, by.address[:64], by.account, operation, "", None, None)
    )
    try:
        await backend.execute(Change(lambda unit: audit.write(unit.session, [(row, error)]), by.name))
    except GatewayError as trouble:
        log.error("not in the audit trail", operation=operation, error=str(trouble))  # noqa: TRY400


class Witness:
    """Implements the operations' `Backend` for one act: its first command takes the row of the audit trail along."""

    def __init__(self, backend: Backend, operation: Operation, by: Actor) -> None:
        self._backend = backend
        self._operation = operation
        self._by = by
        self._written = False
        self._refused = False
        """Whether the row that is written says that it was refused."""
        self.before: Mapping[str, Any] | None = None

    @property
    def config(self) -> Config:
        return self._backend.config

    @property
    def live(self) -> Live | None:
        return self._backend.live

    @property
    def vault(self) -> Vault:
        return self._backend.vault

    def now(self) -> int:
        return self._backend.now()

    async def execute(self, command: Command[R]) -> R:
        if self._written or (isinstance(command, Change) and command.aside):
            return await self._backend.execute(command)
        self._written = self._refused = True
        answer = await self._backend.execute(Audited(command, self._entry()))
        self._refused = False
        return answer

    async def read(self, question: Callable[[Reader], R]) -> R:
        return await self._backend.read(question)

    async def create_folders(self, account: str, gid: int | None = None) -> None:
        await self._backend.create_folders(account, gid)

    async def lines_changed(self) -> None:
        await self._backend.lines_changed()

    async def done(self) -> None:
        """Writes the row of an act that wrote nothing into the store."""
        if not self._written:
            await self._write(audit.DONE)

    async def failed(self, error: Exception) -> None:
        """Writes the row of an act that was refused or failed, unless the command that was refused bore it."""
        if self._refused or (isinstance(error, ThrottledError) and error.repeated):
            return
        try:
            await self._write(error)
        except GatewayError as trouble:
            # The person is told why the act failed, which is worth more than why its row did.
            log.error("not in the audit trail", operation=self._operation.name, error=str(trouble))  # noqa: TRY400

    async def _write(self, result: str | Exception) -> None:
        self._written = True
        acts = [(self._entry(refused=isinstance(result, Exception)), result)]
        await self._backend.execute(Change(lambda unit: audit.write(unit.session, acts), self._by.name))

    def _entry(self, *, refused: bool = False) -> AuditEntry:
        return entry(self._operation, self._by, self._backend.now(), self.before, refused=refused)


def entry(
    operation: Operation, by: Actor, now: int, before: Mapping[str, Any] | None, *, refused: bool = False
) -> AuditEntry:
    """Returns the row for an operation; its arguments stand as what was asked for.

    Of what was refused, free keys bear no values: a secret may be refused because it stood among them.
    """
    given = {name: value for name, value in operation if name in operation.model_fields_set}
    if refused:
        given = {name: dict.fromkeys(one, "…") if isinstance(one, Mapping) else one for name, one in given.items()}
    asked = {name: shown(value) for name, value in given.items()}
    subject = _subject(operation)
    return AuditEntry(
        now,
        by.kind,
        # Of who is not signed in, what they say they are.
        by.name if by.kind != "nobody" else subject,
        by.number,
        by.address[:64],
        by.account if by.account is not None else _account(operation),
        operation.name,
        subject,
        None if before is None else audit.text_of({name: shown(value) for name, value in before.items()}),
        audit.text_of(asked) if asked else None,
    )


def _subject(operation: Operation) -> str:
    names = SUBJECTS if operation.acts_on is None else (operation.acts_on,)
    found = (getattr(operation, name, None) for name in names if name in type(operation).model_fields)
    return next((str(shown(one))[:SUBJECT_MAX] for one in found if one is not None), "")


def _account(operation: Operation) -> str | None:
    """Returns the account that an operation names, by itself or as that of a job."""
    fields = type(operation).model_fields
    named = getattr(operation, "account", None) if "account" in fields else None
    if isinstance(named, str):
        return named
    job = getattr(operation, "job", None) if "job" in fields else None
    return job.partition("/")[0] if isinstance(job, str) and "/" in job else None


def shown(value: Any, depth: int = 0) -> Any:
    """Returns a value as the audit trail shows it: JSON, without secrets, what is long cut."""
    if isinstance(value, SecretStr):
        return "***"
    if isinstance(value, str):
        return value if len(value) <= TEXT_MAX else f"{value[:TEXT_MAX]}…"
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= DEPTH_MAX:
        return "…"
    if isinstance(value, Mapping):
        pairs = list(value.items())
        cut = {str(name)[:TEXT_MAX]: shown(one, depth + 1) for name, one in pairs[:ITEMS_MAX]}
        return cut if len(pairs) <= ITEMS_MAX else cut | {"…": len(pairs)}
    if isinstance(value, list | tuple | set | frozenset):
        items = [shown(one, depth + 1) for one in list(value)[:ITEMS_MAX]]
        return items if len(value) <= ITEMS_MAX else [*items, f"… {len(value)}"]
    if hasattr(value, "model_dump"):
        return shown({name: getattr(value, name) for name in type(value).model_fields}, depth + 1)
    if isinstance(value, Path):
        return str(value)
    return str(value)[:TEXT_MAX]
