"""What is asked of a modem and its SIM, in the words of 27.005 and 27.007; brands differ, so each step is tried.

`Modem` belongs to one connection. What must outlive it (who this modem is, whether the PIN was tried, the SMSC) is in
`Known`, which the line keeps.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from itertools import product

from drivers.gsm import at
from drivers.gsm.at import Reply
from drivers.gsm.causes import is_busy
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.errors import BlockedError, CommandFailedError, SilentError
from drivers.gsm.profile import GENERIC, Profile, profile_for
from drivers.gsm.timing import Timing


@dataclass(slots=True)
class Known:
    """What a line knows of its modem and SIM beyond a connection."""

    imei: str | None = None
    imsi: str | None = None
    smsc: str | None = None
    pin_tried: bool = False
    """The PIN was written and the SIM has not been seen ready since."""


@dataclass(frozen=True, slots=True)
class Registration:
    """`stat` of +CREG (27.007 §7.2)."""

    stat: int

    @property
    def registered(self) -> bool:
        return self.stat in (1, 5, 6, 7)

    @property
    def roaming(self) -> bool:
        return self.stat in (5, 7)

    @property
    def word(self) -> str:
        return {0: "not_registered", 2: "searching", 3: "registration_denied"}.get(self.stat, "not_registered")


@dataclass(slots=True)
class Abilities:
    """What this modem turned out to do; filled by `Modem.initialise`."""

    acknowledges: bool = False
    """CSMS=1: +CMT and +CDS are routed with CNMA (27.005 §3.1)."""
    routing: str | None = None
    """CNMI as it was set; None where it cannot be set: nothing is announced or reported."""
    reports: bool = False
    memories: tuple[str, ...] = ()
    """Memories to read and empty; empty where CPMS is unknown."""
    operator: str | None = None
    model: dict[str, str] = field(default_factory=dict)


class Modem:
    def __init__(self, dialogue: Dialogue, known: Known, timing: Timing, pin: str | None, smsc: str | None) -> None:
        self._dialogue = dialogue
        self._known = known
        self._timing = timing
        self._pin = pin
        self._smsc = smsc
        self._selected: str | None = None
        self.profile: Profile = GENERIC
        self.can = Abilities()

    # -------------------------------------------------------------------------------------------------- initialising

    async def initialise(self) -> None:
        """From any state to one that sends, reports and receives. Raises `SilentError`, `PortLostError`,
        `CommandFailedError` (the ladder's business) and `BlockedError` (a person's).
        """
        # What is routed to us meanwhile is acknowledged as it was.
        self.can = Abilities(acknowledges=self.can.acknowledges)
        self._selected = None
        self._dialogue.echo_expected = True
        await self._dialogue.probe()
        await self._quieten()
        await self._identify()
        await self._unlock()
        await self._identify_sim()
        await self._set_up_messages()
        await self._set_up_storage()
        await self._set_up_routing()
        await self._set_up_network()
        for command in self.profile.setup:
            await self._ask(command)

    async def _quieten(self) -> None:
        await self._ask("ATE0")
        self._dialogue.echo_seen = False
        # Asked for again after the PIN: some firmware refuses everything before.
        await self._ask("AT+CMEE=1")
        self._dialogue.echo_expected = self._dialogue.echo_seen

    async def _identify(self) -> None:
        """Maker and IMEI, if they are told before the PIN: another modem's SIM shall not lose a try to ours."""
        maker = (await self._ask("AT+CGMI")).text("+CGMI")
        if maker and not self.can.model.get("maker"):
            self.profile = profile_for(maker)
            model = (await self._ask("AT+CGMM")).text("+CGMM")
            self.can.model = {"maker": maker, "model": model or "", "profile": self.profile.name}
        imei = await self._number("AT+CGSN", 14)
        if imei is not None:
            # The fifteenth digit is a check digit that some firmware leaves out, the sixteenth its version.
            if self._known.imei is not None and self._known.imei[:14] != imei[:14]:
                raise BlockedError("other_modem", "another modem answers on this port")
            self._known.imei = imei

    async def _identify_sim(self) -> None:
        if not self.can.model or self._known.imei is None:
            await self._ask("AT+CMEE=1")
            await self._identify()
        imsi = await self._number("AT+CIMI", 6)
        if imsi is not None:
            if self._known.imsi not in (None, imsi):
                raise BlockedError("other_sim", "another SIM is in the modem")
            self._known.imsi = imsi

    async def _unlock(self) -> None:
        state = await self._pin_state()
        if state == "SIM PIN":
            await self._enter_pin()
            state = await self._await_sim()
        if "PUK" in state and state not in ("SIM PUK2", "PH-NET PUK"):
            raise BlockedError("puk_required", "the SIM wants its PUK")
        if state.startswith("PH-"):
            raise BlockedError("modem_locked", f"the modem is locked to another SIM or network: {state}")
        if state not in ("READY", "SIM PIN2", "SIM PUK2"):
            raise SilentError("the SIM's state cannot be read")
        self._known.pin_tried = False

    async def _pin_state(self) -> str:
        deadline = asyncio.get_running_loop().time() + self._timing.sim_ready_s
        while True:
            reply = await self._steady("AT+CPIN?", self._timing.sim_s, "+CPIN:", lenient=True)
            if not is_busy(reply.final) or asyncio.get_running_loop().time() > deadline:
                break
        if reply.ok:
            return reply.value("+CPIN:") or "READY"
        if reply.final.code in (10, 310):
            raise BlockedError("no_sim", "there is no SIM in the modem")
        if reply.final.code in (11, 311):
            return "SIM PIN"
        if reply.final.code in (12, 316):
            return "SIM PUK"
        if reply.final.code in (13, 15, 313, 315):
            raise BlockedError("sim_failure", "the SIM has failed")
        raise CommandFailedError("AT+CPIN?", reply.final)

    async def _enter_pin(self) -> None:
        """A wrong PIN costs one of three tries: one is made, and never the last one."""
        if self._pin is None:
            raise BlockedError("pin_required", "the SIM wants its PIN and the line has none")
        if self._known.pin_tried:
            raise BlockedError("pin_wrong", "the SIM has refused its PIN; it is not tried again, a PUK would follow")
        left = await self._pin_tries_left()
        if left is not None and left < 2:
            raise BlockedError("pin_last_try", "one PIN try is left and it is kept for a person; a PUK would follow")
        self._known.pin_tried = True
        reply = await self._dialogue.command(f'AT+CPIN="{self._pin}"', timeout_s=self._timing.sim_s)
        if not reply.ok:
            raise BlockedError("pin_wrong", "the SIM has refused its PIN; it is not tried again, a PUK would follow")

    async def _pin_tries_left(self) -> int | None:
        reply = await self._ask("AT+CPINR")
        for line in reply.lines if reply.ok else ():
            fields = at.split_fields(line.partition(":")[2].strip())
            if fields[0] == "SIM PIN" and len(fields) > 1 and fields[1].isdigit():
                return int(fields[1])
        if self.profile.tries_left:
            fields = (await self._ask(self.profile.tries_left, self.profile.tries_prefix)).fields(
                self.profile.tries_prefix
            )
            if len(fields) > self.profile.tries_field and fields[self.profile.tries_field].isdigit():
                return int(fields[self.profile.tries_field])
        return None

    async def _await_sim(self) -> str:
        """The SIM's state once it has digested the PIN."""
        state = "SIM PIN"
        tries = max(1, round(self._timing.sim_ready_s / self._timing.busy_pause_s))
        for _ in range(tries):
            with contextlib.suppress(CommandFailedError):
                state = await self._pin_state()
                if state != "SIM PIN":
                    return state
            await asyncio.sleep(self._timing.busy_pause_s)
        return state

    async def _set_up_messages(self) -> None:
        await self._ask("AT+CMEE=1")
        # CSCS codes names, numbers and USSD texts; PDUs do not depend on it.
        if not (await self._steady('AT+CSCS="GSM"')).ok:
            await self._ask('AT+CSCS="IRA"')
        reply = await self._steady("AT+CMGF=0", self._timing.sim_s)
        if not reply.ok:
            raise CommandFailedError("AT+CMGF=0", reply.final)
        self.can.acknowledges = (await self._steady("AT+CSMS=1", self._timing.sim_s, "+CSMS:")).ok
        if not self.can.acknowledges:
            await self._ask("AT+CSMS=0", "+CSMS:")
        await self.restore_smsc()

    async def restore_smsc(self) -> None:
        """Read the service centre's number; set it where the configuration or an earlier reading says otherwise."""
        reply, again = [await self._steady("AT+CSCA?", self._timing.sim_s, "+CSCA:") for _ in range(2)]
        fields = reply.fields("+CSCA:")
        current = fields[0] if reply.ok and fields and fields == again.fields("+CSCA:") else None
        wanted = self._smsc or current or self._known.smsc
        if not wanted:
            if current is None:  # the question failed: sending will tell
                return
            raise BlockedError("no_smsc", "the SIM knows no service centre; set `smsc`")
        if current is None or current.lstrip("+") != wanted.lstrip("+"):
            kind = 145 if wanted.startswith("+") else 129
            await self._steady(f'AT+CSCA="{wanted}",{kind}', self._timing.sim_s)
        self._known.smsc = wanted

    async def _set_up_storage(self) -> None:
        reply = await self._steady("AT+CPMS=?", self._timing.sim_s, "+CPMS:")
        offered = at.groups(reply.value("+CPMS:") or "") if reply.ok else []
        self.can.memories = tuple(name for name in (offered[0] if offered else ()) if name in ("SM", "ME", "SR"))

    async def _set_up_routing(self) -> None:
        """CNMI (27.005 §3.4.1): messages and reports to us at once where CNMA makes that safe, else by way of the SIM;
        of what the modem offers, the mode that loses least.
        """
        reply = await self._steady("AT+CNMI=?", self._timing.command_s, "+CNMI:")
        offered = at.groups(reply.value("+CNMI:") or "") if reply.ok else []
        if len(offered) != 5:
            offered = [["2", "1", "3"], ["2", "1"], ["0"], ["1", "2", "0"], ["0", "1"]]
        messages = "210" if self.can.acknowledges else "120"
        wanted = (
            [mode for mode in "213" if mode in offered[0]],
            [way for way in messages if way in offered[1]],
            [way for way in "0" if way in offered[2]] or offered[2][:1],
            [way for way in "120" if way in offered[3]],
            [way for way in "01" if way in offered[4]],
        )
        # The last value varies first, and matters least; 12 tries cover every brand seen.
        for setting in [",".join(each) for each in product(*wanted)][:12]:
            if (await self._steady(f"AT+CNMI={setting}")).ok:
                self.can.routing = setting
                self.can.reports = setting.split(",")[3] != "0"
                return

    async def _set_up_network(self) -> None:
        if (await self._ask("AT+CFUN?", "+CFUN:")).fields("+CFUN:")[:1] in (["0"], ["4"]):
            # The radio was left off: by a program before us, or by firmware that remembers it.
            await self._steady("AT+CFUN=1", self._timing.sim_s)
        if not (await self._steady("AT+CREG=1")).ok:
            await self._ask("AT+CREG=0")
        await self._ask("AT+COPS=3,0", timeout_s=self._timing.network_s)

    # --------------------------------------------------------------------------------------------------------- asking

    async def lost_settings(self) -> bool:
        """Whether the modem has forgotten what `initialise` set; also the pulse of an idle one."""
        if self.can.routing is None:
            return not (await self._ask("AT")).ok
        fields = (await self._ask("AT+CNMI?", "+CNMI:")).fields("+CNMI:")
        return ",".join(fields) != self.can.routing

    async def registration(self) -> Registration:
        found = Registration(0)
        for command in ("AT+CREG?", "AT+CEREG?"):
            prefix = f"{command[2:-1]}:"
            fields = (await self._ask(command, prefix)).fields(prefix)
            if len(fields) > 1 and fields[1].isdigit():
                found = Registration(int(fields[1])) if found.stat == 0 or int(fields[1]) in (1, 5, 6, 7) else found
            if found.registered:
                break
        return found

    async def signal(self) -> int | None:
        """Signal in per cent of what +CSQ can say (27.007 §8.5); None when unknown."""
        fields = (await self._ask("AT+CSQ", "+CSQ:")).fields("+CSQ:")
        if not fields or not fields[0].isdigit() or int(fields[0]) > 31:
            return None
        return round(int(fields[0]) * 100 / 31)

    async def operator(self) -> str | None:
        fields = (await self._ask("AT+COPS?", "+COPS:", self._timing.network_s)).fields("+COPS:")
        return fields[2] if len(fields) > 2 and fields[2] else None

    async def stored(self, memory: str | None) -> list[tuple[int, str]]:
        """Index and PDU of every received message in `memory`, read or not; sent and unsent ones are not ours."""
        if not await self._select(memory):
            return []
        reply = await self._ask("AT+CMGL=4", "+CMGL:", self._timing.network_s)
        return [
            (int(header[0]), pdu)
            for header, pdu in reply.pairs("+CMGL:")
            if len(header) > 1 and header[0].isdigit() and header[1] in ("0", "1")
        ]

    async def read(self, memory: str | None, index: int) -> str | None:
        """The PDU at `index`; None when it is gone (+CMS 321, or OK alone)."""
        if not await self._select(memory):
            return None
        reply = await self._ask(f"AT+CMGR={index}", "+CMGR:", self._timing.sim_s)
        return next((pdu for _header, pdu in reply.pairs("+CMGR:")), None) if reply.ok else None

    async def delete(self, memory: str | None, index: int) -> None:
        """Free the place; the second parameter of CMGD is left out, which some firmware does not know."""
        if await self._select(memory):
            await self._ask(f"AT+CMGD={index}", timeout_s=self._timing.sim_s)

    async def _select(self, memory: str | None) -> bool:
        """Make `memory` the one that CMGR, CMGL and CMGD mean (27.005 §3.2.2)."""
        if memory is None or memory == self._selected:
            return True
        self._selected = None
        reply = await self._steady(f'AT+CPMS="{memory}"', self._timing.sim_s, "+CPMS:")
        if reply.ok:
            self._selected = memory
        return reply.ok

    async def _number(self, command: str, least: int) -> str | None:
        """IMEI or IMSI as two answers in a row name it: a serial line may lose an octet, and much hangs on them."""
        last = None
        for _ in range(self._timing.busy_tries):
            number = digits_of(await self._steady(command, self._timing.sim_s), command[2:], least)
            if number is None or number == last:
                return number
            last = number
        return None

    async def _ask(self, command: str, prefix: str = "", timeout_s: float | None = None) -> Reply:
        return await self._dialogue.command(command, prefix, timeout_s=timeout_s)

    async def _steady(
        self, command: str, timeout_s: float | None = None, prefix: str = "", *, lenient: bool = False
    ) -> Reply:
        """Ask again, a bounded number of times, while SIM or modem say that they are busy."""
        for _ in range(self._timing.busy_tries - 1):
            reply = await self._dialogue.command(command, prefix, timeout_s=timeout_s, lenient=lenient)
            if not is_busy(reply.final):
                return reply
            await asyncio.sleep(self._timing.busy_pause_s)
        return await self._dialogue.command(command, prefix, timeout_s=timeout_s, lenient=lenient)

    async def reset(self) -> None:
        """Restart the modem and wait until it talks; on USB the port usually goes away instead (`PortLostError`)."""
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


def digits_of(reply: Reply, command: str, least: int) -> str | None:
    """Returns the number that `command` (+CGSN, +CIMI) was answered by, `least` digits or more; None if it is none."""
    for line in reply.lines if reply.ok else ():
        found = line.removeprefix(f"{command}:").strip(' "')
        if found.isascii() and found.isdigit() and len(found) >= least:
            return found
    return None
