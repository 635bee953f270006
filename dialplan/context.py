"""The context that an answered call runs through, as text for extensions.conf. Pure.

Optional answering machine detection, the message, a menu or the steps of a script, goodbye. Whatever way the call
ends, `exten => h` reports the outcome as one UserEvent: lines after `Read()`, `Playback()` or `AGI()` do not run when
the person hangs up, `h` does. The call is described by channel variables (`variables`), whose values never hold a comma
or anything else a dial plan takes apart.

A key counts from the answer to the end. AMD takes no keys: it listens on a channel of its own while the call waits for
a key in `Dial(…,d)`. What was pressed is kept in Asterisk's own database (`KEPT`) until the gateway has it for good, so
that nobody has to listen at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

EVENT: Final = "GatewaydCall"
"""Name of the UserEvent that ends an answered call."""

VERSION: Final = "5"
"""Of what the context and the gateway say to each other; an older context has to be written again."""

AGI_SCRIPT: Final = "gatewayd_agi.py"
"""The script of calls with steps, in Asterisk's own folder of such scripts (`astagidir`)."""

CALLEE: Final = "-check"
"""Added to the context's name: one that answers and listens, so that Asterisk can be tried without calling anybody."""

KEPT: Final = "gatewayd"
"""Family of Asterisk's database under which pressed keys wait for the gateway, as `LINE/ATTEMPT`."""

TRANSFERRED: Final = "GatewaydTransfer"
"""Name of the UserEvent that begins a transfer: from then on the call has no limit of its own."""

LISTENING: Final = "-listen"
"""Added to the context's name: what listens whether a machine has answered."""

FAILED_CHANNEL: Final = "OutgoingSpoolFailed"
"""Name of the pseudo-channel on which Asterisk runs `h` for a call that was never answered, with that call's id."""

ROUNDS: Final = 3
"""How often the message is played at most, by `repeat` or a key that means nothing."""

TRANSFER_S: Final = 60
"""How long a transfer rings."""

LINGER_S: Final = 0.5
"""How long a key may come after the last word of a confirmation or the goodbye: people press as they hear it end."""

_SAFE: Final = re.compile(r"[A-Za-z0-9_./@:+-]*")

Amd = Literal["off", "detect", "leave_message"]
Action = Literal["repeat", "promise", "paid", "wrong_person", "its_me", "transfer", "opt_out"]


@dataclass(frozen=True, slots=True)
class Key:
    """What a key of the menu does; `to` is the extension a transfer goes to."""

    action: Action
    to: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One call's way through the context. Prompts are paths as Asterisk sees them, without the ending."""

    id: str
    message: str
    line: str = ""
    """Whose call it is, in the database of what was pressed; empty: nothing is kept."""
    to: str = ""
    """Who is called, in E.164."""
    message_ms: int = 0
    """How long the message takes to say; 0 where that is not known."""
    amd: Amd = "off"
    menu: Mapping[str, Key] = field(default_factory=dict)
    menu_prompt: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    """Action to the prompt that confirms it."""
    goodbye: str = ""
    steps: Sequence[str] = ()
    """The packed steps of a script (`dialplan.steps`); `message` is then what is left with a machine, if anything, and
    `menu` has only the key that opts out at any moment."""
    wait_s: int = 5
    """How long to wait for a key after the message."""
    limit_s: int = 300
    """The call is ended after this long, unless it was transferred."""


def variables(flow: Flow) -> list[str]:
    """`NAME=value` for each channel variable of the call. Raises ValueError for a value that cannot be one."""
    named = {
        "GW_ID": flow.id,
        "GW_LINE": flow.line if flow.menu or flow.steps else "",
        "GW_NUMBER": flow.to if flow.menu or flow.steps else "",
        "GW_MESSAGE": flow.message,
        "GW_MS": str(flow.message_ms) if flow.message_ms else "",
        "GW_AMD": flow.amd,
        "GW_MENU": "yes" if flow.menu else "",
        "GW_MENU_PROMPT": flow.menu_prompt,
        "GW_BYE": flow.goodbye,
        "GW_WAIT": str(flow.wait_s),
        "GW_LIMIT": str(flow.limit_s),
    }
    for digit, key in flow.menu.items():
        if digit not in "0123456789" or len(digit) != 1:
            raise ValueError(f"a key of the menu is one digit, not {digit!r}")
        named[f"GW_KEY_{digit}"] = key.action
        if key.action == "transfer":
            named[f"GW_TO_{digit}"] = key.to
        if key.action == "opt_out":
            named.setdefault("GW_OPT", digit)
    for action, prompt in flow.said.items():
        named[f"GW_SAID_{action}"] = prompt
    if flow.steps:
        named["GW_STEPS"] = str(len(flow.steps))
        named.update((f"GW_S{index}", piece) for index, piece in enumerate(flow.steps))
    for name, value in named.items():
        if not _SAFE.fullmatch(f"{name}{value}"):
            raise ValueError(f"{name} holds a letter that a dial plan takes apart")
    return [f"{name}={value}" for name, value in named.items() if value]


