"""Sheets of customers that come by the spool: entered and run as one, and told of by a summary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, cast

from gatewayd.billing.fields import Kind
from gatewayd.config import Config
from gatewayd.imports import bills
from gatewayd.imports.engine.process import ReaderDiedError, SheetRefusedError
from gatewayd.imports.mapping import columns_of
from gatewayd.store.contacts import imports
from gatewayd.store.contacts.imports import DONE, FAILED, RUNNING, Import
from gatewayd.store.insight import processes
from gatewayd.values.actor import Scope
from gatewayd.values.clock import iso
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import speaking
from spool.customers import CustomersDocument
from spool.errors import JobFileError
from spool.receipts import write_summary

ORIGIN: Final = "spool"
KIND: Final = "import"


class Engine(Protocol):
    """What of the engine a sheet of the spool needs."""

    config: Config

    async def judge(
        self, path: Path, file: str, reading: Mapping[str, Any], language: str, kind: str = "customers"
    ) -> dict[str, Any]: ...

    async def keep(self, source: Path, name: str) -> Path: ...

    async def change(self, work: Any) -> Any: ...

    async def ask(self, question: Any) -> Any: ...

    def now(self) -> int: ...

    def due(self) -> None: ...


async def bring(
    engine: Engine, account: str, document: CustomersDocument, sheet: Path, *, sha256: str, size: int
) -> None:
    """Enters a sheet and has it run; durable when it returns. The same one again changes nothing.

    JobFileError where it cannot be; GatewayError where the store is away."""
    before = await engine.ask(partial(imports.known, account=account, name=document.name))
    if before is not None:
        if before[1] != sha256:
            raise JobFileError("job_conflict", file=document.file, field="name", job=document.name)
        return
    path = await engine.keep(sheet, f"{sha256}.sheet")
    language = engine.config.locale
    try:
        read = await engine.judge(path, document.rows_file, document.reading, language, document.kind)
        with speaking(language):
            mapping = await _mapping(engine, account, document, read)
    except (SheetRefusedError, ReaderDiedError, UsageError) as error:
        raise JobFileError(
            "recipients_unreadable", "sheet_refused", file=document.rows_file, field="columns", reason=str(error)
        ) from error
    now = engine.now()
    new = imports.NewImport(
        account=account,
        user=None,
        actor=ORIGIN,
        node=engine.config.node,
        origin=ORIGIN,
        name=document.name,
        file=document.rows_file,
        sha256=sha256,
        octets=size,
        reading=document.reading,
        judgement=read,
        mapping=mapping,
        header_key=str(read["header_key"]),
        complete=document.complete,
        as_of=now if document.as_of is None else min(now, int(document.as_of.timestamp() * 1000)),
        reason=None,
        now=now,
        kind=document.kind,
    )

    def work(unit: Any) -> None:
        number = imports.create(unit.session, new)
        request = {"import": number, "step": "run", "absent": document.absent, "language": language}
        request["order"] = bills.BY_CUSTOMER
        task = processes.NewProcess(KIND, account, None, ORIGIN, engine.config.node, json.dumps(request), now, now)
        process = processes.add(unit.session, unit.session.connection, task)
        imports.change(
            unit.session,
            number,
            (imports.CREATED,),
            now,
            None,
            state=RUNNING,
            process_id=process,
            counts={"since": now},
        )

    await engine.change(work)
    engine.due()


async def _mapping(
    engine: Engine, account: str, document: CustomersDocument, read: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Returns what the columns are: as the file says, as is remembered, or as they seem. UsageError."""
    names, headers = read["judgement"]["columns"], read["headers"]
    check = columns_of if document.kind == imports.CUSTOMERS else partial(bills.columns_of, cast("Kind", document.kind))
    if document.columns is not None:
        check(document.columns, names, headers)
        return document.columns
    question = partial(imports.remembered, scope=Scope.of(account), header_key=str(read["header_key"]))
    mapping: Mapping[str, Any] = await engine.ask(question) or read["guess"]
    check(mapping, names, headers)
    return mapping


def told(spool: Any, found: Import) -> None:
    """Writes the summary of an import of the spool that is over. SpoolUnavailableError."""
    if found.origin != ORIGIN or found.name is None or found.state not in {DONE, FAILED}:
        return
    counts = dict(found.counts)
    reasons = counts.pop("reasons", {})
    counts.pop("since", None)
    summary = {
        "v": 1,
        "kind": found.kind,
        "account": found.account,
        "name": found.name,
        "import": found.id,
        "file": found.file,
        "state": found.state,
        "counts": counts,
        "reasons": reasons,
        "reason": found.reason,
        "at": iso(found.updated_at),
    }
    write_summary(spool, found.account, found.name, summary)
