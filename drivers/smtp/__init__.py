"""Mail accounts: messages submitted over SMTP (RFC 5321, 6409), bounces and replies read over IMAP (RFC 3501).

`driver` is what the gateway loads. Pure: `compose` makes a mail, `writing` its octets, `proofreading` reads it back;
`replies` is what a server's answer means, `diagnosis` whose fault it may be; `received` is what mails that come in say;
`unsubscribe` makes the links by which a person wants no more. At the edges: `session` (one connection), `mailbox`
(IMAP), `listening` (looks into it), `oauth` (tokens), `line`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.smtp.entry import SmtpDriver, driver

__all__ = ["SmtpDriver", "driver"]


def __getattr__(name: str) -> Any:
    """Loads the driver when it is asked for: a house without mail accounts never imports it."""
    if name in __all__:
        from drivers.smtp import entry

        return getattr(entry, name)
    raise AttributeError(name)
