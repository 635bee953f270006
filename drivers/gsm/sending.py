"""One message over one modem: each part from its PDU to what the network said, and one outcome for all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto

from drivers.base import (
    Accepted,
    Blame,
    Encoding,
    Fate,
    NotSent,
    OutboundMessage,
    Outcome,
    Partial,
    PartOutcome,
    PointOfNoReturn,
    Refused,
    Uncertain,
    Withdrawn,
)
from drivers.gsm import pdu, textmode
from drivers.gsm.alphabet import fits_gsm7
from drivers.gsm.causes import Cause, Kind, after_commit, before_commit
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.errors import (
    NoPromptError,
    NotReadyError,
    PortLostError,
    PromptDoubtfulError,
    PromptRefusedError,
    RestartedError,
    SilentError,
)
from drivers.gsm.journal import Journal
from drivers.gsm.modem import Modem
from drivers.gsm.operation import Answer, Operation
from drivers.gsm.timing import Timing

_CLOCKS_DIFFER_S = 120.0
"""By how much the service centre's clock may be behind ours: both are kept by networks, neither to the second."""


_TRIALS, _PROVEN = 2, 1_000_000
"""How often mode and submission may be said in one line without a prompt before they are said apart; once that has
led to a prompt, it is no longer in question."""

End = NotSent | Refused | Uncertain
"""What became of a part that has got no reference."""


class Alarm(Enum):
    """What the line should look at."""

    LOST = auto()
    SILENT = auto()
    REBOOTED = auto()
    """Certainly: the echo is on."""
    MAYBE_REBOOTED = auto()
    REGISTRATION = auto()
    BLOCKED = auto()
    """SIM or modem refuse to send: registration, PIN and SMSC want looking at."""
    FULL = auto()
    QUOTA = auto()
    ROUTING = auto()
    """Acknowledgements fail: routed reports and messages will stop."""
    SIM = auto()
    """The SIM was taken out and is back, or another one."""


