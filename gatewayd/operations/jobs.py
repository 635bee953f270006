"""Jobs and their messages."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Literal

from gatewayd.operations import shapes
from gatewayd.operations.base import Json, Operation, Paged, reworded
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import SetJobState
from gatewayd.store.sending.queries import going
from gatewayd.store.sending.questions import reasons_of
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError
from gatewayd.values.model import State
from gatewayd.words.reasons import state_word
from gatewayd.words.translation import gettext as _


class ListJobs(Paged):
    name: ClassVar[str] = "job.list"
    reads_store = True
    account: str | None = None
    going: bool = False
    """Only those with something left to send, among the `limit` newest; on one page."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if self.going:
            found = await backend.read(
                lambda reader: reader.ask(partial(going, now=backend.now(), account=self.account, among=self.limit))
            )
            return {"items": [shapes.summary(one) for one in found], "next": None}
        page = await backend.read(
            lambda reader: reader.jobs(backend.now(), account=self.account, cursor=self.cursor, limit=self.limit)
        )
        return {"items": [shapes.summary(one) for one in page.items], "next": page.next}


class ShowJob(Operation):
    name: ClassVar[str] = "job.show"
    reads_store = True
    job: str
    """`ACCOUNT/JOB`, or `JOB` where that is unique."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return shapes.summary(await backend.read(lambda reader: reader.job(self.job, backend.now())))


class ShowCauses(Operation):
    """How many messages of a job ended badly, by state and reason."""

    name: ClassVar[str] = "job.causes"
    reads_store = True
    job: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await backend.read(lambda reader: reader.job(self.job, backend.now()))
        return {"causes": await backend.read(lambda reader: reader.ask(partial(reasons_of, job_id=found.id)))}


class ListMessages(Paged):
    name: ClassVar[str] = "job.messages"
    reads_store = True
    job: str
    state: State | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        page = await backend.read(
            lambda reader: reader.messages(
                self.job, backend.now(), state=self.state, cursor=self.cursor, limit=self.limit
            )
        )
        return {"items": [shapes.message(one) for one in page.items], "next": page.next}


class _ChangeJob(Operation):
    job: str
    state: ClassVar[Literal["running", "paused", "cancelled"]]

    async def before(self, backend: Backend) -> Json:
        return {"state": (await backend.read(lambda reader: reader.job(self.job, backend.now()))).state}

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await backend.read(lambda reader: reader.job(self.job, backend.now()))
        refusal = _("job {job} is {state}").format(job=f"{found.account}/{found.job}", state=state_word(found.state))
        with reworded(ConflictError, refusal):
            change = await backend.execute(SetJobState(found.account, found.job, self.state, backend.now()))
        if backend.live is not None:
            backend.live.job_changed(change)
            backend.live.receipts_due([change.job_id])
        return shapes.summary(await backend.read(lambda reader: reader.job_by_number(found.id, backend.now())))


class PauseJob(_ChangeJob):
    name: ClassVar[str] = "job.pause"
    state = "paused"


class ResumeJob(_ChangeJob):
    name: ClassVar[str] = "job.resume"
    state = "running"


class CancelJob(_ChangeJob):
    name: ClassVar[str] = "job.cancel"
    state = "cancelled"
