"""The port of a driver: what a line is, what it is given, what it answers.

A driver makes *lines*. A line is one modem, phone, trunk, provider account or mailbox. It is handed
`OutboundMessage`s and answers each with exactly one `Outcome`; whatever else it learns (reports, replies, its own
health) it puts on the event sink. It knows nothing of the store, of credits or of the spool.

The promise of the gateway hangs on two awaits of this module:

* `PointOfNoReturn`: awaited right before the step that cannot be taken back. When it returns, the attempt of that part
  is durable. It may raise `Withdrawn`; then the driver backs out and answers `NotSent`.
* `EventSink.put`: returns when the event is durable. Only then does the driver acknowledge it to the device.
"""

from __future__ import annotations

from drivers.base.content import (
    CallContent,
    Content,
    EmailContent,
    PushContent,
    WhatsappContent,
)
from drivers.base.discovery import FILE_ONLY, DiscoversDevices, FoundDevice
from drivers.base.errors import (
    HookRefusedError,
    LineError,
    MisconfiguredError,
    NotDurableError,
    Withdrawn,
)
from drivers.base.events import (
    Concat,
    DeliveryReport,
    Event,
    EventSink,
    InboundMessage,
    LateAccept,
    LineState,
    LineStatus,
)
from drivers.base.finding import (
    Finding,
    spoken,
)
from drivers.base.given import (
    AwaitedAttempt,
    Encoding,
    HookCall,
    OpenAttempt,
    OutboundMessage,
    PointOfNoReturn,
)
from drivers.base.line import (
    AnswersChallenges,
    CarriesSome,
    Challenged,
    Driver,
    Following,
    FollowsAttempts,
    Hooked,
    Line,
    LineSetup,
    NamesDevice,
    ServesFiles,
    Serving,
    ShowsExchanges,
    TakesCalls,
    TakesHooks,
    Telling,
)
from drivers.base.network import NETWORK_FORBIDDEN, forbidden
from drivers.base.outcomes import (
    Accepted,
    Blame,
    Completed,
    Fate,
    NotSent,
    Outcome,
    Partial,
    PartOutcome,
    Refused,
    Uncertain,
)

ENTRY_POINTS = "gatewayd.drivers"
"""Entry-point group under which a package offers a `Driver` object."""

FAILPOINT = "gatewayd.failpoint"
"""Audit event (`sys.audit`) at each place where the fault harness may end the process; unheard, it does nothing."""

__all__ = [
    "ENTRY_POINTS",
    "FAILPOINT",
    "FILE_ONLY",
    "NETWORK_FORBIDDEN",
    "Accepted",
    "AnswersChallenges",
    "AwaitedAttempt",
    "Blame",
    "CallContent",
    "CarriesSome",
    "Challenged",
    "Completed",
    "Concat",
    "Content",
    "DeliveryReport",
    "DiscoversDevices",
    "Driver",
    "EmailContent",
    "Encoding",
    "Event",
    "EventSink",
    "Fate",
    "Finding",
    "Following",
    "FollowsAttempts",
    "FoundDevice",
    "HookCall",
    "HookRefusedError",
    "Hooked",
    "InboundMessage",
    "LateAccept",
    "Line",
    "LineError",
    "LineSetup",
    "LineState",
    "LineStatus",
    "MisconfiguredError",
    "NamesDevice",
    "NotDurableError",
    "NotSent",
    "OpenAttempt",
    "OutboundMessage",
    "Outcome",
    "PartOutcome",
    "Partial",
    "PointOfNoReturn",
    "PushContent",
    "Refused",
    "ServesFiles",
    "Serving",
    "ShowsExchanges",
    "TakesCalls",
    "TakesHooks",
    "Telling",
    "Uncertain",
    "WhatsappContent",
    "Withdrawn",
    "forbidden",
    "spoken",
]
