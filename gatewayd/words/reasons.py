"""Reasons in words for people. What is stored and told to programs is a code of one word; this is what it means.

The words of devices and services are in `device_reasons`. A code that has none is shown as it is.
"""

from __future__ import annotations

import re
from typing import Final

from drivers.base import spoken
from gatewayd.words.claim_reasons import OF_CLAIMS
from gatewayd.words.device_reasons import OF_DEVICES
from gatewayd.words.translation import gettext as _

MEANINGS: Final = {
    **OF_CLAIMS,
    "gone": spoken("what it was about is not there any more"),
    "upload_gone": spoken("the upload is gone: upload it again"),
    "upload_missing": spoken("the upload is missing: upload it again"),
    **OF_DEVICES,
    # what is no reason of a failure, and is said in the same place
    "opt_out": spoken("asked to be sent nothing more"),
    "claims_paid": spoken("says that it has paid"),
    "unknown_number": spoken("nobody has this number on file"),
    "shared_number": spoken("several customers have this number"),
    "number_most": spoken("enough answers to that number this hour"),
    "account_most": spoken("enough answers of the account this hour"),
    "other_machine": spoken("another machine seems to be answering"),
    "day_unclear": spoken("says no day that can be"),
    "tickets_most": spoken("has opened all tickets of the day"),
    "late": spoken("it waited for too long to be answered"),
    "no_news": spoken("no news any more"),
    "not_wanted": spoken("does not want such mails"),
    "dropped": spoken("a person said that it is not sent"),
    "recorded": spoken("recorded"),
    "waiting": spoken("waits"),
    # a line's
    "no_daemon": spoken("no daemon is running"),
    "misconfigured": spoken("keys contradict each other"),
    "secret_missing": spoken("password or key not entered yet"),
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
    "sim_changed": spoken("the SIM was taken out and put back"),
    "routing_failed": spoken("modem does not acknowledge; set up anew"),
    "text_mode_only": spoken("modem without PDU mode, unusable here"),
    "modem_busy": spoken("modem busy"),
    "sim_busy": spoken("SIM busy"),
    "sim_wrong": spoken("the modem does not accept this SIM"),
    "sim_rejected": spoken("the network refuses the SIM"),
    "device_rejected": spoken("the network refuses the modem"),
    "roaming_not_allowed": spoken("roaming not allowed here"),
    "emergency_calls_only": spoken("the network takes emergency calls only"),
    "memory_full": spoken("memory of the SIM full"),
    "modem_locked": spoken("modem locked to another SIM or network"),
    "other_modem": spoken("another modem on this port"),
    "other_sim": spoken("another SIM in the modem"),
    "script_invalid": spoken("the call's script cannot be played"),
    "trunk_refuses": spoken("trunk refuses: balance, codec, registration?"),
    "trunk_refuses_balance": spoken("trunk refuses: no balance, or barred?"),
    "trunk_refuses_codec": spoken("trunk refuses: no codec in common"),
    "trunk_refuses_registration": spoken("trunk refuses: registration, password?"),
    "trunk_refuses_number": spoken("trunk knows no number: number_format?"),
    "trunk_silent": spoken("trunk silent: registered? right address?"),
    "trunk_full": spoken("trunk accepts no more calls per second"),
    "no_trunk": spoken("Asterisk knows no such trunk"),
    "context_missing": spoken("Asterisk lacks gatewayd's context"),
    "context_outdated": spoken("old context: gatewayd dialplan install"),
    "number_engaged": spoken("number is being called right now"),
    "channels_busy": spoken("all channels in use"),
    "login_in_use": spoken("one login only: allowmultiplelogin = yes"),
    "prompt_unplayable": spoken("prompts cannot be played: folder, codec?"),
    "prompt_failed": spoken("the speech command fails"),
    "recording_missing": spoken("a recording is missing or unusable"),
    "script_missing": spoken("Asterisk cannot run gatewayd_agi.py"),
    "script_failed": spoken("the script of the steps failed"),
    "amd_failed": spoken("answering machine detection failed"),
    "not_heard": spoken("hung up before hearing the message"),
    "machine": spoken("an answering machine"),
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
    "paid": spoken("has paid meanwhile"),
    "promised": spoken("has promised to pay"),
    "disputed": spoken("disputes what is owed"),
    "changed": spoken("what is owed has changed"),
    "no_claim": spoken("is not to be claimed"),
    "no_consent": spoken("has not consented to this"),
    "stale": spoken("billing is too old to be believed"),
    "archived": spoken("put aside"),
    "billing_old": spoken("billing is old"),
    "billing_pending": spoken("a complete list waits for a word"),
    "campaign_stuck": spoken("a campaign stands still"),
    "test": spoken("posted with a test token, never sent"),
    "quota": spoken("the operator has enough for now"),
    "quota_day": spoken("quota of the day is used up"),
    "quota_month": spoken("quota of the month is used up"),
    "recipients_month": spoken("recipients of the month are used up"),
    "window": spoken("quota of the lines is used up"),
    "pace": spoken("waits for the rate limit"),
    "login_refused": spoken("login refused"),
    "permission_missing": spoken("permission missing at the other end"),
    "unreachable": spoken("cannot be reached"),
    "network_forbidden": spoken("forbidden by IPAddressAllow= or a firewall"),
    "connect_failed": spoken("cannot be reached"),
    "host_unknown": spoken("the name of the host is unknown"),
    "timeout": spoken("no answer in time"),
    "unauthorized": spoken("credentials refused"),
    "credentials_refused": spoken("credentials refused"),
    "no_credit": spoken("no credit with the provider"),
    "moved_to_https": spoken("the server wants https; change the address"),
    "login_missing": spoken("the server offers no login"),
    "login_unsupported": spoken("the server wants another login (OAuth 2.0?)"),
    "login_later": spoken("the server accepts no login now"),
    "starttls_missing": spoken("the server offers no STARTTLS"),
    "starttls_needed": spoken("the server accepts no login without TLS"),
    "certificate_invalid": spoken("the server's certificate is not valid"),
    "tls_failed": spoken("the server speaks no TLS at that port"),
    "no_greeting": spoken("no greeting at that port (security, port?)"),
    "host_down": spoken("the server cannot be reached"),
    "server_refuses": spoken("the server turns us away"),
    "connection_lost": spoken("the connection was lost"),
    "folder_missing": spoken("no such folder in the mailbox"),
    "mailbox_failed": spoken("the mailbox cannot be understood"),
    "command_refused": spoken("the mailbox refuses a command"),
    "token_refused": spoken("OAuth 2.0 permission withdrawn or wrong"),
    "token_unavailable": spoken("OAuth 2.0 token server cannot be reached"),
    "token_unreadable": spoken("OAuth 2.0 token server gives no token"),
    "sender_refused": spoken("this account may not send as that address"),
    "account_suspended": spoken("the provider has suspended the account"),
    "host_blocked": spoken("our mail server is on a block list"),
    "relay_denied": spoken("the server does not relay for us"),
    "server_full": spoken("the mail server's disk is full"),
    "server_trouble": spoken("the mail server has a fault of its own"),
    # a webhook's
    "address_forbidden": spoken("private address, not allowed here"),
    "answer_unreadable": spoken("the answer is no HTTP"),
    "redirected": spoken("the server redirects; not followed"),
    "endpoint_gone": spoken("the receiver wants nothing more (410)"),
    "tries_used_up": spoken("nothing was acknowledged for three days"),
    "by_person": spoken("disabled by a person"),
    "not_in_file": spoken("no longer in the configuration file"),
    # a message's
    "unknown_recipient": spoken("no such mailbox"),
    "unknown_domain": spoken("no such domain"),
    "mailbox_full": spoken("mailbox full"),
    "mailbox_disabled": spoken("mailbox disabled"),
    "recipient_busy": spoken("the mailbox receives too much now"),
    "greylisted": spoken("deferred, as first mails are there"),
    "policy": spoken("rejected by the rules of the mail server"),
    "unauthenticated": spoken("our mail fails SPF, DKIM or DMARC there"),
    "mail_loop": spoken("the mail went in circles"),
    "undelivered": spoken("came back undelivered"),
    "attachment_missing": spoken("an attachment is gone or changed"),
    "header_mismatch": spoken("a value would have become a header"),
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
    "no_address": spoken("no address for this channel"),
    "address_invalid": spoken("not a valid address"),
    "value_missing": spoken("a variable is empty"),
    "row_ragged": spoken("more cells than columns"),
    "row_short": spoken("a cell of the row is missing"),
    "row_hidden": spoken("row hidden in the sheet"),
    "too_long": spoken("text too long"),
    "over_lines": spoken("more parts than its lines ever may send"),
    "repeated": spoken("same number and text as before"),
    "settled": spoken("settled by a person"),
    "no_report": spoken("no report came"),
    "incomplete": spoken("only some parts were sent"),
    "expired_in_network": spoken("expired in the network"),
    "absent": spoken("phone off or out of reach"),
    "silence": spoken("no answer after handing it over"),
    "stopped": spoken("the daemon stopped in the middle"),
    "another_import": spoken("another file of it came meanwhile"),
    "register_empty": spoken("no row could be read as a number"),
    "no_prompt": spoken("modem gave no prompt"),
    "network_timeout": spoken("the network did not answer"),
    "unknown_error": spoken("unknown error of the modem"),
    "unassigned_number": spoken("number not in use"),
    "unidentified_subscriber": spoken("the network does not know SIM or number"),
    "operator_barring": spoken("the operator has barred the SIM"),
    "call_barred": spoken("the SIM may not send to that number"),
    "destination_barred": spoken("the operator passes nothing to that number"),
    "destination_out_of_order": spoken("the number's network is out of order"),
    "network_failure": spoken("temporary failure of the network"),
    "network_out_of_order": spoken("the network is out of order (no balance?)"),
    "resources_unavailable": spoken("network congested"),
    "facility_not_subscribed": spoken("the SIM's contract has no SMS"),
    "facility_rejected": spoken("rejected by the network"),
    "facility_not_implemented": spoken("rejected by the network"),
    "no_smsc_subscription": spoken("the service centre does not know the SIM"),
    "smsc_busy": spoken("the service centre is busy"),
    "smsc_failure": spoken("the service centre has failed"),
    "invalid_address": spoken("not a valid number"),
    "alphabet_not_supported": spoken("the operator lacks that alphabet"),
    "unencodable": spoken("this line cannot carry that text"),
    "unknown_subscriber": spoken("number not in use"),
    "rejected_by_network": spoken("rejected by the network"),
    "congestion": spoken("network congested"),
    "temporary_failure": spoken("temporary failure of the network"),
    # a refused file's
    "json_invalid": spoken("not valid JSON"),
    "key_unknown": spoken("an unknown key"),
    "value_invalid": spoken("an invalid value"),
    "variable_unknown": spoken("an unknown variable"),
    "template_unknown": spoken("an unknown template"),
    "recipients_missing": spoken("the list did not come"),
    "recipients_mismatch": spoken("not the list that the job expects"),
    "recipients_unreadable": spoken("the list cannot be read"),
    "held_open": spoken("its writer still has it open"),
    "stray": spoken("not a job, and no job names it"),
    "recipients_ambiguous": spoken("the list can be read in two ways"),
    "no_valid_recipient": spoken("no valid recipient"),
    "too_large": spoken("too large"),
    "job_conflict": spoken("that job exists with other content"),
}


