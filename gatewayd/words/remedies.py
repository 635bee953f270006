"""What a person does about a line that does not work, by its reason. See `words.reasons` for what each means."""

from __future__ import annotations

from typing import Final

from drivers.base import spoken
from gatewayd.words.translation import gettext as _

_PLUG: Final = spoken("Plug it in again, best into another USB port. It goes on by itself.")
_PORT: Final = spoken("Look for the device again and choose the one that was found.")
_PIN: Final = spoken("Enter the PIN of the SIM here. It is tried once.")
_LOGIN: Final = spoken("Enter user and password again, as the provider gave them.")
_CREDIT: Final = spoken("Top up the line's own balance at its operator; it goes on by itself.")
_NETWORK: Final = spoken("Check that the device is on and in the same network, and its address.")
_RECEPTION: Final = spoken("Move the antenna or the stick; look whether the SIM is active.")

REMEDIES: Final = {
    "misconfigured": spoken("Correct the fields that are marked."),
    "secret_missing": spoken("Enter the password or key."),
    "crashed": spoken("It starts again by itself; tell whoever looks after the gateway."),
    "driver_failed": spoken("It starts again by itself; tell whoever looks after the gateway."),
    "port_missing": _PLUG,
    "port_lost": _PLUG,
    "port_busy": spoken("Close the other program that has it, or choose another device."),
    "port_denied": spoken("The gateway's user needs the group dialout on this machine."),
    "port_broken": _PORT,
    "modem_silent": spoken("It is being restarted. Where that does not help, pull it out and put it back."),
    "modem_locked": spoken("Ask the operator to unlock it, or use another stick."),
    "other_modem": _PORT,
    "other_sim": spoken("Put the right SIM back, or add this one as a line of its own."),
    "no_sim": spoken("Put the SIM in, or take it out and put it in again."),
    "sim_failure": spoken("Take the SIM out and put it in again; try it in a phone."),
    "no_smsc": spoken("Enter the number of the service centre; the operator names it."),
    "pin_last_try": spoken("Enter the PIN in a phone: one try is left, and it is yours."),
    "phone_pin_required": spoken("Take the code off the modem with its maker's program."),
    "registration_denied": spoken("Ask the operator whether the SIM is active."),
    "searching": _RECEPTION,
    "sim_wrong": spoken("Put the right SIM in."),
    "sim_rejected": spoken("Ask the operator whether the SIM is active."),
    "pin_required": _PIN,
    "pin_wrong": spoken("Enter the right PIN; nothing is tried before."),
    "puk_required": spoken("Put the SIM into a phone and enter its PUK there."),
    "not_registered": _RECEPTION,
    "no_network": _RECEPTION,
    "memory_full": spoken("Delete messages from the SIM in a phone."),
    "unauthorized": _LOGIN,
    "login_refused": _LOGIN,
    "credentials_refused": _LOGIN,
    "login_later": spoken("Nothing: it is tried again. Where it stays, ask the mail provider."),
    "login_unsupported": spoken("Ask the mail provider for a password for applications, or set up OAuth 2.0."),
    "starttls_missing": spoken("Choose another security: the server does not offer STARTTLS."),
    "starttls_needed": spoken("Choose STARTTLS or SSL/TLS as security."),
    "tls_failed": spoken("Choose another port or security; your mail provider names both."),
    "no_greeting": spoken("Choose another port or security; your mail provider names both."),
    "certificate_invalid": spoken("Write the server's name as its certificate has it."),
    "sender_refused": spoken("Write an address that this account may send as."),
    "account_suspended": spoken("Ask the provider why the account is suspended."),
    "host_blocked": spoken("Ask the mail provider to have its server taken off the block list."),
    "moved_to_https": spoken("Begin the address with https://."),
    "no_credit": _CREDIT,
    "payment": _CREDIT,
    "trunk_refuses_balance": _CREDIT,
    "trunk_refuses_registration": _LOGIN,
    "trunk_refuses_number": spoken("Choose another way of dialling numbers."),
    "trunk_silent": _NETWORK,
    "login_in_use": spoken("Allow the manager account several logins, or give the gateway one of its own."),
    "generic_failure": _CREDIT,
    "no_service": _RECEPTION,
    "airplane": spoken("Take the phone out of airplane mode."),
    "radio_off": spoken("Switch the phone's radio on."),
    "no_default_sms_app": spoken("Choose a default app for SMS on the phone."),
    "not_the_app": spoken("Open the app on the phone and look at the address that it shows."),
    "phone_unknown": spoken("Copy the phone number ID from Meta's console again."),
    "unreachable": _NETWORK,
    "host_down": _NETWORK,
    "timeout": _NETWORK,
    "rate_limit": spoken("Nothing: it goes on more slowly. Where it stays, lower the pace."),
    "quota": spoken("Nothing: it goes on by itself. Where it stays, lower the pace."),
    "connect_failed": _NETWORK,
    "connect_timeout": _NETWORK,
    "connection_lost": _NETWORK,
    "no_answer": _NETWORK,
    "host_unknown": spoken("Check the name of the server."),
    "network_forbidden": spoken("The service may not reach that address: systemctl edit gatewayd, IPAddressAllow."),
    "trunk_refuses": spoken("Ask the trunk's provider; gatewayd check says more."),
    "no_trunk": spoken("Correct the channel: Asterisk knows no such trunk."),
    "context_missing": spoken("Run gatewayd dialplan install on the Asterisk."),
    "context_outdated": spoken("Run gatewayd dialplan install on the Asterisk."),
}


def remedy(reason: str | None) -> str:
    """Returns what to do about a line's reason, in the language spoken; empty where nothing is known, or to be done."""
    words = None if reason is None else REMEDIES.get(reason)
    return "" if words is None else _(words)
