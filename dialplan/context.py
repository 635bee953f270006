"""The context that an answered call runs through, as text for extensions.conf. Pure.

Optional answering machine detection, the message, a menu or the steps of a script, goodbye. Whatever way the call
ends, `exten => h` tells the outcome as one UserEvent: lines after `Read()`, `Playback()` or `AGI()` do not run when the
person hangs up, `h` does. The call is described by channel variables (`variables`), whose values never hold a comma or
anything else a dial plan takes apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

EVENT: Final = "GatewaydCall"
"""Name of the UserEvent that ends an answered call."""

VERSION: Final = "3"
"""Of what the context and the gateway say to each other; an older context has to be written again."""

AGI_SCRIPT: Final = "gatewayd_agi.py"
"""The script of calls with steps, in Asterisk's own folder of such scripts (`astagidir`)."""

CALLEE: Final = "-check"
"""Added to the context's name: one that answers and listens, so that Asterisk can be tried without calling anybody."""

FAILED_CHANNEL: Final = "OutgoingSpoolFailed"
"""Name of the pseudo-channel on which Asterisk runs `h` for a call that was never answered, with that call's id."""

ROUNDS: Final = 3
"""How often the message is played at most, by `repeat` or a key that means nothing."""

_SAFE: Final = re.compile(r"[A-Za-z0-9_./@:+-]*")

Amd = Literal["off", "detect", "leave_message"]
Action = Literal["repeat", "promise", "transfer", "opt_out"]


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
    amd: Amd = "off"
    menu: Mapping[str, Key] = field(default_factory=dict)
    menu_prompt: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    """Action to the prompt that confirms it."""
    goodbye: str = ""
    steps: Sequence[str] = ()
    """The packed steps of a script (`dialplan.steps`); `message` is then what is left with a machine, if anything."""
    wait_s: int = 5
    """How long to wait for a key after the message."""
    limit_s: int = 300
    """The call is ended after this long, whatever happens."""


