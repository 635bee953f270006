"""How a modem is made ready to send, report and receive, in the words of 27.005 and 27.007; brands differ, so each step
is tried.

`Modem` belongs to one connection. What must outlive it (who this modem is, whether the PIN was tried, the SMSC) is in
`Known`, which the line keeps.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import product

from drivers.gsm import at, textmode
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.errors import BlockedError, CommandFailedError, SilentError
from drivers.gsm.known import Known
from drivers.gsm.memories import Memories
from drivers.gsm.profile import GENERIC, Profile, profile_for
from drivers.gsm.questions import Questions
from drivers.gsm.radio import Radio
from drivers.gsm.simcard import SimCard
from drivers.gsm.timing import Timing

SUBMIT, SUBMIT_AS_PDU = "AT+CMGS=", "AT+CMGF=0;+CMGS="
"""What a submission begins with; the second leaves no moment in which another program could set text mode, where the
length would be taken for a number and the PDU for a text to it."""


@dataclass(slots=True)
class Abilities:
    """What this modem turned out to do; filled by `Modem.initialise`."""

    acknowledges: bool = False
    """CSMS=1: +CMT and +CDS are routed with CNMA (27.005 §3.1)."""
    routing: str | None = None
    """CNMI as it was set; None where it cannot be set: nothing is announced or reported."""
    reports: bool = False
    text_mode: bool = False
    """There is no PDU mode: single messages, written out."""
    joins: bool = False
    """One command line may hold several commands (V.250 §5.2)."""
    operator: str | None = None
    model: dict[str, str] = field(default_factory=dict)


class Modem:
    def __init__(self, dialogue: Dialogue, known: Known, timing: Timing, pin: str | None, smsc: str | None) -> None:
        self._dialogue = dialogue
        self._known = known
        self._timing = timing
        self._smsc = smsc
        self._questions = questions = Questions(dialogue, timing)
        self._sim = SimCard(questions, known, timing, pin)
        self.memories = Memories(questions, timing)
        self.radio = Radio(questions, timing)
        self._parameters = ""
        self.profile: Profile = GENERIC
        self.can = Abilities()

    # -------------------------------------------------------------------------------------------------- initialising

    async def initialise(self) -> None:
        """Brings it from any state to one that sends, reports and receives. Raises `SilentError`, `PortLostError`,
        `CommandFailedError` (the ladder's business) and `BlockedError` (a person's).
        """
        # What is routed to us meanwhile is acknowledged as it was.
        self.can = Abilities(acknowledges=self.can.acknowledges)
        self._parameters = ""
        self._dialogue.echo_expected = True
        await self._dialogue.probe()
        await self._quieten()
        await self._identify()
        await self._sim.unlock(self.profile)
        await self._identify_sim()
        await self._set_up_messages()
        await self.memories.set_up()
        await self._set_up_routing()
        await self.radio.set_up()
        for command in self.profile.setup:
            await self._questions.ask(command)
        self._dialogue.stranger_seen = False

    async def _quieten(self) -> None:
        await self._questions.ask("ATE0")
        self._dialogue.echo_seen = False
        # Asked for again after the PIN: some firmware refuses everything before.
        await self._questions.ask("AT+CMEE=1")
        self._dialogue.echo_expected = self._dialogue.echo_seen

    async def _identify(self) -> None:
        """Asks for maker and IMEI, if possible before the PIN: another modem's SIM shall not lose a try to ours."""
        maker = (await self._questions.ask("AT+CGMI")).text("+CGMI")
        if maker and not self.can.model.get("maker"):
            self.profile = profile_for(maker)
            for command in self.profile.hush:
                await self._questions.ask(command)
            model = (await self._questions.ask("AT+CGMM")).text("+CGMM")
            self.can.model = {"maker": maker, "model": model or "", "profile": self.profile.name}
        imei = await self._questions.number("AT+CGSN", 14)
        if imei is not None:
            # The fifteenth digit is a check digit that some firmware leaves out, the sixteenth its version.
            if self._known.imei is not None and self._known.imei[:14] != imei[:14]:
                raise BlockedError("other_modem", "another modem answers on this port")
            self._known.imei = imei

    async def _identify_sim(self) -> None:
        if not self.can.model or self._known.imei is None:
            await self._questions.ask("AT+CMEE=1")
            await self._identify()
        imsi = await self._questions.number("AT+CIMI", 6)
        if imsi is not None:
            if self._known.imsi not in (None, imsi):
                raise BlockedError("other_sim", "another SIM is in the modem")
            self._known.imsi = imsi

    async def _set_up_messages(self) -> None:
        await self._questions.ask("AT+CMEE=1")
        await self._set_up_format()
        service = "1" if self._known.acknowledges else "0"
        reply = await self._questions.steady(f"AT+CSMS={service}", self._timing.sim_s, "+CSMS:")
        self.can.acknowledges = reply.ok and self._known.acknowledges
        if not reply.ok:
            await self._questions.ask("AT+CSMS=0", "+CSMS:")
        await self.restore_smsc()

    async def _set_up_format(self) -> None:
        """Sets PDU mode, or text mode where the modem says that it has no other. Raises `CommandFailedError`."""
        reply = await self._questions.steady("AT+CMGF=0", self._timing.sim_s)
        if not reply.ok:
            offered = await self._questions.ask("AT+CMGF=?", "+CMGF:")
            modes = at.groups(offered.value("+CMGF:") or "")
            if not offered.ok or modes != [["1"]] or not (await self._questions.steady("AT+CMGF=1")).ok:
                raise CommandFailedError("AT+CMGF=0", reply.final)
            self.can.text_mode = True
        self.memories.text_mode = self.can.text_mode
        self._dialogue.submit_line = SUBMIT
        if self.can.text_mode:
            # Headers in full (27.005 §3.4.3), and octets that no text can be mistaken for.
            await self._questions.ask("AT+CSDH=1")
            if not (await self._questions.steady('AT+CSCS="UCS2"')).ok:
                raise BlockedError("text_mode_only", "the modem has no PDU mode, and no UCS2 in text mode")
            return
        # CSCS codes names, numbers and USSD texts; PDUs do not depend on it.
        if not (await self._questions.steady('AT+CSCS="GSM"')).ok:
            await self._questions.ask('AT+CSCS="IRA"')
        joined = await self._questions.ask("AT+CMGF=0;+CMGF?", "+CMGF:")
        if joined.ok and joined.value("+CMGF:") == "0":
            self.can.joins = True
            self._dialogue.submit_line = SUBMIT_AS_PDU

    async def set_pdu_mode(self) -> None:
        """Sets PDU mode by a command of its own; from now on submissions do not say it again."""
        self.can.joins = False
        self._dialogue.submit_line = SUBMIT
        self._dialogue.stranger_seen = False
        if not (await self._questions.steady("AT+CMGF=0", self._timing.sim_s)).ok:
            raise SilentError("PDU mode cannot be set")

    async def set_text_parameters(self, parameters: str) -> None:
        """Sets what text mode says once for many messages (27.005 §3.1.2 +CSMP)."""
        if parameters != self._parameters:
            self._parameters = ""
            if (await self._questions.ask(f"AT+CSMP={parameters}")).ok:
                self._parameters = parameters
            else:
                raise SilentError("the text parameters cannot be set")

    async def restore_smsc(self) -> None:
        """Reads the service centre's number; sets it where the configuration or an earlier reading says otherwise."""
        reply, again = [await self._questions.steady("AT+CSCA?", self._timing.sim_s, "+CSCA:") for _ in range(2)]
        fields = reply.fields("+CSCA:")
        current = fields[0] if reply.ok and fields and fields == again.fields("+CSCA:") else None
        if current and self.can.text_mode:
            current = textmode.from_ucs2(current)
        wanted = self._smsc or current or self._known.smsc
        if not wanted:
            if current is None:  # the question failed: sending will tell
                return
            raise BlockedError("no_smsc", "the SIM knows no service centre; set `smsc`")
        if current is None or current.lstrip("+") != wanted.lstrip("+"):
            kind = 145 if wanted.startswith("+") else 129
            written = textmode.to_ucs2(wanted) if self.can.text_mode else wanted
            await self._questions.steady(f'AT+CSCA="{written}",{kind}', self._timing.sim_s)
        self._known.smsc = wanted

    async def _set_up_routing(self) -> None:
        """Sets CNMI (27.005 §3.4.1): messages and reports to us at once where CNMA makes that safe, else by way of the
        SIM; of what the modem offers, the mode that loses least.
        """
        reply = await self._questions.steady("AT+CNMI=?", self._timing.command_s, "+CNMI:")
        offered = at.groups(reply.value("+CNMI:") or "") if reply.ok else []
        if len(offered) != 5:
            offered = [["2", "1", "3"], ["2", "1"], ["0"], ["1", "2", "0"], ["0", "1"]]
        # A text that is written out could be anything, a result code too: it is fetched, never routed.
        messages = "1" if self.can.text_mode else "210" if self.can.acknowledges else "120"
        stored = not self._known.acknowledges and bool(self.memories.names)
        wanted = (
            [mode for mode in "213" if mode in offered[0]],
            [way for way in messages if way in offered[1]],
            [way for way in "0" if way in offered[2]] or offered[2][:1],
            [way for way in ("210" if stored else "120") if way in offered[3]],
            [way for way in "01" if way in offered[4]],
        )
        # The last value varies first, and matters least; 12 tries cover every brand seen.
        for setting in [",".join(each) for each in product(*wanted)][:12]:
            if (await self._questions.steady(f"AT+CNMI={setting}")).ok:
                self.can.routing = setting
                self.can.reports = setting.split(",")[3] != "0"
                return

    # ---------------------------------------------------------------------------------------------------- looking after

    async def lost_settings(self) -> bool:
        """Whether the modem has forgotten what `initialise` set, or another program has changed it; also the pulse of
        an idle one."""
        if self.can.routing is None:
            return not (await self._questions.ask("AT")).ok
        reply = await self._questions.ask("AT+CNMI?;+CMGF?" if self.can.joins else "AT+CNMI?", "+CNMI:")
        mode = reply.value("+CMGF:")
        if mode is None:
            if self.can.joins:
                reply = await self._questions.ask("AT+CNMI?", "+CNMI:")
            mode = (await self._questions.ask("AT+CMGF?", "+CMGF:")).value("+CMGF:")
        routing = ",".join(reply.fields("+CNMI:"))
        return routing != self.can.routing or mode not in (None, "1" if self.can.text_mode else "0")

    async def reset(self) -> None:
        """Restarts the modem and waits until it talks; on USB the port usually goes away instead (`PortLostError`)."""
        self._dialogue.reset_modem()
        deadline = asyncio.get_running_loop().time() + self._timing.reset_s
        while True:
            try:
                await self._dialogue.probe()
            except SilentError:
                if asyncio.get_running_loop().time() > deadline:
                    raise
            else:
                return
