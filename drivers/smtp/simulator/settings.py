"""How a simulated mail server behaves, and the faults that wait for their stage. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from drivers.simulation.faults import struck
from drivers.simulation.settings import SettingError

KINDS: Final = ("reply", "drop", "slow")
STAGES: Final = ("connect", "ehlo", "auth", "mail", "rcpt", "data", "end", "imap", "token")


@dataclass(slots=True)
class Settings:
    latency_s: float = 0.0
    """Before the answer to a message's end."""
    auth: bool = True
    """Whether it asks for a login."""
    user: str = "cuenta@example.net"
    password: str = "clave-de-prueba"  # noqa: S105 - a simulated account's
    mechanisms: str = "LOGIN PLAIN"
    """Logins that EHLO and the mailbox offer; `XOAUTH2` alone is a server that wants tokens."""
    refresh_token: str = "ficha-de-renovacion"  # noqa: S105 - a simulated account's
    client_secret: str = "secreto-de-aplicacion"  # noqa: S105
    token_life_s: float = 3600.0
    """What the token endpoint tells of the tokens it gives; the last one given is good."""
    folder: str = "INBOX"
    """The mailbox's folder, spelled as IMAP does."""
    keywords: bool = True
    """Whether the mailbox keeps flags of a program's own."""
    dsn: bool = False
    """Whether EHLO offers DSN (RFC 3461)."""
    utf8: bool = False
    """Whether EHLO offers SMTPUTF8; read at start."""
    size: int = 33_554_432
    """Limit that EHLO tells; read at start."""
    greylist_s: float = 0.0
    """A sender and recipient never seen before are put off once with 451 and this many seconds; 0: not."""


@dataclass(slots=True)
class Fault:
    """What goes wrong at a stage: an answer, a dropped connection, a delay before going on."""

    kind: str
    stage: str
    code: int = 451
    text: str = "4.3.0 simulated"
    delay_s: float = 0.0
    taken: bool = False
    """At `end`: whether the message counts as taken all the same."""
    address: str = ""
    """At `mail` and `rcpt`: only for arguments that hold this; at `imap`: for commands, as `LOGIN`, `UID FETCH 3 `."""
    count: int | None = 1
    """How many times; None: always."""
    skip: int = 0


@dataclass(slots=True)
class Faults:
    """The faults to come, in order."""

    waiting: list[Fault] = field(default_factory=list)

    def take(self, stage: str, argument: str = "") -> Fault | None:
        """Returns the fault that strikes now, counted down."""
        return struck(self.waiting, lambda fault: fault.stage == stage and fault.address in argument)


def make_fault(given: Mapping[str, Any]) -> Fault:
    """Makes a fault from its table; raises SettingError."""
    known = {each.name for each in fields(Fault)}
    if given.get("kind") not in KINDS or given.get("stage") not in STAGES or not given.keys() <= known:
        raise SettingError(f"a fault has kind {KINDS}, stage {STAGES} and {sorted(known)}")
    return Fault(**given)