_CONTEXT = """\
[{context}]
exten => s,1,NoOp(gatewayd {version})
 same => n,Set(TIMEOUT(absolute)=${{IF($["${{GW_LIMIT}}" = ""]?300:${{GW_LIMIT}})}})
 same => n,GotoIf($["${{GW_AMD}}" = "" | "${{GW_AMD}}" = "off"]?message)
 ; AMD() takes no keys: it listens on a channel of its own, while this one waits for a key.
 same => n,Set(GW_AMDSTATUS=HANGUP)
 same => n,Set(EXITCONTEXT={context}-person)
 same => n,Dial(Local/${{GW_AMD}}@{context}{listening}/n,60,d)
 ; Nobody comes here who hangs up: HANGUP is then what AMD() has not replaced, for there is none.
 same => n,GotoIf($["${{GW_AMDSTATUS}}" = "HANGUP"]?deaf)
 same => n,GotoIf($["${{GW_AMDSTATUS}}" != "MACHINE"]?message)
 same => n,GotoIf($["${{GW_AMD}}" != "leave_message"]?end)
 same => n,Set(GW_FROM={now})
 same => n,Read(GW_DIGIT,${{GW_MESSAGE}},1,,1,{linger})
 same => n,Set(GW_HEARD=${{GW_FROM}}-{now}-${{GW_MS}})
 same => n,Set(GW_FROM=)
 same => n,GotoIf($["${{READSTATUS}}" = "OK"]?person)
 same => n,Set(GW_PLAYED=${{IF($["${{READSTATUS}}" = "TIMEOUT"]?SUCCESS:FAILED)}})
 same => n,Set(GW_LEFT=${{GW_PLAYED}})
 same => n,Goto(end)
 same => n(deaf),Set(GW_AMDSTATUS=)
 same => n,Goto(end)
 ; No machine presses keys.
 same => n(person),Set(GW_AMDSTATUS=HUMAN)
 same => n,GotoIf($["${{GW_KEY_${{GW_DIGIT}}}}" = "opt_out"]?optout)
 same => n(message),GotoIf($["${{GW_STEPS}}" != ""]?steps)
 same => n,Set(GW_ROUND=1)
 same => n(play),Set(GW_FROM={now})
 same => n,GotoIf($["${{GW_MENU}}" = ""]?plain)
 same => n,Set(GW_DIGIT=)
 same => n,Read(GW_DIGIT,${{GW_MESSAGE}}${{IF($["${{GW_MENU_PROMPT}}" = ""]?:&${{GW_MENU_PROMPT}})}},1,,1,${{GW_WAIT}})
 same => n,Set(GW_HEARD=${{GW_HEARD}}+${{GW_FROM}}-{now}-${{GW_MS}})
 same => n,Set(GW_FROM=)
 same => n,ExecIf($["${{READSTATUS}}" = "ERROR"]?Set(GW_PLAYED=FAILED))
 same => n,GotoIf($["${{READSTATUS}}" = "ERROR"]?end)
 ; Said to its end, and no key came. A `#` is OK with no digit.
 same => n,ExecIf($["${{READSTATUS}}" = "TIMEOUT"]?Set(GW_PLAYED=SUCCESS))
 same => n,GotoIf($["${{READSTATUS}}" = "TIMEOUT"]?bye)
 same => n,Set(GW_ACTION=${{GW_KEY_${{GW_DIGIT}}}})
 same => n,GotoIf($["${{GW_ACTION}}" = ""]?again)
 same => n,Set(GW_PLAYED=SUCCESS)
 same => n,Set(GW_KEY=${{GW_DIGIT}})
 same => n,GotoIf($["${{GW_ACTION}}" = "opt_out"]?optout)
 same => n,GotoIf($["${{GW_ACTION}}" = "repeat"]?again)
 same => n,GotoIf($["${{GW_LINE}}" = ""]?act)
 same => n,Set(DB({kept}/${{GW_LINE}}/${{GW_ID}})={kept_value})
 same => n(act),GotoIf($["${{GW_ACTION}}" != "transfer"]?said)
 same => n,Set(GW_TO=${{GW_TO_${{GW_KEY}}}})
 same => n,Goto(transfer)
 same => n(again),ExecIf($["${{GW_DIGIT}}" != ""]?Set(GW_KEY=${{GW_DIGIT}}))
 same => n,GotoIf($[${{GW_ROUND}} >= {rounds}]?bye)
 same => n,Set(GW_ROUND=$[${{GW_ROUND}} + 1])
 same => n,Goto(play)
 same => n(plain),Playback(${{GW_MESSAGE}})
 same => n,Set(GW_HEARD=${{GW_FROM}}-{now}-${{GW_MS}})
 same => n,Set(GW_FROM=)
 same => n,Set(GW_PLAYED=${{PLAYBACKSTATUS}})
 same => n,GotoIf($["${{PLAYBACKSTATUS}}" = "FAILED"]?end:bye)
 same => n(steps),Set(GW_SCRIPT=begun)
 same => n,AGI({agi})
 ; Nobody comes here who hangs up meanwhile. AGISTATUS is SUCCESS of a script that crashed: its own word alone counts.
 same => n,ExecIf($["${{GW_SCRIPT}}" = "begun" | "${{GW_SCRIPT}}" = "running"]?Set(GW_SCRIPT=failed))
 same => n,Set(GW_PLAYED=${{IF($["${{GW_SCRIPT}}" = "done"]?SUCCESS:FAILED)}})
 same => n,GotoIf($["${{GW_SCRIPT}}" != "done"]?end)
 same => n,GotoIf($["${{GW_TO}}" != ""]?transfer:bye)
 ; At any moment: the message counts as heard, and whatever else was begun is over.
 same => n(optout),Set(GW_KEY=${{IF($["${{GW_DIGIT}}" = ""]?${{GW_OPT}}:${{GW_DIGIT}})}})
 same => n,Set(GW_ACTION=opt_out)
 same => n,Set(GW_PLAYED=SUCCESS)
 same => n,Set(GW_TO=)
 same => n,GotoIf($["${{GW_LINE}}" = ""]?said)
 same => n,Set(DB({kept}/${{GW_LINE}}/${{GW_ID}})={kept_value})
 same => n(said),Set(GW_CONFIRM=${{GW_SAID_${{GW_ACTION}}}})
 same => n,GotoIf($["${{GW_CONFIRM}}" = ""]?bye)
 same => n,Set(GW_DIGIT=)
 same => n,Read(GW_DIGIT,${{GW_CONFIRM}},1,,1,{linger})
 same => n,GotoIf($["${{GW_ACTION}}" != "opt_out" & "${{GW_KEY_${{GW_DIGIT}}}}" = "opt_out"]?optout)
 same => n(bye),GotoIf($["${{GW_BYE}}" = ""]?end)
 same => n,GotoIf($["${{GW_OPT}}" = ""]?farewell)
 same => n,Set(GW_DIGIT=)
 same => n,Read(GW_DIGIT,${{GW_BYE}},1,,1,{linger})
 same => n,GotoIf($["${{GW_ACTION}}" != "opt_out" & "${{GW_KEY_${{GW_DIGIT}}}}" = "opt_out"]?optout:end)
 same => n(farewell),Playback(${{GW_BYE}})
 same => n(end),Hangup(16)
 ; Until somebody takes it, the key that opts out still does; what is said to an agent afterwards has no limit.
 same => n(transfer),Set(EXITCONTEXT={context}-key-${{GW_OPT}})
 same => n,Set(TIMEOUT(absolute)=0)
 same => n,Set(GW_DIGIT=)
 same => n,Set(DIALSTATUS=)
 same => n,Set(GW_CALLED=${{GW_TO}})
 same => n,UserEvent({transferred},Attempt: ${{GW_ID}})
 same => n,Dial(Local/${{GW_TO}}@{transfer}/n,{transfer_s},dr)
 same => n,Set(TIMEOUT(absolute)=60)
 same => n,GotoIf($["${{DIALSTATUS}}" = "ANSWER"]?end:bye)
exten => h,1,GotoIf($["${{CHANNEL(name)}}" = "{failed}"]?done)
 same => n,ExecIf($["${{GW_FROM}}" != ""]?Set(GW_HEARD=${{GW_HEARD}}+${{GW_FROM}}-{now}-${{GW_MS}}))
 same => n,Set(GW_TRANSFER=${{IF($["${{GW_CALLED}}" = ""]?:${{IF($["${{DIALSTATUS}}" = ""]?CANCEL:${{DIALSTATUS}})}})}})
 same => n,GotoIf($["${{GW_LINE}}" = "" | "${{GW_ACTION}}${{GW_ANSWERS}}" = ""]?tell)
 same => n,GotoIf($["${{GW_CALLED}}${{GW_SCRIPT}}" = ""]?tell)
 same => n,Set(DB({kept}/${{GW_LINE}}/${{GW_ID}})={kept_value})
 same => n(tell),UserEvent({event},Attempt: ${{GW_ID}},To: ${{GW_NUMBER}},Amd: ${{GW_AMDSTATUS}},\
Key: ${{GW_KEY}},Action: ${{GW_ACTION}},Played: ${{GW_PLAYED}},Left: ${{GW_LEFT}},Script: ${{GW_SCRIPT}},\
Answers: ${{GW_ANSWERS}},Heard: ${{GW_HEARD}},Transfer: ${{GW_TRANSFER}},Cause: ${{HANGUPCAUSE}})
 same => n(done),NoOp()
; Who presses a key while it is still in doubt whether a machine has answered.
[{context}-person]
exten => _[0-9*#],1,Set(GW_DIGIT=${{EXTEN}})
 same => n,Goto({context},s,person)
exten => h,1,Goto({context},h,1)
[{context}{listening}]
exten => detect,1,Progress()
 same => n,AMD()
 same => n,Set(MASTER_CHANNEL(GW_AMDSTATUS)=${{AMDSTATUS}})
 same => n,Hangup(16)
exten => leave_message,1,Progress()
 same => n,AMD()
 same => n,Set(MASTER_CHANNEL(GW_AMDSTATUS)=${{AMDSTATUS}})
 same => n,GotoIf($["${{AMDSTATUS}}" != "MACHINE"]?over)
 ; The greeting is over after 1.5 s of silence, or is not waited for any longer after 20 s. WaitForSilence() would
 ; answer, and the key be lost: AMD() hears silence before and after words as well.
 same => n,AMD(1500,30000,1500,20000,100,50,1000,,30000)
 same => n(over),Hangup(16)
; Nobody's telephone: `gatewayd check` lets Asterisk call this, to see that the context above can be heard.
[{context}{callee}]
exten => s,1,Answer()
 same => n,Wait(10)
 same => n,Hangup()
"""

