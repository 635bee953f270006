"""What became of a mail, as its bounce says: by a delivery status (RFC 3464, 6533), or in words for people. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from drivers.base import DeliveryReport
from drivers.smtp.diagnosis import code_in, reason_of, status_in
from drivers.smtp.received.encoded import header_text
from drivers.smtp.received.identity import (
    Identity,
    Recipients,
    address_in,
    addresses_in,
    explanation,
    recipients_of,
    returned_headers,
    split_copy,
)
from drivers.smtp.received.mime import Headers, Part, read_headers

State = Literal["delivered", "undelivered", "pending"]

_STATES: Final[dict[str, State]] = {"failed": "undelivered", "delivered": "delivered", "delayed": "pending"}
"""Of RFC 3464 §2.3.3; `relayed` and `expanded` promise no further word and change nothing."""
_STATUS_PARTS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_BLOCKS_MAX: Final = 40
_DAEMONS: Final = (
    *("mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mailer_daemon", "mailsystem"),
    *("microsoftexchange329e71ec88ae4615bbc36ab6ce41109e", "mail.daemon", "bounce-"),
)
_FAILURES: Final = (
    *("undeliver", "delivery status notification", "delivery failure", "delivery has failed", "delivery failed"),
    *("failure notice", "mail delivery failed", "mail delivery failure", "returned mail", "no se puede entregar"),
    *("no se pudo entregar", "no se ha podido entregar", "error de entrega", "correo devuelto", "correo no entregado"),
    *("não foi possível entregar", "nao foi possivel entregar", "mensagem não entregue", "devolvido", "no entregado"),
    *("message not delivered", "non delivery", "non-delivery", "non remis", "unzustellbar", "mail system error"),
    *(
        "delivery problem",
        "rejected:",
        "warning: message",
        "delayed mail",
        "delivery delayed",
        "notificación de estado",
    ),
)
_DELAYS: Final = (
    *("(delay)", "delayed", "warning: message", "will be retried", "has not yet been delivered", "will keep trying"),
    *("still trying", "no action is required", "you do not need to", "demorad", "retrasad", "se reintentará"),
    *(
        "temporarily deferred",
        "será reenviada",
        "warning message only",
        "delay in delivering",
        "ainda não foi entregue",
    ),
)
_SUCCESSES: Final = ("successful mail delivery", "delivered:", "entregado:", "entregue:", "delivery receipt")
"""How subjects begin that tell of a mail that arrived; the texts below are too like those of failures."""
_ORIGINAL: Final = re.compile(r"^(?:final|original)-recipient:", re.IGNORECASE | re.MULTILINE)
_ACTION: Final = re.compile(r"^action:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Bounce:
    """`reports` are those of ours; without any, `matched` tells whether it was about a mail of ours at all."""

    reports: tuple[DeliveryReport, ...]
    matched: bool


@dataclass(frozen=True, slots=True)
class _Fate:
    """What one recipient met with."""

    state: State
    recipient: str | None
    reason: str | None


def bounce_of(mail: Part, identity: Identity, at: float) -> Bounce | None:
    """Reads what a bounce reports; None where the mail is none."""
    blocks = _blocks(mail)
    fates = [fate for block in blocks or () if (fate := _fate(block, mail)) is not None]
    if not fates and not (_from_daemon(mail) or blocks is not None):
        return None
    if not fates and not any(_field(block, "action") for block in blocks or ()):
        # A delivery status that says nothing (Gmail's may be empty), or none: the text for people says it.
        fates = _fates_in_text(mail)
    attempt = _attempt(mail, blocks or [], identity)
    if attempt is None:
        return Bounce((), matched=not fates)
    known = recipients_of(returned_headers(mail))
    if not (known.to or known.cc):
        known = identity.copied.get(attempt, Recipients(frozenset()))
    ours = [fate for fate in fates if known.concerns(fate.recipient)]
    to = next(iter(known.to)) if len(known.to) == 1 else None
    reference = identity.message_id(attempt)
    return Bounce(
        tuple(
            DeliveryReport(reference, to or fate.recipient, fate.state, fate.reason, at, attempt=attempt, part=1)
            for fate in ours
        ),
        matched=True,
    )


# --------------------------------------------------------------------------------------------------- a delivery status


def _blocks(mail: Part) -> list[Headers] | None:
    """Returns the groups of fields of a delivery status, the message's own first; None where the mail has none."""
    reports = mail.kind == "multipart/report" or _from_daemon(mail)
    for part in mail.walk():
        if part.parts:
            continue
        if part.kind in _STATUS_PARTS or (reports and _looks_like_status(part)):
            groups = part.text().strip("\n").split("\n\n", _BLOCKS_MAX)
            return [read_headers(group.lstrip("\n")) for group in groups[:_BLOCKS_MAX] if group.strip()]
    return None