def variables(flow: Flow) -> list[str]:
    """`NAME=value` for each channel variable of the call. Raises ValueError for a value that cannot be one."""
    named = {
        "GW_ID": flow.id,
        "GW_MESSAGE": flow.message,
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
 same => n,AMD()
 same => n,GotoIf($["${{AMDSTATUS}}" != "MACHINE"]?message)
 same => n,GotoIf($["${{GW_AMD}}" != "leave_message"]?end)
 ; The greeting is over after 1.5 s of silence, or is not waited for any longer after 20 s.
 same => n,WaitForSilence(1500,1,20)
 same => n,Set(GW_FROM=${{STRFTIME(,,%s%3q)}})
 same => n,Playback(${{GW_MESSAGE}})
 same => n,Set(GW_PLAYED=${{PLAYBACKSTATUS}})
 same => n,Set(GW_LEFT=${{PLAYBACKSTATUS}})
 same => n,Goto(end)
 same => n(message),Set(GW_FROM=${{STRFTIME(,,%s%3q)}})
 same => n,GotoIf($["${{GW_STEPS}}" != ""]?steps)
 same => n,Set(GW_ROUND=1)
 same => n(play),GotoIf($["${{GW_MENU}}" = ""]?plain)
 same => n,Set(GW_DIGIT=)
 same => n,Read(GW_DIGIT,${{GW_MESSAGE}}${{IF($["${{GW_MENU_PROMPT}}" = ""]?:&${{GW_MENU_PROMPT}})}},1,,1,${{GW_WAIT}})
 same => n,Set(GW_PLAYED=${{IF($["${{READSTATUS}}" = "ERROR"]?FAILED:SUCCESS)}})
 same => n,GotoIf($["${{GW_PLAYED}}" = "FAILED"]?end)
 same => n,GotoIf($["${{GW_DIGIT}}" = ""]?bye)
 same => n,Set(GW_KEY=${{GW_DIGIT}})
 same => n,Set(GW_ACTION=${{GW_KEY_${{GW_DIGIT}}}})
 same => n,GotoIf($["${{GW_ACTION}}" = "promise" | "${{GW_ACTION}}" = "opt_out"]?said)
 same => n,Set(GW_TO=${{IF($["${{GW_ACTION}}" = "transfer"]?${{GW_TO_${{GW_DIGIT}}}})}})
 same => n,GotoIf($["${{GW_TO}}" != ""]?transfer)
 same => n,GotoIf($[${{GW_ROUND}} >= {rounds}]?bye)
 same => n,Set(GW_ROUND=$[${{GW_ROUND}} + 1])
 same => n,Goto(play)
 same => n(plain),Playback(${{GW_MESSAGE}})
 same => n,Set(GW_PLAYED=${{PLAYBACKSTATUS}})
 same => n,GotoIf($["${{PLAYBACKSTATUS}}" = "FAILED"]?end:bye)
 same => n(steps),Set(GW_SCRIPT=begun)
 same => n,AGI({agi})
 ; Nobody comes here who hangs up meanwhile. AGISTATUS is SUCCESS of a script that crashed: its own word alone counts.
 same => n,ExecIf($["${{GW_SCRIPT}}" = "begun" | "${{GW_SCRIPT}}" = "running"]?Set(GW_SCRIPT=failed))
 same => n,Set(GW_PLAYED=${{IF($["${{GW_SCRIPT}}" = "done"]?SUCCESS:FAILED)}})
 same => n,GotoIf($["${{GW_SCRIPT}}" != "done"]?end)
 same => n,GotoIf($["${{GW_TO}}" != ""]?transfer:bye)
 same => n(said),Set(GW_CONFIRM=${{GW_SAID_${{GW_ACTION}}}})
 same => n,ExecIf($["${{GW_CONFIRM}}" != ""]?Playback(${{GW_CONFIRM}}))
 same => n(bye),ExecIf($["${{GW_BYE}}" != ""]?Playback(${{GW_BYE}}))
 same => n(end),Hangup()
 ; What a person says to an agent is not our message: the seconds heard end here.
 same => n(transfer),Set(GW_UNTIL=${{STRFTIME(,,%s%3q)}})
 same => n,Dial(Local/${{GW_TO}}@{transfer}/n,60)
 same => n,Hangup()
exten => h,1,GotoIf($["${{CHANNEL(name)}}" = "{failed}"]?done)
 same => n,Set(GW_UNTIL=${{IF($["${{GW_UNTIL}}" = ""]?${{STRFTIME(,,%s%3q)}}:${{GW_UNTIL}})}})
 same => n,UserEvent({event},Attempt: ${{GW_ID}},Amd: ${{AMDSTATUS}},Key: ${{GW_KEY}},Action: ${{GW_ACTION}},\
Played: ${{GW_PLAYED}},Left: ${{GW_LEFT}},Script: ${{GW_SCRIPT}},Answers: ${{GW_ANSWERS}},\
From: ${{GW_FROM}},Until: ${{GW_UNTIL}},Cause: ${{HANGUPCAUSE}})
 same => n(done),NoOp()
; Nobody's telephone: `gatewayd check` lets Asterisk call this, to see that the context above can be heard.
[{context}{callee}]
exten => s,1,Answer()
 same => n,Wait(10)
 same => n,Hangup()
"""


def render(context: str = "gatewayd", transfer: str = "gatewayd-transfer") -> str:
    """The context as text; `transfer` names the administrator's own context that transfers go to."""
    for name in (context, transfer):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,79}", name):
            raise ValueError(f"{name!r} cannot be the name of a context")
    return _CONTEXT.format(
        context=context,
        transfer=transfer,
        version=VERSION,
        agi=AGI_SCRIPT,
        callee=CALLEE,
        rounds=ROUNDS,
        failed=FAILED_CHANNEL,
        event=EVENT,
    )
