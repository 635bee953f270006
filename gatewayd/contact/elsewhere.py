"""Contacts that were made elsewhere, as a sheet tells them: its columns, its rows, and what is wrong with a row. Pure.

A row is read whole or refused with one reason, the most fundamental first. Times are UTC, as the sheet's own head says.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gatewayd.numbers import NumberError, Numbers
from gatewayd.values import addresses

COLUMNS: Final = (
    "document_type",
    "document_number",
    "external_id",
    "channel",
    "sent_at",
    "recipients",
    "state",
)
TEMPLATE: Final = (
    ",".join(COLUMNS)
    + "\r\nDNI,30123456,,whatsapp,2026-11-30 14:05:00,+5491150000001,read"
    + "\r\n,,C-1042,email,2026-11-30 14:10:00,ana@example.com;pagos@example.com,delivered\r\n"
)
"""What people download to fill in: the head, and two rows to see how."""

RECIPIENTS_MAX: Final = 20
CELL_MAX: Final = 200
"""Characters of a document or an id."""
SKEW_MS: Final = 10 * 60_000
"""A clock elsewhere may be so far ahead."""
OLDEST_MS: Final = 946_684_800_000
"""2000: nothing was sent before by what people upload from."""

_HEADS: Final[Mapping[str, str]] = {
    **{name: name for name in COLUMNS},
    "tipo_documento": "document_type",
    "tipo_de_documento": "document_type",
    "numero_documento": "document_number",
    "numero_de_documento": "document_number",
    "documento": "document_number",
    "id_externo": "external_id",
    "id_cliente": "external_id",
    "id": "external_id",
    "canal": "channel",
    "fecha_envio": "sent_at",
    "fecha_de_envio": "sent_at",
    "destinatarios": "recipients",
    "destinatario": "recipients",
    "estado": "state",
}
CHANNELS: Final[Mapping[str, str]] = {
    **{name: name for name in ("sms", "call", "email", "push", "whatsapp", "visit", "web")},
    "llamada": "call",
    "correo": "email",
    "mail": "email",
    "visita": "visit",
}
WITHOUT_ADDRESS: Final = frozenset({"visit", "web", "note"})
"""Channels that need no recipient."""
STATES: Final[Mapping[str, tuple[str, bool]]] = {
    "scheduled": ("scheduled", False),
    "programada": ("scheduled", False),
    "sent": ("submitted", False),
    "enviada": ("submitted", False),
    "delivered": ("delivered", False),
    "entregada": ("delivered", False),
    "read": ("read", False),
    "leida": ("read", False),
    "unread": ("unread", False),
    "no_leida": ("unread", False),
    "answered": ("delivered", True),
    "respondida": ("delivered", True),
    "failed": ("failed", False),
    "fallida": ("failed", False),
    "expired": ("expired", False),
    "vencida": ("expired", False),
    "invalid": ("invalid", False),
    "invalida": ("invalid", False),
    "cancelled": ("cancelled", False),
    "cancelada": ("cancelled", False),
}
"""Words of the upload: the state of the log, and whether it was answered."""
LEFT: Final = frozenset({"submitted", "delivered", "read", "unread"})
"""States in which a contact was made, so that caps count it."""
REACHED: Final = frozenset({"delivered", "read", "unread"})

_AT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)Z?", re.ASCII)
_SPLIT: Final = re.compile(r"[;,|\n]")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Faulty:
    """Why a head or a row cannot be taken."""

    field: str
    code: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A contact as a row tells it."""

    channel: str
    at: int
    """Unix ms."""
    recipients: tuple[str, ...]
    state: str
    answered: bool
    document_type: str | None
    document_number: str | None
    external_id: str | None

    @property
    def counts(self) -> bool:
        """Returns whether somebody was contacted: not what is yet to go, or went wrong."""
        return self.state in LEFT and self.channel not in {"web", "note"}

    @property
    def reached(self) -> bool:
        return self.state in REACHED or self.answered

    def key(self, recipient: str | None) -> str:
        """Returns what one contact is known by, so that the same sheet again enters nothing twice."""
        who = self.external_id or f"{self.document_type or ''} {self.document_number or ''}"
        said = "\x1f".join((self.channel, str(self.at), who, recipient or ""))
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def folded(word: str) -> str:
    """Returns a word without accents, case and signs: `Nº de Documento` is `n_de_documento`."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each))
    return _NOT_WORD.sub("_", plain.casefold()).strip("_")


def columns_of(head: Sequence[str]) -> dict[str, int] | Faulty:
    """Returns the place of each column that the head names; what it names beside is left alone."""
    found: dict[str, int] = {}
    for place, cell in enumerate(head):
        name = _HEADS.get(folded(cell))
        if name is None:
            continue
        if name in found:
            return Faulty(name, "head_twice", cell[:60])
        found[name] = place
    for name in ("channel", "sent_at", "state"):
        if name not in found:
            return Faulty(name, "head_missing")
    if "document_number" not in found and "external_id" not in found:
        return Faulty("document_number", "head_missing")
    if "recipients" not in found:
        return Faulty("recipients", "head_missing")
    return found


def told(row: Sequence[str], columns: Mapping[str, int], numbers: Numbers, now: int) -> Told | Faulty:
    """Returns the contact that a row tells, or the first thing that is wrong with it. `now` is Unix ms."""
    cells = {name: row[place].strip() if place < len(row) else "" for name, place in columns.items()}
    number, person = cells.get("document_number", ""), cells.get("external_id", "")
    if not number and not person:
        return Faulty("document_number", "missing")
    for name in ("document_type", "document_number", "external_id"):
        value = cells.get(name, "")
        if len(value) > CELL_MAX or not value.isprintable():
            return Faulty(name, "unreadable", value[:60])
    return checked(
        channel=cells["channel"],
        sent_at=cells["sent_at"],
        recipients=_SPLIT.split(cells["recipients"]),
        state=cells["state"],
        document=(cells.get("document_type") or None, number or None, person or None),
        numbers=numbers,
        now=now,
    )


def checked(
    *,
    channel: str,
    sent_at: str,
    recipients: Sequence[str],
    state: str,
    document: tuple[str | None, str | None, str | None],
    numbers: Numbers,
    now: int,
) -> Told | Faulty:
    """Returns a contact whose person is `document` (type, number, external id), or what is wrong with it."""
    way = CHANNELS.get(folded(channel))
    if way is None:
        return Faulty("channel", "missing" if not channel else "unknown", channel[:60])
    at = moment(sent_at)
    if at is None:
        return Faulty("sent_at", "missing" if not sent_at else "not_a_time", sent_at[:60])
    word = STATES.get(folded(state))
    if word is None:
        return Faulty("state", "missing" if not state else "unknown", state[:60])
    if at > now + SKEW_MS and word[0] != "scheduled":
        return Faulty("sent_at", "in_future", sent_at[:60])
    given = [one.strip() for one in recipients if one.strip()]
    if not given and way not in WITHOUT_ADDRESS:
        return Faulty("recipients", "missing")
    if len(given) > RECIPIENTS_MAX:
        return Faulty("recipients", "too_many", str(len(given)))
    found: list[str] = []
    for one in given:
        address = address_of(way, one, numbers)
        if address is None:
            return Faulty("recipients", "not_an_address", one[:60])
        found.append(address)
    return Told(way, at, tuple(dict.fromkeys(found)), *word, *document)


def moment(text: str) -> int | None:
    """Returns the instant (Unix ms) of `YYYY-MM-DD HH:mm:ss` in UTC; None where it is none, or before 2000."""
    match = _AT.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        at = int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None
    return at if at >= OLDEST_MS else None


def address_of(channel: str, raw: str, numbers: Numbers) -> str | None:
    """Returns an address as the gateway writes it; None where it is none of that channel."""
    try:
        if channel == "email":
            return addresses.email(raw)
        if channel == "push":
            return addresses.push(raw)
        if channel in {"web", "note"} and not raw.lstrip("+").isdecimal():
            return addresses.email(raw)
        text = raw.lstrip("'\t ")
        # The country's code stands first, sign or not: 5491150000001 is a whole number.
        if not text.startswith("+"):
            text = f"+{text.removeprefix('00')}"
        return numbers.parse(text, fixed=True).e164
    except (NumberError, addresses.AddressError):
        return None