_FAMILIES: Final = (
    (re.compile(r"http_(\d{3})"), spoken("the server answers HTTP {code}")),
    (re.compile(r"access_http_(\d{3})"), spoken("Google answers HTTP {code} to the login")),
    (re.compile(r"smtp_(\d{3})"), spoken("the mail server answers {code}")),
    (re.compile(r"status_([245]\.\d{1,3}\.\d{1,3})"), spoken("the mail server answers {code}")),
    (re.compile(r"error_(\d{1,9})"), spoken("Meta answers error {code}")),
    (re.compile(r"cms_(\d{1,5})"), spoken("the network answers error {code}")),
    (re.compile(r"cme_(\d{1,5})"), spoken("the modem answers error {code}")),
    (re.compile(r"network_0x([0-9a-f]{2})"), spoken("the network answers {code} of its own")),
    (re.compile(r"unsafe_(\w{1,40})"), spoken("{code} has signs that Asterisk would obey")),
    (re.compile(r"(\w{1,40})_missing"), spoken("{code} is missing")),
)
"""Reasons that bear a number or name of somebody else's, by their form."""


def meaning(code: str | None) -> str:
    """Returns what a reason means, in the language spoken; the code itself where it has no words."""
    if code is None:
        return ""
    words = MEANINGS.get(code)
    if words is not None:
        return _(words)
    for form, sentence in _FAMILIES:
        found = form.fullmatch(code)
        if found is not None:
            return _(sentence).format(code=found[1])
    return code


