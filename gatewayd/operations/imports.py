"""Imports of customers: a sheet is brought, its columns are named, it is tried, run, and taken back."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, cast

from pydantic import AfterValidator, Field

from gatewayd.billing.fields import Kind
from gatewayd.customers.change import instant
from gatewayd.customers.faults import FieldError, sentence
from gatewayd.imports import bills
from gatewayd.imports.mapping import columns_of
from gatewayd.operations.base import Json, Operation, Paged, live_of
from gatewayd.operations.paging import before_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.uploads import Number, refusals
from gatewayd.store.commands import Change
from gatewayd.store.contacts import imports as store
from gatewayd.store.contacts import undoing
from gatewayd.store.contacts.imports import BUSY, CHECKED, CHECKING, CREATED, DONE, FAILED, RUNNING, UNDOING, Import
from gatewayd.store.insight import processes
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import ConflictError, GatewayError, NotFoundError, UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language
from spool.lists.encoding import canonical

KIND: Final = "import"
LIMIT_MAX: Final = 200
CHUNK: Final = 256 * 1024
"""Octets of a file that one answer carries."""
READING: Final = ("sheet", "header_row", "hidden_rows", "encoding")

ImportNumber = Annotated[int, Field(ge=0, lt=1 << 62)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(wellformed)]


def document(found: Import) -> Json:
    """Returns an import as people and programs see it."""
    read = found.judgement or {}
    counts = dict(found.counts)
    reasons = counts.pop("reasons", {})
    for own in ("since", "undone_to"):
        counts.pop(own, None)
    return {
        "import": found.id,
        "account": found.account,
        "file": found.file,
        "octets": found.octets,
        "name": found.name,
        "origin": found.origin,
        "by": found.actor,
        "kind": found.kind,
        "state": found.state,
        "reading": dict(found.reading),
        "judgement": read.get("judgement"),
        "headers": read.get("headers", []),
        "examples": read.get("examples", []),
        "guess": read.get("guess", {}),
        "columns": found.mapping,
        "complete": found.complete,
        "as_of": iso(found.as_of),
        "counts": counts,
        "reasons": {reason: {"rows": rows, "text": sentence(reason)} for reason, rows in reasons.items()},
        "task": found.process,
        "reason": found.reason,
        "created_at": iso(found.created_at),
        "updated_at": iso(found.updated_at),
        "version": found.version,
    }


def reading_of(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns how a sheet is to be read. UsageError names the key that is wrong."""
    found: dict[str, Any] = {}
    for key, value in (given or {}).items():
        if key not in READING:
            raise UsageError(_("reading.{key}: there is no such key").format(key=str(key)[:40]))
        if value is None or value == "":
            continue
        good = {
            "sheet": isinstance(value, str) and len(value) <= 200,
            "header_row": type(value) is int and 0 <= value <= 1_048_576,
            "hidden_rows": value in {"send", "skip"},
            "encoding": isinstance(value, str) and canonical(value) is not None,
        }[key]
        if not good:
            raise UsageError(_("reading.{key}: not a value of it").format(key=key))
        found[key] = value
    return found


def as_of(value: str | None, now: int) -> int:
    """Returns the time (Unix ms) at which what a sheet says was so. UsageError for one to come."""
    try:
        at = instant("as_of", value)
    except FieldError as error:
        raise UsageError(f"as_of: {sentence(error.reason)}") from None
    if at is not None and at > now + 86_400_000:
        raise UsageError(_("as_of: {at} is still to come").format(at=value))
    return now if at is None else min(at, now)


def check_columns(mapping: Mapping[str, Any], read: Mapping[str, Any], kind: str) -> None:
    """UsageError where a mapping is not one of the sheet that was read."""
    check = columns_of if kind == store.CUSTOMERS else partial(bills.columns_of, cast("Kind", kind))
    check(mapping, read["judgement"]["columns"], read["headers"])


