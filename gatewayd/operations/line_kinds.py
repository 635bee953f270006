"""The kinds of lines that people add: what each is called, and the fields of its form, what is needed first.

A kind is a driver with some of its keys fixed. Its first fields are all that is needed; the rest may stay as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from drivers.base import spoken
from gatewayd.words.translation import gettext as _

Type = Literal["text", "number", "choice", "switch", "device", "frequency", "list", "account"]
"""frequency: N in every H hours, kept as the key `window`; account: one of the gateway's accounts."""


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form."""

    key: str
    label: str
    type: Type = "text"
    hint: str = ""
    required: bool = False
    default: str = ""
    example: str = ""
    choices: Sequence[tuple[str, str]] = ()
    more: bool = False
    """Whether it stands folded away, since few need it."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of the kind's, entered by itself."""

    key: str
    label: str
    required: bool = True
    hint: str = ""
    long: bool = False
    """Whether it has several lines (a service account's JSON, a private key)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of line."""

    name: str
    group: Literal["sms", "email", "push", "whatsapp", "call"]
    title: str
    lead: str
    driver: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    fields: Sequence[Field] = ()
    secrets: Sequence[Secret] = ()
    suggested: str = ""
    """How a line of this kind may be named."""


def _pace(default: str, hint: str = "") -> Field:
    return Field(
        "rate",
        spoken("Pace"),
        hint=hint or spoken("How many may go out: 10/min, 1/s, 500/day."),
        default=default,
        more=True,
    )


_QUOTA: Final = Field(
    "quota_day", spoken("Most a day"), "number", spoken("Messages or parts; empty: no limit."), more=True
)
_QUOTA_MONTH: Final = Field("quota_month", spoken("Most a month"), "number", more=True)
_PREFIXES: Final = Field(
    "prefixes",
    spoken("Only these destinations"),
    "list",
    spoken("Beginnings of numbers, apart by commas; empty: all."),
    example="+549, +598",
    more=True,
)
_INBOX: Final = Field("inbox", spoken("Replies go to"), "account", more=True)
_FORMAT: Final = Field(
    "number_format",
    spoken("How numbers are dialled"),
    "choice",
    default="e164",
    choices=(
        ("e164", "+5491159876543"),
        ("digits", "5491159876543"),
        ("e164_no9", "+541159876543"),
        ("national10", "1159876543"),
        ("local15", "01115 5987-6543"),
    ),
    more=True,
)
_SMS: Final = (_QUOTA, _QUOTA_MONTH, _PREFIXES, _INBOX)
_ADDRESS: Final = spoken("Address of the phone")
_ADDRESS_HINT: Final = spoken("Its IP address in your network, as the app shows it.")
_PASSWORD: Final = spoken("Password")
_SECURITY: Final = (
    ("starttls", spoken("STARTTLS (the usual)")),
    ("tls", spoken("SSL/TLS")),
    ("none", spoken("None (only inside your own network)")),
)

