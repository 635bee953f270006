"""The Originate of one call, as headers of the action. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, get_args

from dialplan.context import Flow, Key, variables
from drivers.asterisk.options import AsteriskOptions
from drivers.asterisk.program import opt_out, program
from drivers.asterisk.script import CallPlan, Confirmed
from drivers.base import OutboundMessage

_ATTEMPT: Final = re.compile(r"[A-Za-z0-9]{1,64}")
_E164: Final = re.compile(r"\+[0-9]{1,20}")


def originate(
    message: OutboundMessage,
    planned: CallPlan,
    options: AsteriskOptions,
    *,
    account: str,
    prompts: Mapping[str, str],
    lengths: Mapping[str, int] = MappingProxyType({}),
) -> Mapping[str, str | Sequence[str]]:
    """Returns the headers of the action; `prompts` holds a path for every name of the script's `sounds`, `lengths` its
    ms where they are known.

    The attempt's id is ActionID, ChannelId and thereby Uniqueid, so that everything said of the call bears it, and a
    second Originate of the same attempt cannot become a second call. Raises ValueError for a number that is none, and
    for steps too long to travel.
    """
    if not _ATTEMPT.fullmatch(message.attempt):
        raise ValueError("invalid_attempt")
    flow = Flow(
        id=message.attempt,
        message=prompts.get("message", ""),
        line=account,
        to=message.to if _E164.fullmatch(message.to) else "",
        message_ms=lengths.get("message", 0),
        amd=planned.amd,
        menu=planned.script.keys() or {digit: Key("opt_out") for digit in opt_out(planned.script)},
        menu_prompt=prompts.get("menu", ""),
        said={action: path for action, path in prompts.items() if action in get_args(Confirmed)},
        goodbye=prompts.get("bye", ""),
        steps=program(planned.script, prompts, lengths),
        limit_s=planned.limit_s,
    )
    fields: dict[str, str | Sequence[str]] = {
        "ActionID": message.attempt,
        "ChannelId": message.attempt,
        "Channel": options.channel(message.address),
        "Context": options.context,
        "Exten": "s",
        "Priority": "1",
        "Timeout": str(round(planned.ring_s * 1000)),
        # A synchronous Originate blocks the whole connection until the call is answered.
        "Async": "true",
        "Account": account,
        "Variable": variables(flow),
    }
    if options.caller_id:
        fields["CallerID"] = options.caller_id
    return fields
