"""How a line's own mails are recognised in what comes back. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from drivers.smtp.received.mime import Headers, Part, parse, read_headers
from drivers.smtp.received.page import plain
from drivers.smtp.unsubscribe import Links

_ATTEMPT: Final = r"[0-9A-HJKMNP-TV-Z]{26}"
_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]{1,253}")
_ENVELOPE_HEADERS: Final = (
    *("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to", "apparently-to"),
    *("to", "x-forwarded-to", "x-gm-original-to"),
)
"""Where mail servers write which address a mail was delivered to."""
TEXT_MAX: Final = 65_536
"""Characters of a text that are searched for one of our Message-IDs."""

_COPY_BEGINS: Final = (
    *("--- below this line is a copy of the message", "------ this is a copy of", "--- this is a copy of"),
    *("------ this is a copy of your message", "----- original message header", "------ original message"),
    *(
        "----- original message -----",
        "----- message header follows -----",
        "--- the message was:",
        "original message headers",
    ),
    *("----- mensaje original", "--- the header of the original message is following", "----- header"),
    *("--- original message follows", "----- message text follows", "received: from", "return-path:", "message-id:"),
    "encabezados de mensajes originales",
)


def addresses_in(values: Iterable[str]) -> frozenset[str]:
    """Finds all e-mail addresses in some headers, in lower case."""
    return frozenset(found[0].casefold() for value in values for found in _ADDRESS.finditer(value))


def address_in(value: str) -> str:
    """Returns the address of a From header in lower case, that in angle brackets, else the first; empty without any."""
    _, opened, rest = value.rpartition("<")
    inner = rest.partition(">")[0].strip() if opened else ""
    if _ADDRESS.fullmatch(inner):
        return inner.casefold()
    found = _ADDRESS.search(value)
    return found[0].casefold() if found else ""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who a mail of ours went to."""

    to: frozenset[str]
    cc: frozenset[str] = frozenset()

    def concerns(self, recipient: str | None) -> bool:
        """Returns whether the fate of `recipient` is the message's.

        That of somebody in copy is not, nor that of a stranger where there are copies that may have been forwarded.
        """
        if recipient is None or not (self.to or self.cc):
            return not self.cc
        folded = recipient.casefold()
        return folded in self.to or (folded not in self.cc and not self.cc)


@dataclass(frozen=True, slots=True)
class Identity:
    """Of one line: the domain of its Message-IDs, where its bounces go, and the links it puts into mails."""

    address: str
    bounce_address: str | None = None
    links: Links | None = None
    copied: Mapping[str, Recipients] = field(default_factory=dict)
    """Who lately sent mails with copies went to, by attempt: for a bounce that returns no headers."""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].encode("idna").decode()

    @property
    def message_ids(self) -> re.Pattern[str]:
        return re.compile(rf"<?({_ATTEMPT})@{re.escape(self.domain)}>?", re.IGNORECASE)

    @property
    def bounces(self) -> re.Pattern[str] | None:
        """Matches an address that holds an attempt's id; None where the configured one does not."""
        before, found, after = (self.bounce_address or "").partition("{attempt}")
        if not found:
            return None
        return re.compile(rf"{re.escape(before)}({_ATTEMPT}){re.escape(after)}", re.IGNORECASE)

    def message_id(self, attempt: str) -> str:
        return f"<{attempt}@{self.domain}>"

    # ---------------------------------------------------------------------------------------------------- which message

    def by_address(self, mail: Part) -> str | None:
        """Finds the attempt in the address that a bounce came to."""
        if (pattern := self.bounces) is not None:
            for name in _ENVELOPE_HEADERS:
                for value in mail.headers.all(name):
                    if found := pattern.search(value):
                        return found[1].upper()
        return None

    def by_envelope(self, envelope_id: str) -> str | None:
        found = re.fullmatch(_ATTEMPT, envelope_id.strip(), re.IGNORECASE)
        return found[0].upper() if found else None

    def in_headers(self, headers: Headers, *names: str) -> str | None:
        """Finds the attempt whose Message-ID stands in one of those headers."""
        for name in names:
            for value in headers.all(name):
                if found := self.message_ids.search(value):
                    return found[1].upper()
        return None

    def in_text(self, text: str) -> str | None:
        """Finds the only attempt whose Message-ID stands in the text."""
        found = {each[1].upper() for each in self.message_ids.finditer(text[:TEXT_MAX])}
        return found.pop() if len(found) == 1 else None


def returned_headers(mail: Part) -> list[Headers]:
    """Finds the headers of the mail that is given back: whole, or headers alone, or within the text of the bounce."""
    given = []
    for part in mail.walk():
        if part.kind in ("message/rfc822", "message/global"):
            given += [each.headers for each in part.parts]
        elif part.holds_headers:
            given.append(read_headers(part.text()))
        elif part is not mail and part.kind == "application/octet-stream":
            # Servers that do not know what they return.
            headers = parse(part.data()).headers
            if "message-id" in headers:
                given.append(headers)
    if not given and (text := explanation(mail)):
        _, copy = split_copy(text)
        if copy:
            given.append(read_headers(copy))
    return given


def recipients_of(returned: Iterable[Headers]) -> Recipients:
    to: frozenset[str] = frozenset()
    cc: frozenset[str] = frozenset()
    for headers in returned:
        to |= addresses_in(headers.all("to"))
        cc |= addresses_in(headers.all("cc"))
    return Recipients(to, cc - to)


def explanation(mail: Part) -> str:
    """Returns the first text for people in a bounce."""
    for part in mail.own():
        if part.kind == "text/plain" and (text := part.text()[:TEXT_MAX]).strip():
            return text
    return next((plain(part.text()[:TEXT_MAX]) for part in mail.own() if part.kind == "text/html"), "")


def split_copy(text: str) -> tuple[str, str]:
    """Splits a text into what the bounce says itself and the copy of our mail below, from its first header on."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        folded = line.strip().casefold()
        if folded.startswith(_COPY_BEGINS):
            begins = at if ":" in folded.partition(" ")[0] else at + 1
            while begins < len(lines) and not lines[begins].strip():
                begins += 1
            return "\n".join(lines[:at]), "\n".join(lines[begins:])
    return text, ""