def explained(code: str | None) -> str:
    """What a reason means, with its code behind it, for whoever looks closer."""
    words = meaning(code)
    return words if words == (code or "") else f"{words} ({code})"


STATES: Final = {
    # of a message
    "scheduled": spoken("scheduled"),
    "queued": spoken("queued"),
    "held": spoken("held"),
    "sending": spoken("sending"),
    "submitted": spoken("submitted"),
    "delivered": spoken("delivered"),
    "read": spoken("read"),
    "undelivered": spoken("undelivered"),
    "failed": spoken("failed"),
    "expired": spoken("expired"),
    "uncertain": spoken("uncertain"),
    "cancelled": spoken("cancelled"),
    "invalid": spoken("invalid"),
    # of a job
    "loading": spoken("being read"),
    "running": spoken("running"),
    "paused": spoken("paused"),
    "sent": spoken("sent"),
    "done": spoken("done"),
    # of a line
    "starting": spoken("starting"),
    "ready": spoken("ready"),
    "busy": spoken("busy"),
    "waiting": spoken("waiting"),
    "recovering": spoken("recovering"),
    "quarantined": spoken("quarantined"),
    "disabled": spoken("disabled"),
    "unknown": spoken("unknown"),
    # of a webhook
    "failing": spoken("failing"),
    # of a part and an attempt
    "open": spoken("on its way"),
    "taken": spoken("taken"),
    "refused": spoken("refused"),
    "unsent": spoken("not sent"),
    "doubt": spoken("in doubt"),
    "accepted": spoken("accepted"),
    "completed": spoken("completed"),
    "not_sent": spoken("not sent"),
    "partial": spoken("in part"),
    "claimed": spoken("claimed"),
    "closed": spoken("ended"),
}
"""States and outcomes as people read them; JSON always has the code."""