KINDS: Final[Sequence[Kind]] = (
    Kind(
        "modem",
        "sms",
        spoken("Modem or USB stick"),
        spoken("A stick with a SIM card of yours, plugged into this machine."),
        "gsm",
        fields=(
            Field(
                "port",
                spoken("Device"),
                "device",
                spoken("Best one of those that were found, on the page before."),
                required=True,
            ),
            _pace("10/min", spoken("What the SIM bears: 10/min is usual for a personal one.")),
            *_SMS,
            Field("smsc", spoken("Number of the service centre"), hint=spoken("Empty: the SIM's own."), more=True),
            Field("shift_table", spoken("Send accents without costing double"), "switch", more=True),
        ),
        secrets=(
            Secret("pin", spoken("PIN of the SIM"), required=False, hint=spoken("Only where the SIM asks for it.")),
        ),
        suggested="claro-1",
    ),
    Kind(
        "sms-rest-android",
        "sms",
        spoken("SMS Rest Android"),
        spoken("An Android phone with the app SMS Rest; its IP address is enough."),
        "android",
        {"app": "rest"},
        fields=(
            Field("url", _ADDRESS, hint=_ADDRESS_HINT, required=True, example="192.168.1.20"),
            Field("country_code", spoken("Country code"), required=True, default="54", example="54"),
            _pace("10/min"),
            *_SMS,
            _FORMAT,
        ),
        suggested="celular-1",
    ),
    Kind(
        "smsgate",
        "sms",
        spoken("Android phone with SMSGate"),
        spoken("Reads replies and delivery reports too."),
        "android",
        {"app": "smsgate"},
        fields=(
            Field("url", _ADDRESS, hint=_ADDRESS_HINT, required=True, example="192.168.1.20"),
            Field("user", spoken("User"), hint=spoken("As the app shows it."), default="sms", required=True),
            Field(
                "sim", spoken("SIM"), "choice", choices=(("", spoken("the phone's own choice")), ("1", "1"), ("2", "2"))
            ),
            _pace("10/min"),
            *_SMS,
        ),
        secrets=(Secret("password", _PASSWORD, hint=spoken("As the app shows it.")),),
        suggested="celular-1",
    ),
    Kind(
        "traccar",
        "sms",
        spoken("Android phone with Traccar SMS Gateway"),
        spoken("Sends only; the app tells no deliveries."),
        "android",
        {"app": "traccar"},
        fields=(
            Field("url", _ADDRESS, hint=_ADDRESS_HINT, required=True, example="192.168.1.20"),
            _pace("10/min"),
            *_SMS,
        ),
        secrets=(Secret("token", spoken("Key"), hint=spoken("As the app shows it.")),),
        suggested="celular-1",
    ),
    Kind(
        "smsmasivos",
        "sms",
        spoken("SMS Masivos"),
        spoken("With the user and password that the company gave you."),
        "provider",
        {"preset": "smsmasivos"},
        fields=(Field("user", spoken("User"), required=True), _pace("5/s"), *_SMS),
        secrets=(Secret("password", _PASSWORD, hint=spoken("Letters and digits alone: SMS Masivos takes no others.")),),
        suggested="smsmasivos",
    ),
    Kind(
        "connectus",
        "sms",
        spoken("Connectus (Chile)"),
        spoken("With the user and password that the company gave you."),
        "provider",
        {"preset": "connectus"},
        fields=(
            Field("user", spoken("User"), required=True, hint=spoken("The account's id.")),
            _pace("5/s"),
            *_SMS,
        ),
        secrets=(Secret("key", _PASSWORD, hint=spoken("The account's API key.")),),
        suggested="connectus",
    ),
    Kind(
        "mail",
        "email",
        spoken("Mail account"),
        spoken("Your provider tells you server, port and security."),
        "smtp",
        fields=(
            Field(
                "area",
                spoken("Area"),
                "choice",
                spoken("What is sent from here. With one account for all, choose “all”."),
                default="all",
                choices=(
                    ("all", spoken("all")),
                    ("tickets", spoken("tickets")),
                    ("invoices", spoken("invoices")),
                    ("customers", spoken("customers")),
                ),
            ),
            Field("from_name", spoken("Name"), hint=spoken("As recipients see it."), example="Norte Internet"),
            Field("from_address", spoken("Address"), required=True, example="avisos@norte.example"),
            Field("user", spoken("User"), hint=spoken("Mostly the address itself.")),
            Field("host", spoken("Mail server"), required=True, example="mail.norte.example"),
            Field("port", spoken("Port"), "number", spoken("Empty: the usual one for that security.")),
            Field("security", spoken("Security"), "choice", default="starttls", choices=_SECURITY),
            Field(
                "window",
                spoken("Limit of the server"),
                "frequency",
                spoken("Where your server takes so many mails in so many hours. Empty: no limit."),
            ),
            _pace("60/min"),
            _QUOTA,
            Field("reply_to", spoken("Replies to"), more=True),
            Field(
                "imap_host",
                spoken("Server of the mailbox (IMAP)"),
                hint=spoken("To read bounces and replies; empty: they are not read."),
                more=True,
            ),
            _INBOX,
        ),
        secrets=(
            Secret("password", _PASSWORD, hint=spoken("Of the mail account.")),
            Secret("imap_password", spoken("Password of the mailbox"), required=False),
        ),
        suggested="correo",
    ),
    Kind(
        "push-fcm",
        "push",
        spoken("Push by Firebase"),
        spoken("For your own app on Android and iPhone."),
        "push",
        {"service": "fcm"},
        fields=(_pace("100/s"), _QUOTA),
        secrets=(
            Secret(
                "credentials",
                spoken("Service account"),
                hint=spoken("The JSON file from Firebase's console, whole."),
                long=True,
            ),
        ),
        suggested="push",
    ),
    Kind(
        "push-ntfy",
        "push",
        spoken("Push by ntfy"),
        spoken("A server of your own, or ntfy.sh."),
        "push",
        {"service": "ntfy"},
        fields=(
            Field("url", spoken("Address of the server"), required=True, example="https://ntfy.norte.example"),
            _pace("10/s"),
            _QUOTA,
        ),
        secrets=(Secret("token", spoken("Access token"), required=False),),
        suggested="push",
    ),
    Kind(
        "push-web",
        "push",
        spoken("Push to browsers"),
        spoken("For your web site's visitors who allowed it."),
        "push",
        {"service": "webpush"},
        fields=(
            Field(
                "subject", spoken("Whom the push services write to"), required=True, example="mailto:a@norte.example"
            ),
            _pace("100/s"),
            _QUOTA,
        ),
        secrets=(Secret("credentials", spoken("VAPID private key"), long=True),),
        suggested="push",
    ),
    Kind(
        "whatsapp",
        "whatsapp",
        spoken("WhatsApp Business"),
        spoken("Meta's own API, with a number of yours."),
        "whatsapp",
        fields=(
            Field(
                "phone_id",
                spoken("Phone number ID"),
                required=True,
                hint=spoken("From Meta's console; not the number."),
            ),
            _pace("20/s"),
            _QUOTA,
            _PREFIXES,
            _INBOX,
        ),
        secrets=(
            Secret("token", spoken("Access token"), hint=spoken("Of a system user.")),
            Secret(
                "app_secret",
                spoken("App secret"),
                required=False,
                hint=spoken("Without it no delivery or reply comes."),
            ),
            Secret("verify_token", spoken("Word for the webhook"), required=False),
        ),
        suggested="whatsapp",
    ),
    Kind(
        "trunk",
        "call",
        spoken("Telephone trunk (Asterisk)"),
        spoken("Calls through an Asterisk of yours."),
        "asterisk",
        fields=(
            Field("host", spoken("Server"), default="127.0.0.1", required=True),
            Field("port", spoken("Port"), "number", default="5038"),
            Field("user", spoken("User of the manager interface"), required=True),
            Field("dial", spoken("Channel"), default="PJSIP/{number}@trunk", required=True),
            Field("channels", spoken("Calls at once"), "number", default="1"),
            Field("caller_id", spoken("Number shown")),
            _pace("30/min"),
            Field("context", spoken("Context"), default="gatewayd", more=True),
            _FORMAT,
            _PREFIXES,
            _QUOTA,
        ),
        secrets=(Secret("secret", _PASSWORD, hint=spoken("Of the manager interface.")),),
        suggested="troncal-1",
    ),
)