def _looks_like_status(part: Part) -> bool:
    """Returns whether it is a delivery status by its fields, under a type that does not say so."""
    if part.kind.startswith("message/") or part.holds_headers:
        return False
    beginning = part.text()[:8192]
    return _ORIGINAL.search(beginning) is not None and _ACTION.search(beginning) is not None


def _fate(block: Headers, mail: Part) -> _Fate | None:
    action = _field(block, "action").partition(" ")[0].lower().rstrip(";")
    status = status_in(_field(block, "status"))
    state = _STATES.get(action)
    if not action and status is not None and status[0] in "45":
        state = "undelivered" if status[0] == "5" else "pending"
    if state is None:
        return None
    recipient = _recipient(block, "original-recipient") or _recipient(block, "final-recipient")
    if state == "delivered":
        return _Fate(state, recipient, None)
    diagnosis = _field(block, "diagnostic-code").partition(";")[2] or _field(block, "diagnostic-code")
    reason = reason_of(status, code_in(f"{diagnosis} "), diagnosis)
    if reason.startswith(("smtp_", "status_", "undelivered")):
        # Neither number nor diagnostic says it; the words for people may.
        told = reason_of(None, None, split_copy(explanation(mail))[0])
        reason = told if told != "undelivered" else reason
    return _Fate(state, recipient, reason)


def _recipient(block: Headers, name: str) -> str | None:
    """Returns the address of `rfc822; ana@example.com`."""
    value = _field(block, name)
    kind, separator, address = value.partition(";")
    return (address if separator else kind).strip().strip("<>") or None


def _field(block: Headers, name: str) -> str:
    return header_text(block.first(name))


# -------------------------------------------------------------------------------------------------- a text for people


def _from_daemon(mail: Part) -> bool:
    headers = mail.headers
    if "x-failed-recipients" in headers:
        return True
    subject = header_text(headers.first("subject")).casefold()
    sender = address_in(header_text(headers.first("from")))
    if sender.startswith(_DAEMONS) or "mailer-daemon" in headers.first("from").casefold():
        return True
    nobody = headers.first("return-path").replace(" ", "") == "<>"
    # A postmaster is a person, too, in a small house.
    machine = nobody or sender.startswith("postmaster@") or mail.kind == "multipart/report"
    return machine and any(word in subject for word in _FAILURES)


def _fates_in_text(mail: Part) -> list[_Fate]:
    """Reads what a text says; it names its recipients in a header of its own, or not at all."""
    subject = header_text(mail.headers.first("subject"))
    said, _ = split_copy(explanation(mail))
    beginning = f"{subject}\n{said[:4096]}".casefold()
    if beginning.startswith(_SUCCESSES) or "(success)" in subject.casefold():
        return []
    status, code = status_in(said), code_in(said)
    over = (status or "").startswith("5") or (code or 0) >= 500
    state: State = "pending" if not over and any(word in beginning for word in _DELAYS) else "undelivered"
    reason = reason_of(status, code, said)
    failed: list[str | None] = [*sorted(addresses_in(mail.headers.all("x-failed-recipients")))]
    if not failed:
        known = recipients_of(returned_headers(mail))
        named = addresses_in([said[:4096]])
        failed = [*sorted(named & known.to), *sorted(named & known.cc)] or [None]
    return [_Fate(state, recipient, reason) for recipient in failed]


# -------------------------------------------------------------------------------------------------------- which message


def _attempt(mail: Part, blocks: list[Headers], identity: Identity) -> str | None:
    """Finds the attempt: by where it was sent to, the envelope's id, and the Message-ID it quotes, in this order."""
    return next(_attempts(mail, blocks, identity), None)


def _attempts(mail: Part, blocks: list[Headers], identity: Identity) -> Iterator[str]:
    if attempt := identity.by_address(mail):
        yield attempt
    for block in blocks:
        if attempt := identity.by_envelope(_field(block, "original-envelope-id")):
            yield attempt
    for headers in returned_headers(mail):
        if attempt := identity.in_headers(headers, "message-id"):
            yield attempt
    if attempt := identity.in_headers(mail.headers, "in-reply-to", "references", "x-original-message-id"):
        yield attempt
    for part in mail.walk():
        if (
            not part.parts
            and part.kind.startswith(("text/", "message/"))
            and (attempt := identity.in_text(part.text()))
        ):
            yield attempt
