"""Named places at which the fault harness kills this process. Off, passing one costs a comparison.

The core passes a place by `hit`. The spool and the drivers may not import the core: theirs is
`sys.audit(EVENT, name)`, which Python answers by doing nothing while nobody listens.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final

VARIABLE: Final = "GATEWAYD_FAILPOINT"
"""`name` or `name:n`: SIGKILL at the n-th time that place is passed."""

EVENT: Final = "gatewayd.failpoint"

NAMES: Final[Mapping[str, str]] = {
    # Start, after whatever the last crash left
    "start.node": "the new epoch is recorded, claims are back in their queues",
    "start.loading_dropped": "jobs that were half recorded are removed from the store",
    "start.spool_recovered": "the private folder of intake is empty",
    "start.examined": "store and spool are compared, an older store is put right",
    "resume.finished": "an attempt that a crash left open has its end posted",
    # Intake
    "intake.taken": "the job file is copied",
    "intake.files_taken": "the files that it names are copied",
    "intake.begun": "an invisible job is in the store",
    "intake.chunk": "up to a thousand of its messages are",
    "intake.loaded": "all of them are",
    "intake.recorded": "the job is visible; its files are where they came",
    "spool.accepting": "the copies are synced, not yet moved to `accepted`",
    "spool.accepted": "they are moved, the folders not yet synced",
    "spool.original_aside": "an original is moved out of `incoming`, not yet removed",
    "spool.original_removed": "the job file is gone from `incoming`, or a file it names",
    "intake.accepted": "the spool has nothing left to do for the job",
    "spool.refusing": "a refused job has its error file, not yet its own place beside it",
    "spool.refused": "copies of a refused job are in `rejected`, the originals still in `incoming`",
    # Store
    "store.before_commit": "a transaction is complete but for its COMMIT",
    "store.after_commit": "it is durable; nobody has been told",
    "store.checkpointed": "the write-ahead log was brought home",
    # Dispatch and driver, one part
    "send.claimed": "a line has been handed messages, their price is held",
    "send.prompted": "the modem has given its prompt, the intent is not yet recorded",
    "send.intended": "the intent is durable, Ctrl-Z is not yet written",
    "gsm.written": "PDU and Ctrl-Z are written",
    "gsm.answered": "+CMGS has come, the outcome is not yet told",
    "send.answered": "the driver's outcome is known",
    "send.posted": "it is on its way to the store",
    # Claims
    "claims.begun": "a day's run is in the store, nobody was decided yet",
    "claims.portion": "decisions and steps of a portion are, its run does not know yet",
    "claims.decided": "facts are decided anew, their steps have no job yet",
    "claims.laid": "the job of a batch lies in the private folder",
    "claims.recorded": "it is recorded, its batch does not know yet",
    "claims.noted": "its batch knows",
    "claims.settled": "what became of some steps is written",
    "claims.ended": "a run has looked at everybody",
    # What comes in
    "gsm.report": "a status report has come, nothing is recorded of it",
    "gsm.report_durable": "it is recorded, not yet acknowledged to the modem",
    "gsm.report_acknowledged": "CNMA is written, or waits for the port",
    "gsm.stored": "a message was read from the SIM, nothing is recorded of it",
    "gsm.stored_durable": "it is recorded, not yet deleted from the SIM",
    "gsm.stored_deleted": "it is deleted from the SIM",
    "answer.recorded": "answers are in the store, decided and recorded at once; no line knows of them",
    "notice.recorded": "notices of payments, invoices or tickets are in the store; no line knows of them",
    "event.carried": "files of events are in the spool, the store does not know yet",
    "ticket.carried": "files of tickets are in the spool, the store does not know yet",
    "inbox.written": "inbox files are written, the store does not know yet",
    # Receipts
    "receipts.cut": "the bounds of segments are recorded",
    "spool.aside": "a file is written and synced under a hidden name",
    "spool.published": "it has its final name as well, the folder not yet synced",
    "receipts.written": "segments are written, the store still holds their rows",
    "receipts.dropped": "the store holds them no more",
    "receipts.summarised": "summary.json is replaced",
    # Imports of customers
    "import.begun": "a step is taken up, nothing of the sheet is read",
    "import.read": "a portion of the sheet has come, nothing of it is written",
    "import.applied": "a portion is written, with how far the import is",
    "import.loaded": "all portions are written, whom the sheet lacks is not yet known",
    "import.absent": "some of those whom the sheet lacks are noted as absent",
    "import.ended": "the import is over, nobody has been told",
    "import.taken_back": "a portion of an import is undone",
    # Feeds
    "feed.begun": "a reading is noted as begun, nothing is asked of the database",
    "feed.applied": "a portion of its rows is written",
    "feed.finished": "all rows of a query are, and what it lacks is known",
    "feed.closed": "a portion of what it lacks is closed",
    "feed.noted": "how a reading went is written down, nobody has been told",
    # Campaigns
    "campaign.list_begun": "a list's file is about to be read",
    "campaign.list_chunk": "some of its people are written down",
    "campaign.list_read": "all are, the list does not say so yet",
    "campaign.launched": "a launch is written down, nobody has been told",
    "campaign.approved": "an approval and the launch that it lets are written down, the approver is not told",
    "campaign.scheduled": "a run whose time had come is begun, or left out",
    "campaign.frozen": "up to a thousand people of a run are written down",
    "campaign.all_frozen": "all are",
    "campaign.laid": "a slice's job lies in the private folder",
    "campaign.recorded": "the job is in the store, its slice does not know",
    "campaign.noted": "its slice knows, and it has the state that a person said",
    "campaign.climbed": "some people are put on the next rung of a ladder",
    "campaign.turned": "a campaign is paused, resumed or cancelled with all its jobs",
    "campaign.resent": "a campaign of part of another is made, its people are not",
    "campaign.finished": "the end of a campaign is written down",
    # Reminders
    "reminder.laid": "a reminder's job lies in the private folder",
    "reminder.recorded": "the job is in the store, the reminder's history does not say so",
    # Stop
    "stop.draining": "SIGTERM has come, lines finish what they have begun",
    # A new key
    "key.resealed": "a portion of the secrets is sealed with it",
}
"""Every place, and what is true there."""

_name: str | None = None
_left = 0
_listening = False


def arm(setting: str | None) -> None:
    """Takes a setting as `GATEWAYD_FAILPOINT` holds it; None or empty disarms. ValueError: there is no such place."""
    global _name, _left, _listening  # noqa: PLW0603 - one process, one failpoint
    name, _, count = (setting or "").partition(":")
    if name and name not in NAMES:
        raise ValueError(f"no failpoint is called {name!r}")
    _name = name or None
    _left = int(count) if count else 1
    if _name is not None and not _listening:
        _listening = True
        sys.addaudithook(_heard)


def hit(name: str) -> None:
    """Passes a named place: the process ends here, without any clean-up, if it is the armed one."""
    global _left  # noqa: PLW0603
    if _name != name:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
        # The signal is pending for this very process; nothing after the failpoint may run.
        while True:
            signal.pause()


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event == EVENT:
        hit(arguments[0])


arm(os.environ.get(VARIABLE))
