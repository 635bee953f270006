"""Everything that can be asked of the store's writer: one frozen record a kind, and the record it answers with.

A command is atomic. The writer takes all that has gathered, groups it by kind, applies the kinds stage by stage
(`gatewayd.store.transactions`), and commits once. A command that fails takes nothing down but itself.

Times are Unix time in milliseconds and always an argument; money is in millionths of the currency.
"""

from __future__ import annotations

from gatewayd.store.commands.accounts import AccountInfo, CreateAccount, Credit
from gatewayd.store.commands.audited import Audited, AuditEntry, bare
from gatewayd.store.commands.base import Command
from gatewayd.store.commands.blocklist import Block, Blocked, Unblock
from gatewayd.store.commands.change import Change, Changed
from gatewayd.store.commands.dispatching import Amend, Claim, Claimed, Finish, KeptBack, PartEnd, Pnr, Unclaim, Work
from gatewayd.store.commands.inbox import (
    Ended,
    EndParts,
    Inbound,
    InboxEntry,
    InboxWritten,
    Judge,
    Received,
    UnwrittenInbox,
)
from gatewayd.store.commands.jobs import (
    CAMPAIGN,
    CAMPAIGN_JOB,
    REMINDER,
    REMINDER_JOB,
    AddMessages,
    BeginJob,
    BegunJob,
    DropJob,
    HoldQueue,
    JobChange,
    LoadingJobs,
    LoadQueues,
    NewMessage,
    PublishJob,
    QueueInfo,
    Reroute,
    SetJobState,
    Sweep,
    Swept,
)
from gatewayd.store.commands.keys import KeyBusyError, KeyReusedError, PostKey
from gatewayd.store.commands.nodes import (
    Awaited,
    AwaitedOf,
    LineUse,
    LoadLine,
    OpenWork,
    Prune,
    Recovered,
    RecoverOwnerless,
    SetLineEnabled,
    Started,
    StartNode,
)
from gatewayd.store.commands.posting import MessagePost, Origin, Post, Posted, PostItem, SharedJob
from gatewayd.store.commands.receipts import LINES_AT_ONCE, CutSegments, Segment, SegmentsWritten
from gatewayd.store.commands.reports import LateAnswer, Report, Reported, Settle, Settled

__all__ = [
    "CAMPAIGN",
    "CAMPAIGN_JOB",
    "LINES_AT_ONCE",
    "REMINDER",
    "REMINDER_JOB",
    "AccountInfo",
    "AddMessages",
    "Amend",
    "AuditEntry",
    "Audited",
    "Awaited",
    "AwaitedOf",
    "BeginJob",
    "BegunJob",
    "Block",
    "Blocked",
    "Change",
    "Changed",
    "Claim",
    "Claimed",
    "Command",
    "CreateAccount",
    "Credit",
    "CutSegments",
    "DropJob",
    "EndParts",
    "Ended",
    "Finish",
    "HoldQueue",
    "Inbound",
    "InboxEntry",
    "InboxWritten",
    "JobChange",
    "Judge",
    "KeptBack",
    "KeyBusyError",
    "KeyReusedError",
    "LateAnswer",
    "LineUse",
    "LoadLine",
    "LoadQueues",
    "LoadingJobs",
    "MessagePost",
    "NewMessage",
    "OpenWork",
    "Origin",
    "PartEnd",
    "Pnr",
    "Post",
    "PostItem",
    "PostKey",
    "Posted",
    "Prune",
    "PublishJob",
    "QueueInfo",
    "Received",
    "RecoverOwnerless",
    "Recovered",
    "Report",
    "Reported",
    "Reroute",
    "Segment",
    "SegmentsWritten",
    "SetJobState",
    "SetLineEnabled",
    "Settle",
    "Settled",
    "SharedJob",
    "StartNode",
    "Started",
    "Sweep",
    "Swept",
    "Unblock",
    "Unclaim",
    "UnwrittenInbox",
    "Work",
    "bare",
]