class CreateImport(Operation):
    """Brings a sheet that was uploaded: tells how it is read, and what its columns seem to be. Nothing is written yet.

    A name makes it known: the same sheet under it again is the same import.
    """

    name: ClassVar[str] = "import.create"
    account: str | None = None
    upload: Number
    title: Name | None = None
    reading: Mapping[str, Any] = Field(default_factory=dict)
    columns: Mapping[str, Any] | None = None
    complete: bool = False
    as_of: str | None = None
    kind: Literal["customers", "invoices", "payments", "credit_notes"] = "customers"
    """What its rows are."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live, account = live_of(backend), self.account if self.account is not None else by.account
        if account is None:
            raise UsageError(_("account: name it; customers belong to one"))
        now, reading = backend.now(), reading_of(self.reading)
        when = as_of(self.as_of, now)
        with refusals():
            kept = await live.uploads.show(account, self.upload)
            path = await live.imports.keep(live.uploads.file(account, self.upload), f"{kept.sha256}.sheet")
        read, reason = await _judged(backend, path, kept.name, reading, self.kind)
        key = None if read is None else str(read["header_key"])
        mapping = self.columns
        if mapping is None and key is not None:
            question = partial(store.remembered, scope=Scope.of(account), header_key=key)
            mapping = await backend.read(lambda reader: reader.ask(question))
            if mapping is not None and read is not None and not _fits(mapping, read, self.kind):
                mapping = None
        elif mapping is not None and read is not None:
            check_columns(mapping, read, self.kind)
        origin = {"token": "api", "operator": "cli"}.get(by.kind, "panel")
        new = store.NewImport(
            account=account,
            user=by.number if by.kind == "person" else None,
            actor=by.name,
            node=backend.config.node,
            origin=origin,
            name=self.title,
            file=kept.name,
            sha256=kept.sha256,
            octets=kept.size,
            reading=reading,
            judgement=read,
            mapping=mapping,
            header_key=key,
            complete=self.complete,
            as_of=when,
            reason=reason,
            now=now,
            kind=self.kind,
        )
        number = await backend.execute(Change(lambda unit: store.create(unit.session, new), by.name))
        live.changed("customer", account)
        return document(await found_import(backend, by, number))


async def _judged(
    backend: Backend, path: Path, file: str, reading: Mapping[str, Any], kind: str
) -> tuple[dict[str, Any] | None, str | None]:
    """Returns how a sheet is read, or why it cannot be as it is."""
    try:
        return await live_of(backend).imports.judge(path, file, reading, language(), kind), None
    except GatewayError as error:
        return None, str(error)[:1_000]


def _fits(mapping: Mapping[str, Any], read: Mapping[str, Any], kind: str) -> bool:
    try:
        check_columns(mapping, read, kind)
    except UsageError:
        return False
    return True


async def found_import(backend: Backend, by: Actor, number: int) -> Import:
    """Returns an import that the actor sees. NotFoundError."""
    return await backend.read(lambda reader: reader.ask(partial(store.one, scope=by.scope, number=number)))


class ListImports(Paged):
    """Lists imports, newest first."""

    name: ClassVar[str] = "import.list"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = by.scope if self.account is None else Scope.of(self.account)
        before = before_of(self.cursor)
        question = partial(store.imports, scope=scope, before=before, limit=max(1, min(self.limit, LIMIT_MAX)))
        page = await backend.read(lambda reader: reader.ask(question))
        return {"items": [document(one) for one in page.items], "next": page.next}


class _OfImport(Operation):
    acts_on: ClassVar[str | None] = "import_id"
    import_id: ImportNumber


class ShowImport(_OfImport):
    """Shows one import with a page of the rows that were not taken as they stand."""

    name: ClassVar[str] = "import.show"
    reads_store = True
    kind: Literal["refused", "repeated", "noted"] | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=0, le=LIMIT_MAX)] = 50

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_import(backend, by, self.import_id)
        question = partial(
            store.issues, number=found.id, kind=self.kind, after=before_of(self.cursor) or 0, limit=self.limit
        )
        page = await backend.read(lambda reader: reader.ask(question))
        rows = [{**one, "reason_text": sentence(str(one.get("reason")))} for one in page.items]
        answer = document(found) | {"rows": rows, "next": page.next}
        if found.process is not None and found.state in BUSY:
            task = partial(processes.process, scope=Scope.all(), number=found.process)
            answer["rows_done"] = (await backend.read(lambda reader: reader.ask(task))).done
        return answer


class MapImport(_OfImport):
    """Says how a sheet is read and what its columns are; that is remembered for sheets with the same header."""

    name: ClassVar[str] = "import.map"
    reading: Mapping[str, Any] | None = None
    columns: Mapping[str, Any] | None = None
    complete: bool | None = None
    as_of: str | None = None
    version: int | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found, now = await found_import(backend, by, self.import_id), backend.now()
        values: dict[str, Any] = {"state": CREATED, "counts": {}}
        read = found.judgement
        if self.reading is not None:
            values["reading"] = reading = reading_of(self.reading)
            path = live_of(backend).imports.sheet(found.sha256)
            read, values["reason"] = await _judged(backend, path, found.file, reading, found.kind)
            values |= {"judgement": read, "header_key": None if read is None else read["header_key"]}
        mapping = found.mapping if self.columns is None else self.columns
        if mapping is not None and read is not None:
            if self.columns is None and not _fits(mapping, read, found.kind):
                mapping = None
            else:
                check_columns(mapping, read, found.kind)
        values["mapping"] = mapping
        if self.complete is not None:
            values["complete"] = self.complete
        if self.as_of is not None:
            values["as_of"] = as_of(self.as_of, now)

        def work(unit: Any) -> None:
            states = (CREATED, CHECKED, FAILED)
            store.change(unit.session, found.id, states, now, self.version, **values)
            store.drop_issues(unit.session, found.id)
            if self.columns is not None and read is not None:
                store.remember(unit.session, found.account_id, str(read["header_key"]), self.columns, now)

        await backend.execute(Change(work, by.name))
        live_of(backend).changed("customer", found.account)
        return document(await found_import(backend, by, found.id))


class _Step(_OfImport):
    version: int | None = None

    async def _begin(
        self, backend: Backend, by: Actor, states: tuple[str, ...], to: str, request: Mapping[str, Any], **values: Any
    ) -> Json:
        """Enters a step to be done; the engine takes it up."""
        found, now = await found_import(backend, by, self.import_id), backend.now()
        live = live_of(backend)
        if found.mapping is None or found.judgement is None:
            raise ConflictError(_("say first what the columns of the sheet are"))
        said = json.dumps({"import": found.id, "language": language(), **request})
        new = processes.NewProcess(
            KIND, found.account, by.number if by.kind == "person" else None, by.name, found.node, said, now, now
        )

        def work(unit: Any) -> None:
            task = processes.add(unit.session, unit.session.connection, new)
            store.change(
                unit.session, found.id, states, now, self.version, state=to, process_id=task, reason=None, **values
            )

        await backend.execute(Change(work, by.name))
        live.imports.due()
        live.changed("customer", found.account)
        return document(await found_import(backend, by, found.id))


class DryImport(_Step):
    """Tells what running an import would do: rows that are new, changed, the same, repeated and refused."""

    name: ClassVar[str] = "import.dry"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return await self._begin(
            backend, by, (CREATED, CHECKED, FAILED), CHECKING, {"step": "dry"}, counts={}, applied=0
        )


class RunImport(_Step):
    """Writes what a sheet says. The same rows again change nothing."""

    name: ClassVar[str] = "import.run"
    absent: Literal["mark", "skip"] | None = None
    """What of customers whom a complete sheet lacks, where they are more than a tenth; null: they are left alone."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_import(backend, by, self.import_id)
        if found.counts.get("asks") and self.absent is None and found.state == CHECKED:
            text = _("the sheet lacks {count} of the customers, more than a tenth: say whether they are absent")
            raise ConflictError(text.format(count=found.counts.get("absent")))
        request = {"step": "run", "absent": self.absent, "order": bills.BY_CUSTOMER}
        counts = {"since": found.counts.get("since", backend.now())}
        states = (CREATED, CHECKED, FAILED, DONE)
        return await self._begin(backend, by, states, RUNNING, request, counts=counts, applied=0)


