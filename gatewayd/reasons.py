"""Reasons in words for people. What is stored and told to programs is a code of one word; this is what it means.

A code that is not here (a network's or maker's own number) is shown as it is.
"""

from __future__ import annotations

from typing import Final

from drivers.base import spoken
from gatewayd.translation import gettext as _

MEANINGS: Final = {
    # a line's
    "no_daemon": spoken("no daemon is running"),
    "misconfigured": spoken("keys contradict each other"),
    "crashed": spoken("fault of the driver"),
    "internal_error": spoken("fault of the driver"),
    "driver_failed": spoken("fault of the driver"),
    "not_ready": spoken("not ready yet"),
    "store_unavailable": spoken("the store takes nothing (disk full?)"),
    "port_missing": spoken("device not connected"),
    "port_busy": spoken("port in use by another program"),
    "port_denied": spoken("no permission for the port"),
    "port_broken": spoken("port cannot be opened"),
    "port_lost": spoken("device unplugged"),
    "modem_silent": spoken("modem does not answer"),
    "modem_restarted": spoken("modem has restarted"),
    "modem_locked": spoken("modem locked to another SIM or network"),
    "other_modem": spoken("another modem on this port"),
    "other_sim": spoken("another SIM in the modem"),
    "script_invalid": spoken("the call's script cannot be played"),
    "no_sim": spoken("no SIM"),
    "sim_failure": spoken("SIM failure"),
    "pin_required": spoken("the SIM asks for its PIN"),
    "pin_wrong": spoken("wrong PIN, not tried again"),
    "pin_last_try": spoken("last PIN try kept for a person"),
    "puk_required": spoken("the SIM asks for its PUK"),
    "no_smsc": spoken("no service centre number (smsc)"),
    "not_registered": spoken("no network"),
    "no_network": spoken("no network"),
    "searching": spoken("searching for a network"),
    "registration_denied": spoken("the network refuses the SIM"),
    "blocked": spoken("blocked"),
    "quota": spoken("the operator has enough for now"),
    "quota_day": spoken("quota of the day is used up"),
    "quota_month": spoken("quota of the month is used up"),
    "recipients_month": spoken("recipients of the month are used up"),
    "window": spoken("quota of the lines is used up"),
    "pace": spoken("waits for its pace"),
    "login_refused": spoken("login refused"),
    "permission_missing": spoken("permission missing at the other end"),
    "unreachable": spoken("cannot be reached"),
    "connect_failed": spoken("cannot be reached"),
    "host_unknown": spoken("the name of the host is unknown"),
    "tls_failed": spoken("no encrypted connection (certificate?)"),
    "timeout": spoken("no answer in time"),
    "connection_lost": spoken("connection lost"),
    "unauthorized": spoken("credentials refused"),
    "credentials_refused": spoken("credentials refused"),
    "no_credit": spoken("no credit with the provider"),
    "moved_to_https": spoken("the server wants https; change the address"),
    # a message's
    "credit": spoken("not enough credit"),
    "paused": spoken("job is paused"),
    "no_line": spoken("no line reaches this number now"),
    "cap": spoken("contacted often enough for now"),
    "number_missing": spoken("no number"),
    "number_invalid": spoken("not a valid number"),
    "number_junk": spoken("made-up number"),
    "number_rounded": spoken("the sheet has lost digits of the number"),
    "number_not_mobile": spoken("a landline"),
    "number_toll_free": spoken("a toll-free number"),
    "number_premium": spoken("a premium number"),
    "number_foreign": spoken("a number of another country"),
    "address_missing": spoken("no address"),
    "address_invalid": spoken("not a valid address"),
    "value_missing": spoken("a variable is empty"),
    "row_ragged": spoken("more cells than columns"),
    "row_hidden": spoken("row hidden in the sheet"),
    "too_long": spoken("text too long"),
    "repeated": spoken("same number and text as before"),
    "settled": spoken("settled by a person"),
    "no_report": spoken("no report came"),
    "incomplete": spoken("only some parts left"),
    "expired_in_network": spoken("expired in the network"),
    "absent": spoken("phone off or out of reach"),
    "silence": spoken("no answer after handing it over"),
    "stopped": spoken("the daemon stopped in the middle"),
    "no_prompt": spoken("modem gave no prompt"),
    "network_timeout": spoken("the network did not answer"),
    "unknown_error": spoken("unknown error of the modem"),
    "unassigned_number": spoken("number not in use"),
    "unknown_subscriber": spoken("number not in use"),
    "rejected_by_network": spoken("rejected by the network"),
    "congestion": spoken("network congested"),
    "temporary_failure": spoken("temporary failure of the network"),
    # a refused file's
    "json_invalid": spoken("not valid JSON"),
    "key_unknown": spoken("an unknown key"),
    "value_invalid": spoken("a value that will not do"),
    "variable_unknown": spoken("an unknown variable"),
    "template_unknown": spoken("an unknown template"),
    "recipients_missing": spoken("the list did not come"),
    "recipients_mismatch": spoken("not the list that the job expects"),
    "recipients_unreadable": spoken("the list cannot be read"),
    "recipients_ambiguous": spoken("the list can be read in two ways"),
    "no_valid_recipient": spoken("not one valid recipient"),
    "too_large": spoken("too large"),
    "job_conflict": spoken("that job exists with other content"),
}


def meaning(code: str | None) -> str:
    """What a reason means, in the language spoken; the code itself where nobody has put it into words."""
    return "" if code is None else _(MEANINGS.get(code, code))


def explained(code: str | None) -> str:
    """What a reason means, with its code behind it, for whoever looks closer."""
    words = meaning(code)
    return words if words == (code or "") else f"{words} ({code})"
