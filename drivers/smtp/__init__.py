"""Mail accounts: messages submitted over SMTP (RFC 5321, 6409), bounces and replies read over IMAP (RFC 3501).

`driver` is what the gateway loads. Pure: `compose` (a message as bytes), `replies` (what a server's answer means),
`bounces` (what a received mail says). At the edges: `session` (one connection), `mailbox` (IMAP), `line`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.smtp.entry import SmtpDriver, driver

__all__ = ["SmtpDriver", "driver"]


def __getattr__(name: str) -> Any:
    """The driver is loaded when it is asked for: a house without mail accounts never imports it."""
    if name in __all__:
        from drivers.smtp import entry

        return getattr(entry, name)
    raise AttributeError(name)
