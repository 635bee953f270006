"""Acts of the audit trail in words. Pure."""

from __future__ import annotations

from typing import Final

from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

WORDS: Final = {
    "account": spoken("Accounts"),
    "account.create": spoken("Account created"),
    "account.logo.set": spoken("Logo of an account set"),
    "account.set": spoken("Settings of an account changed"),
    "account.credit": spoken("Credit granted or withdrawn"),
    "audit.export": spoken("Audit exported"),
    "blocklist": spoken("Block list"),
    "blocklist.add": spoken("Numbers blocked"),
    "blocklist.remove": spoken("Number unblocked"),
    "engine.release": spoken("Standstill after a restore ended"),
    "export": spoken("Exports"),
    "export.create": spoken("Export asked for"),
    "export.download": spoken("Export downloaded"),
    "inbox.reply": spoken("Reply sent"),
    "interaction.resend": spoken("Sent again"),
    "inbox.assign": spoken("Conversation assigned"),
    "inbox.done": spoken("Conversation put away"),
    "inbox.open": spoken("Conversation opened again"),
    "inbox.read": spoken("Conversation read"),
    "job": spoken("Jobs"),
    "job.cancel": spoken("Job cancelled"),
    "job.pause": spoken("Job paused"),
    "job.resume": spoken("Job resumed"),
    "line": spoken("Lines"),
    "line.add": spoken("Line added"),
    "line.ask": spoken("Line asked"),
    "line.disable": spoken("Line switched off"),
    "line.enable": spoken("Line switched on"),
    "line.remove": spoken("Line removed"),
    "line.secret": spoken("Secret of a line entered"),
    "line.set": spoken("Line changed"),
    "line.test": spoken("Line tested"),
    "mass.set": spoken("Rules for sends to many changed"),
    "me": spoken("Own account"),
    "me.edit": spoken("Own data changed"),
    "me.password": spoken("Own password changed"),
    "me.recovery": spoken("Recovery codes made"),
    "me.sign_out": spoken("Own sessions ended"),
    "me.totp_confirm": spoken("Second factor put in force"),
    "me.totp_drop": spoken("Own second factor taken away"),
    "me.totp_offer": spoken("Second factor begun"),
    "message": spoken("Messages"),
    "message.settle_many": spoken("Messages in doubt settled"),
    "message.settle": spoken("Message in doubt settled"),
    "reset": spoken("Forgotten passwords"),
    "reset.ask": spoken("Link for a new password asked for"),
    "reset.use": spoken("New password set by a link"),
    "session": spoken("Signing in and out"),
    "session.close": spoken("Signed out"),
    "session.confirm": spoken("Signed in by the second factor"),
    "session.open": spoken("Signed in"),
    "task.cancel": spoken("Background work cancelled"),
    "token": spoken("Tokens"),
    "token.create": spoken("Token made"),
    "token.revoke": spoken("Token revoked"),
    "user": spoken("Users"),
    "user.create": spoken("User created"),
    "user.disable": spoken("Access closed"),
    "user.edit": spoken("User changed"),
    "user.enable": spoken("Access opened"),
    "user.password": spoken("Password set"),
    "user.role": spoken("Role changed"),
    "user.sign_out": spoken("Sessions ended"),
    "user.totp_reset": spoken("Second factor taken away"),
    "view.remove": spoken("Saved view removed"),
    "view.save": spoken("View saved"),
    "view.share": spoken("View shared"),
    "webhook": spoken("Webhooks"),
    "webhook.add": spoken("Webhook added"),
    "webhook.disable": spoken("Webhook switched off"),
    "webhook.enable": spoken("Webhook switched on"),
    "webhook.remove": spoken("Webhook removed"),
    "webhook.replay": spoken("Webhook's events posted again"),
    "webhook.set": spoken("Webhook changed"),
    "webhook.test": spoken("Webhook tested"),
}
"""By name of an operation, or the first word of several."""
FAMILIES: Final = tuple(code for code in WORDS if "." not in code)


def word_of(operation: str) -> str:
    """Returns the words for an act; its code where it has none."""
    word = WORDS.get(operation)
    return operation if word is None else _(word)