_OPT_OUT_KEY = """\
[{context}-key-{digit}]
exten => {digit},1,Goto({context},s,optout)
exten => h,1,Goto({context},h,1)
"""

_KEPT_VALUE = (
    "at=${EPOCH} to=${GW_NUMBER} amd=${GW_AMDSTATUS} key=${GW_KEY} action=${GW_ACTION} played=${GW_PLAYED} "
    "script=${GW_SCRIPT} transfer=${GW_TRANSFER} heard=${GW_HEARD} answers=${GW_ANSWERS}"
)


def render(context: str = "gatewayd", transfer: str = "gatewayd-transfer") -> str:
    """Returns the context as text; `transfer` names the administrator's own context that transfers go to.

    Raises ValueError for a name that no context can have.
    """
    for name in (context, transfer):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,79}", name):
            raise ValueError(f"{name!r} cannot be the name of a context")
    made = _CONTEXT.format(
        context=context,
        transfer=transfer,
        version=VERSION,
        agi=AGI_SCRIPT,
        callee=CALLEE,
        listening=LISTENING,
        rounds=ROUNDS,
        linger=LINGER_S,
        transfer_s=TRANSFER_S,
        failed=FAILED_CHANNEL,
        event=EVENT,
        transferred=TRANSFERRED,
        kept=KEPT,
        kept_value=_KEPT_VALUE,
        now="${STRFTIME(,,%s%3q)}",
    )
    return made + "".join(_OPT_OUT_KEY.format(context=context, digit=digit) for digit in "0123456789")
