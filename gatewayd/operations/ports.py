"""What the operations lean on: a backend that reads and writes the store, and, where a daemon runs, its live side.

The daemon implements both. A command that runs with no daemon brings a backend over the locked store whose `live` is
None; what needs a line then answers `UnavailableError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from drivers.base import HookCall
from gatewayd.config import Config
from gatewayd.credentials.vault import Vault
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.commands import Command, JobChange, MessagePost, Origin, Posted, PostKey, Settled
from gatewayd.store.reader import Reader
from gatewayd.store.sending.causes import Past, Withdrawal
from gatewayd.values.news import Kind
from gatewayd.values.views import EventView, LineView, Rates, StallView, WriterView
from gatewayd.webhooks.verdict import Verdict
from spool.uploads import Upload

R = TypeVar("R")


class Posts(Protocol):
    """The desk that takes what programs post."""

    async def job(
        self, origin: Origin, data: bytes, files: Mapping[str, Path], key: PostKey | None
    ) -> tuple[str, str | None]:
        """Records a job; its name, and what its key's first request was answered (JSON) where it is a repeat.

        JobFileError where it is refused, KeyReusedError and KeyBusyError."""

    async def messages(self, origin: Origin, posts: Sequence[MessagePost]) -> list[Posted | Exception]:
        """Records the messages of several requests in one commit; the answer to each, or the error it ended with."""


class Uploads(Protocol):
    """The desk that takes what programs upload. UploadError."""

    async def begin(self, account: str, name: str) -> str: ...

    async def add(self, account: str, number: str, at: int, data: bytes) -> int: ...

    async def end(self, account: str, number: str) -> Upload: ...

    async def remove(self, account: str, number: str) -> None: ...

    async def show(self, account: str, number: str) -> Upload: ...

    def file(self, account: str, number: str) -> Path: ...


class AnswerEngine(Protocol):
    """The engine that answers without a person, tells of what is new and carries tickets out."""

    def facts(self) -> None:
        """Payments or invoices have come, or a person has said yes to a batch of notices."""

    def tickets(self) -> None:
        """A ticket has changed."""


class CampaignEngine(Protocol):
    """The engine that carries campaigns out."""

    def due(self) -> None:
        """There is something new to do: a list to read, a launch, a schedule."""

    async def review(
        self, campaign: Campaign, wait_s: float, lines: Sequence[Sequence[tuple[Sequence[str], str]]] = ()
    ) -> int | None:
        """Looks through a campaign; how many people were seen, None once that is done and written down. `lines` are
        those that may send it, by rung: prefixes of numbers, and how they cut texts."""

    def left_out(self, campaign: int) -> Path:
        """Where the sheet of those lies whom a review has left out."""

    async def settled(self, campaign: int) -> None:
        """Returns when no job of a campaign is being recorded: what was said before holds for all its jobs."""


class Waker(Protocol):
    """An engine that is told when there is something new to do."""

    def due(self) -> None: ...


class Outcomes(Protocol):
    """Knows when messages have ended."""

    async def after(self, withdrawal: Withdrawal, wait_s: float = 10.0) -> Sequence[Past]:
        """Returns the messages of a withdrawal that is committed which were past their point of no return and have no
        outcome yet when the wait is over; none, as soon as all have one."""


class Feeds(Protocol):
    """The engine that reads from other people's databases."""

    def ask(self, account: str, name: str) -> None:
        """Has a feed read now. NotFoundError."""

    async def finished(self, account: str, name: str, since: int | None, wait_s: float) -> Any:
        """Returns how it went, once a reading that began after `since` (Unix ms) has ended. ConflictError."""


class Imports(Protocol):
    """The engine of imports, as operations see it."""

    async def judge(
        self, path: Path, file: str, reading: Mapping[str, Any], language: str, kind: str = "customers"
    ) -> dict[str, Any]:
        """Returns how a sheet is read and what its columns seem to be. GatewayError says why it cannot be."""

    async def keep(self, source: Path, name: str) -> Path:
        """Keeps a sheet under a name of our own. OSError."""

    def sheet(self, sha256: str) -> Path:
        """Returns where a sheet lies."""

    def back(self, number: int) -> Path:
        """Returns where the sheets of refused rows of an import lie, without their ending."""

    def due(self) -> None:
        """There is something to do."""