def state_word(code: str | None) -> str:
    """Returns a state in the language spoken; the code itself where it has no word."""
    return "" if code is None else _(STATES.get(code, code))


def standing(state: str, reason: str | None) -> str:
    """Returns a state with its reason, in the language spoken."""
    return f"{state_word(state)}: {meaning(reason)}" if reason else state_word(state)


_OF_SYSTEM: Final = (
    spoken("Permission denied"),
    spoken("Operation not permitted"),
    spoken("No such file or directory"),
    spoken("Not a directory"),
    spoken("Is a directory"),
    spoken("File exists"),
    spoken("Directory not empty"),
    spoken("No space left on device"),
    spoken("Disk quota exceeded"),
    spoken("Read-only file system"),
    spoken("Input/output error"),
    spoken("Too many open files"),
    spoken("Too many levels of symbolic links"),
    spoken("File name too long"),
    spoken("Address already in use"),
    spoken("Cannot assign requested address"),
    spoken("Connection refused"),
    spoken("Connection timed out"),
    spoken("No route to host"),
    spoken("Network is unreachable"),
)
"""The operating system's own sentences, which it says in English wherever no languages are installed for it."""


def system_words(text: str) -> str:
    """Returns an error of the operating system in the language spoken, what stands around its sentence as it is."""
    return ": ".join(_(part) if part in _OF_SYSTEM else part for part in text.split(": "))