BY_NAME: Final[Mapping[str, Kind]] = {one.name: one for one in KINDS}


def kind_of(driver: str, keys: Mapping[str, Any]) -> Kind | None:
    """Returns the kind that a line's keys make it; None for one that only the file or the command line makes."""
    return next(
        (
            one
            for one in KINDS
            if one.driver == driver and all(keys.get(key) == value for key, value in one.fixed.items())
        ),
        None,
    )


def shape(kind: Kind) -> dict[str, Any]:
    """Returns a kind as JSON, its words in the language spoken."""
    return {
        "kind": kind.name,
        "group": kind.group,
        "title": _(kind.title),
        "lead": _(kind.lead),
        "driver": kind.driver,
        "fixed": dict(kind.fixed),
        "suggested": kind.suggested,
        "fields": [
            {
                "key": one.key,
                "label": _(one.label),
                "type": one.type,
                "hint": _(one.hint) if one.hint else "",
                "required": one.required,
                "default": one.default,
                "example": one.example,
                "choices": [{"value": value, "label": _(label) if label else ""} for value, label in one.choices],
                "more": one.more,
            }
            for one in kind.fields
        ],
        "secrets": [
            {
                "key": one.key,
                "label": _(one.label),
                "required": one.required,
                "hint": _(one.hint) if one.hint else "",
                "long": one.long,
            }
            for one in kind.secrets
        ],
    }
