"""The engine of uploaded contacts: has a worker read the sheet, enters its rows, and keeps what could not be taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import structlog

from gatewayd.contact.elsewhere import Told
from gatewayd.store.accounts import account_number
from gatewayd.store.contacts import elsewhere
from gatewayd.store.contacts.elsewhere import NewContact
from gatewayd.store.insight import processes
from gatewayd.store.insight.processes import Fault, Process
from gatewayd.tasks.engine import TaskEngine
from gatewayd.workers.launch import worker
from spool.folders import Spool
from spool.uploads import UploadError, find

log = structlog.get_logger()

MEMORY: Final = 1 << 30
FAULTS_MAX: Final = 1_000
"""Rows written down with their fault; all of them stand in the file of refused rows."""


class ContactUploads(TaskEngine):
    """Reads one sheet after another. What is entered once is known the second time: a crash enters nothing twice."""

    kind: ClassVar[str] = "contacts"

    async def one(self, task: Process) -> None:
        request = json.loads(task.request)
        assert task.account is not None
        try:
            path = find(Spool(self.config.spool.path), task.account, request["upload"])
        except UploadError:
            return await self.failed(task, "upload_missing")
        store = self.config.store
        numbers = self.config.numbers
        name = f"{task.id}.csv"
        whole = {
            **request,
            "path": str(path),
            "refused": str(self.folder / name),
            "url": store.url,
            "password": None if store.password is None else store.password.get_secret_value(),
            "account": task.account,
            "policy": {
                "region": numbers.region,
                "home_area": numbers.home_area,
                "assume_mobile": numbers.assume_mobile,
            },
            "now": task.created_at,
        }
        counts = {"new": 0, "changed": 0, "same": 0, "refused": 0}
        last: dict[str, Any] = {}
        async with worker("gatewayd.workers.contacts", MEMORY, whole) as one:
            self.running = task.id, one
            try:
                async for last in one.documents():
                    if "rows" in last:
                        await self._enter(task, last, counts)
            finally:
                self.running = None
        if not last.get("over"):
            return await self._refuse(task, last)
        await self.done(task, last, file=name if last["octets"] else None, outcome=json.dumps(counts))
        log.info("contacts entered", process=task.id, **counts)
        return None

    async def _enter(self, task: Process, document: dict[str, Any], counts: dict[str, int]) -> None:
        """Enters one portion in one transaction."""
        rows = document["rows"]
        faults = [Fault(*fault) for fault in document["faults"]]
        kept = faults[: max(0, FAULTS_MAX - counts["refused"])]
        now, done = self.now(), int(document["done"])
        assert task.account is not None
        account = task.account

        def work(unit: Any) -> elsewhere.Entered:
            session = unit.session
            number = account_number(session.connection, account)
            processes.add_faults(session, task.id, kept)
            processes.advance(session, task.id, done)
            persons = elsewhere.known_persons(session.connection, number, [_asked(row) for row in rows])
            contacts = [contact for row in rows for contact in _contacts(row, persons.get(_asked(row)))]
            return elsewhere.enter(session, number, contacts, actor=task.actor, now=now, process=task.id)

        entered = await self.change(work)
        counts["refused"] += len(faults)
        counts["new"] += entered.new
        counts["changed"] += entered.changed
        counts["same"] += entered.same
        self.say(task, "running")

    async def _refuse(self, task: Process, last: dict[str, Any]) -> None:
        fault = last.get("fault")
        if fault is not None:
            head = Fault(1, fault["field"], fault["code"], fault["value"])
            await self.change(lambda unit: processes.add_faults(unit.session, task.id, [head]))
        await self.failed(task, str(last.get("error", "worker_died")))


def _asked(row: dict[str, Any]) -> elsewhere.Asked:
    """Returns by what the customer of a row is known: id, document, or the first address."""
    return row["external_id"] or None, row["document_number"] or None, next(iter(row["recipients"]), None)


def _contacts(row: dict[str, Any], person: int | None) -> Sequence[NewContact]:
    """Returns the contacts of a row: one for each recipient, of which one counts where they are of one `person`."""
    number = row["row"]
    told = Told(
        *(row["channel"], row["at"], tuple(row["recipients"]), row["state"], row["answered"]),
        *(row["document_type"], row["document_number"], row["external_id"]),
    )
    return [
        NewContact(
            *(told.at, "out", told.channel, recipient, told.state, told.answered, told.reached),
            counts=told.counts and (person is None or not place),
            klass="collections",
            text=None,
            person=person,
            document_type=told.document_type,
            document_number=told.document_number,
            external_id=told.external_id,
            source="upload",
            kind="manual",
            key=told.key(recipient),
            row=number,
        )
        for place, recipient in enumerate(told.recipients or (None,))
    ]