class UndoImport(_Step):
    """Takes an import back, as long as nothing was sent to whom it brought."""

    name: ClassVar[str] = "import.undo"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_import(backend, by, self.import_id)
        if found.kind != store.CUSTOMERS:
            raise ConflictError(_("what billing says is not taken back: bring a newer list that says it right"))
        since = int(found.counts.get("since", found.created_at))
        question = partial(undoing.sent_to, account_id=found.account_id, number=found.id, since=since)
        told = await backend.read(lambda reader: reader.ask(question))
        if told:
            names = ", ".join(told[: undoing.NAMED_MAX]) + (" …" if len(told) > undoing.NAMED_MAX else "")
            raise ConflictError(
                _("something was sent already to {customers}; the import stays").format(customers=names)
            )
        return await self._begin(backend, by, (DONE, FAILED), UNDOING, {"step": "undo"})


class RefusedRows(_OfImport):
    """Answers a stretch of the sheet of rows that were refused, in base64: their cells, why, and their row."""

    name: ClassVar[str] = "import.refused"
    format: Literal["csv", "xlsx"] = "xlsx"
    offset: Annotated[int, Field(ge=0, lt=1 << 40)] = 0

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await found_import(backend, by, self.import_id)
        path = live_of(backend).imports.back(found.id).with_suffix(f".{self.format}")
        try:
            data, octets = await asyncio.to_thread(_stretch, path, self.offset)
        except FileNotFoundError:
            raise NotFoundError(_("no row of this import was refused, or its sheet is no longer kept")) from None
        day = datetime.fromtimestamp(found.updated_at / 1000, UTC)
        name = f"{Path(found.file).stem[:80]}-{_('refused')}-{day:%Y-%m-%d}.{self.format}"
        return {"name": name, "octets": octets, "data": base64.b64encode(data).decode(), "chunk": CHUNK}


def _stretch(path: Path, offset: int) -> tuple[bytes, int]:
    with path.open("rb") as file:
        octets = path.stat().st_size
        file.seek(offset)
        return file.read(CHUNK), octets