class Live(Protocol):
    """The running daemon as operations see it. Everything is called on the daemon's loop and returns fast, but
    `test` and `command`, which talk to a device."""

    def lines(self) -> Sequence[LineView]:
        """Every configured line, in the order of the configuration."""

    def rates(self) -> Rates: ...

    def writer(self) -> WriterView: ...

    def events(self, since: int = 0) -> Sequence[EventView]:
        """The newest events (a bounded ring) with a `seq` above `since`, oldest first."""

    def stalls(self) -> Sequence[StallView]:
        """The accounts that some service cannot serve now."""

    def draining(self) -> bool: ...

    async def set_enabled(self, line: str, enabled: bool) -> None:
        """Start or stop a line. The store has recorded the word already."""

    async def test(self, line: str, number: str, account: str | None, text: str) -> int:
        """Send one urgent message over that line alone; answers its row number in the store once its first attempt
        has ended or the line's own bound of a send has passed. `account` None: the only account there is. Raises
        GatewayError for a number that is none, no credit, a line that is not ready."""

    async def attachments(self, account: str, job: str, sha256: Mapping[str, str]) -> Mapping[str, bytes] | None:
        """What a job attached, by name, as it is kept with the job; None where that is gone. `sha256` in hex."""

    async def submit(self, account: str, job: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> str:
        """Puts a job of the gateway's own at intake, as a file would be, with the files that it attaches; answers its
        name once it is recorded, or was before. UsageError for one that is refused, UnavailableError where it is not
        read in time."""

    async def command(self, line: str, name: str, argument: str) -> Mapping[str, Any]:
        """The driver's own question (`ussd`, `balance` …)."""

    def exchange(self, line: str, attempt: str) -> Mapping[str, Any] | None:
        """Request and answer of an attempt, secrets masked, where the driver can show them."""

    async def hook(self, line: str, call: HookCall) -> str:
        """A device's or provider's call to us; what it tells is durable when this returns the text to answer with.
        Raises HookRefusedError (`drivers.base`) with the status to answer."""

    def file(self, line: str, name: str) -> Path | None:
        """The file that a line's device fetches from us by that name; None where there is none."""

    @property
    def posts(self) -> Posts:
        """The desk that takes what programs post."""

    @property
    def uploads(self) -> Uploads:
        """The desk that takes what programs upload."""

    @property
    def feeds(self) -> Feeds:
        """The engine that reads from other people's databases."""

    @property
    def imports(self) -> Imports:
        """The engine of imports of customers."""

    @property
    def outcomes(self) -> Outcomes:
        """Who waits for what became of messages that were past their point of no return."""

    # what an operation has changed in the store, for the scheduler and the receipt writer to act on

    def account_created(self, account: str) -> None:
        """Its spool folders exist: watch them."""

    def credited(self, account: str) -> None: ...

    async def rules_changed(self, account: str | None = None) -> None:
        """The rules of contact, the zone or the class of an account are others now (None: of all): what they keep back
        is looked at again."""

    def webhooks_changed(self, number: int | None = None) -> None:
        """That endpoint was changed; None: something about them all."""

    async def test_webhook(self, number: int) -> Verdict:
        """Posts a test event once. Raises GatewayError for one that does not exist or has no secret."""

    def job_changed(self, change: JobChange) -> None:
        """Paused, resumed or cancelled."""

    def settled(self, settled: Settled) -> None:
        """A person settled an uncertain message; `resend` made its queue due again."""

    def changed(self, kind: Kind, account: str) -> None:
        """Things of that kind (`customer`, `campaign` …) have changed in an account, for those who watch."""

    def tasks_due(self) -> None:
        """Something waits in the process log."""

    def task_cancelled(self, process: int) -> None:
        """A task is not wanted any more."""

    @property
    def answers(self) -> AnswerEngine:
        """The engine that answers, tells and carries tickets out."""

    @property
    def campaigns(self) -> CampaignEngine:
        """The engine that carries campaigns out."""

    @property
    def claims(self) -> Waker:
        """The engine that carries claims out."""

    @property
    def reminders(self) -> Waker:
        """The engine that sends reminders."""

    def receipts_due(self, jobs: Sequence[int]) -> None:
        """These jobs have new receipts to be written out."""


class Backend(Protocol):
    """How an operation reaches the store."""

    @property
    def config(self) -> Config: ...

    @property
    def live(self) -> Live | None:
        """None with no daemon."""

    @property
    def vault(self) -> Vault:
        """Seals and opens secrets. The web process has none: what needs it is performed by the daemon."""

    def now(self) -> int:
        """ms of Unix time."""

    async def execute(self, command: Command[R]) -> R:
        """Through the writer, durable when it returns."""

    async def read(self, question: Callable[[Reader], R]) -> R:
        """Asks the reader, off the event loop where there is one to keep free."""

    async def lines_changed(self) -> None:
        """Takes over what was just written of lines; `config` has it then, save of a line that is still at work."""

    async def create_folders(self, account: str, gid: int | None = None) -> None:
        """Makes the account's spool folders where they are missing; with `gid`, that group owns them."""