class Sender:
    """Sends for one connection, one message at a time."""

    def __init__(
        self, dialogue: Dialogue, modem: Modem, timing: Timing, alarm: Callable[[Alarm], None], journal: Journal
    ) -> None:
        self._dialogue = dialogue
        self._modem = modem
        self._timing = timing
        self._alarm = alarm
        self._journal = journal
        self._message: OutboundMessage | None = None
        self._taken: dict[int, str] = {}
        self._began = 0.0
        self._part_end: asyncio.Future[None] | None = None
        self._part_in_answer = False
        self._unproven = _TRIALS
        self.blocked_by = "blocked"
        """Why SIM or modem last refused to send at all."""

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        self._message = message
        self._began = time.time()
        taken: dict[int, str] = {}
        self._taken = taken
        try:
            for number in message.todo:
                end = await self._send_part(message, number, taken, point_of_no_return)
                if not isinstance(end, str):
                    return conclude(message.todo, taken, number, end)
                taken[number] = end
            return Accepted(taken, reported=self._modem.can.reports)
        finally:
            self._message = None
            self._end_part()

    # --------------------------------------------------------------------------------------- what reports want to know

    def owner(self, reference: str, report: pdu.StatusReport) -> tuple[str, int] | None:
        """Returns attempt and part of the message under way whose report this is; None if another's, or not certain."""
        message = self._message
        if message is None or not self._may_be_of(message, report):
            return None
        parts = [number for number, taken in self._taken.items() if taken == reference]
        return (message.attempt, parts[0]) if len(parts) == 1 else None

    def may_overtake(self, reference: str, report: pdu.StatusReport) -> asyncio.Future[None] | None:
        """Returns what to wait for before a report goes on that may have overtaken its own +CMGS; None: nothing."""
        message = self._message
        if message is None or not self._part_in_answer or not self._may_be_of(message, report):
            return None
        if reference in self._taken.values():
            return None
        if self._part_end is None:
            self._part_end = asyncio.get_running_loop().create_future()
        return self._part_end

    def _may_be_of(self, message: OutboundMessage, report: pdu.StatusReport) -> bool:
        if not same_number(message.address, report.recipient):
            return False
        # Firmware that repeats TP-MR: an older message's report has an older timestamp.
        return report.submitted_at is None or report.submitted_at.timestamp() > self._began - _CLOCKS_DIFFER_S

    # -------------------------------------------------------------------------------------------------------- one part

    async def _send_part(
        self, message: OutboundMessage, number: int, taken: Mapping[int, str], point_of_no_return: PointOfNoReturn
    ) -> str | End:
        """Sends one part; its reference if the network took it, else what became of it."""
        try:
            what, body, parameters = self._form(message, number)
        except pdu.PduError:
            return Refused("unencodable", Blame.PERSON, elsewhere=True)
        token = (message.attempt, number)
        try:
            if parameters:
                await self._modem.set_text_parameters(parameters)
            elif self._must_set_mode:
                await self._modem.set_pdu_mode()
            operation = await self._open_prompt(what, token)
            await self._pass(operation, number, taken, point_of_no_return)
            self._part_in_answer = True
            try:
                answer = await self._dialogue.commit(operation, body)
            except PromptDoubtfulError:
                operation = await self._open_prompt(what, token)
                answer = await self._dialogue.commit(operation, body)
        except Withdrawn as withdrawn:
            return NotSent(withdrawn.reason, counts=False)
        except PromptRefusedError as refused:
            return self._unsent(before_commit(refused.final))
        except (NoPromptError, PromptDoubtfulError):
            self._journal.warning("no prompt")
            self._alarm(Alarm.MAYBE_REBOOTED)
            return NotSent("no_prompt", blame=Blame.LINE)
        except NotReadyError:
            return NotSent("not_ready", counts=False)
        except RestartedError:
            self._alarm(Alarm.REBOOTED)
            return NotSent("modem_restarted", counts=False)
        except SilentError:
            return NotSent("modem_silent", counts=False, blame=Blame.LINE)
        except PortLostError:
            return NotSent("port_lost", counts=False, blame=Blame.LINE)
        finally:
            self._end_part()
        return self._judge(answer)

    def _form(self, message: OutboundMessage, number: int) -> tuple[int | str, str, str]:
        """Returns what AT+CMGS is given, what is written into the prompt, and the parameters of text mode, if there is
        no other. Raises `PduError`."""
        if not self._modem.can.text_mode:
            digits, length = _submit(message, number).encode()
            return length, digits, ""
        if len(message.parts) > 1:
            raise pdu.PduError("text mode makes no parts of long messages")
        part = _submit(message, number)
        form = textmode.submission(part.destination, part.text, part.encoding, part.validity_s)
        return form.address, form.body, form.parameters

    @property
    def _must_set_mode(self) -> bool:
        """Whether PDU mode has to be set by a command of its own: no prompt has come of saying both in one line, or
        another program may have set text mode."""
        return self._unproven <= 0 if self._modem.can.joins else self._dialogue.stranger_seen

    async def _open_prompt(self, what: int | str, token: tuple[str, int]) -> Operation:
        tries = self._timing.busy_tries
        while True:
            tries -= 1
            try:
                operation = await self._dialogue.open_prompt(what, token)
            except PromptRefusedError as refused:
                if before_commit(refused.final).kind is not Kind.BUSY:
                    self._unproven -= 1
                    raise
                if not tries:
                    raise
                await asyncio.sleep(self._timing.busy_pause_s)
            except NoPromptError:
                self._unproven -= 1
                raise
            else:
                self._unproven = _PROVEN
                return operation

    async def _pass(
        self, operation: Operation, number: int, taken: Mapping[int, str], point_of_no_return: PointOfNoReturn
    ) -> None:
        """Makes the attempt durable; what prevents that leaves the prompt by ESC."""
        try:
            await point_of_no_return(number, taken)
        except Withdrawn:
            self._dialogue.back_out(operation)
            raise
        except asyncio.CancelledError:
            self._dialogue.back_out(operation)
            raise
        except Exception as error:
            self._dialogue.back_out(operation)
            self._journal.warning("point of no return failed", error=type(error).__name__)
            raise Withdrawn("store_failed") from error

    def _judge(self, answer: Answer) -> str | End:
        if answer.reference is not None:
            return answer.reference
        if answer.error is None:
            self._journal.warning("in doubt", reason=answer.reason)
            return Uncertain(answer.reason)
        return self._unsent(after_commit(answer.error, self._modem.profile.certain))

    def _unsent(self, cause: Cause) -> End:
        reason = cause.reason
        match cause.kind:
            case Kind.DOUBT:
                self._journal.warning("in doubt", reason=reason)
                return Uncertain(reason)
            case Kind.PERMANENT:
                return Refused(reason, cause.blame, cause.elsewhere)
            case Kind.BLOCKED:
                self.blocked_by = reason
                self._alarm(Alarm.FULL if reason == "memory_full" else Alarm.BLOCKED)
                return NotSent(reason, counts=False, blame=cause.blame)
            case Kind.QUOTA:
                self._alarm(Alarm.QUOTA)
                return NotSent(reason, blame=cause.blame)
            case Kind.NO_NETWORK:
                self._alarm(Alarm.REGISTRATION)
                return NotSent(reason, counts=False, blame=cause.blame)
            case _:
                return NotSent(reason, blame=cause.blame)

    def _end_part(self) -> None:
        self._part_in_answer = False
        if self._part_end is not None:
            end, self._part_end = self._part_end, None
            if not end.done():
                end.set_result(None)


def _submit(message: OutboundMessage, number: int) -> pdu.Submit:
    parts = message.parts or (message.text,)
    text = parts[number - 1]
    encoding: Encoding = message.encoding or ("gsm7" if fits_gsm7(text) else "ucs2")
    validity_s = None
    if message.valid_until is not None:
        validity_s = max(0, int(message.valid_until - time.time()))
    return pdu.Submit(
        destination=message.address,
        text=text,
        encoding=encoding,  # type: ignore[arg-type]  # "" was replaced
        concat=pdu.Concat(message.concat_ref, len(parts), number) if len(parts) > 1 else None,
        validity_s=validity_s,
    )


def conclude(todo: Sequence[int], taken: Mapping[int, str], stopped: int, end: End) -> Outcome:
    """Returns the outcome of a message whose parts before `stopped` were taken, and whose later ones were not begun."""
    if not taken:
        return end
    parts = dict.fromkeys(todo, PartOutcome(Fate.UNSENT, reason=end.reason))
    parts.update({number: PartOutcome(Fate.TAKEN, reference) for number, reference in taken.items()})
    match end:
        case Refused(reason, blame):
            parts[stopped] = PartOutcome(Fate.REFUSED, reason=reason, blame=blame)
        case Uncertain(reason):
            parts[stopped] = PartOutcome(Fate.DOUBT, reason=reason)
    return Partial(parts)


def same_number(one: str, other: str) -> bool:
    """Whether two forms of a number can be the same subscriber: networks rewrite prefixes, not the last digits."""
    left, right = one.lstrip("+"), other.lstrip("+")
    return left == right or (min(len(left), len(right)) >= 6 and left[-7:] == right[-7:])
