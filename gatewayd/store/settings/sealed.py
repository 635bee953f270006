"""Every secret that the store keeps sealed, so that all of them can be sealed with another key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, select, update

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, given

_LINE: Final = tables.line_secret
_USER: Final = tables.user
_WEBHOOK: Final = tables.webhook


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed secret, and where it stands."""

    kind: str
    """line, totp, totp_offered, webhook."""
    row: tuple[Any, ...]
    """Line and key; number of the user; number of the webhook."""
    owner: str
    """Account of a webhook; else empty."""
    text: str


def sealed(connection: Connection) -> Sequence[Sealed]:
    """Returns every sealed secret."""
    found = [
        Sealed("line", (row[0], row[1]), "", row[2])
        for row in connection.execute(
            select(_LINE.c.line, _LINE.c.key, _LINE.c.sealed).order_by(_LINE.c.line, _LINE.c.key)
        )
    ]
    for kind, column in (("totp", _USER.c.totp), ("totp_offered", _USER.c.totp_offered)):
        rows = connection.execute(select(_USER.c.id, column).where(column.is_not(None)).order_by(_USER.c.id))
        found += [Sealed(kind, (row[0],), "", row[1]) for row in rows]
    hooks = (
        select(_WEBHOOK.c.id, tables.account.c.name, _WEBHOOK.c.secrets)
        .join_from(_WEBHOOK, tables.account, tables.account.c.id == _WEBHOOK.c.account_id)
        .where(_WEBHOOK.c.secrets.is_not(None))
        .order_by(_WEBHOOK.c.id)
    )
    return [*found, *(Sealed("webhook", (row[0],), row[1], row[2]) for row in connection.execute(hooks))]


def _swap(table: Table, column: Column[Any], *keys: str) -> Statement:
    """Returns an UPDATE that replaces a secret where it is still the one that was read."""
    clause = update(table).values({column: given(column, "p_new")})
    for key in keys:
        clause = clause.where(table.c[key] == given(table.c[key], f"k_{key}"))
    names = ["p_new", *(f"k_{key}" for key in keys), "k_old"]
    return Statement(clause.where(column == given(column, "k_old")), " ".join(names))


_SWAPS: Final = {
    "line": _swap(_LINE, _LINE.c.sealed, "line", "key"),
    "totp": _swap(_USER, _USER.c.totp, "id"),
    "totp_offered": _swap(_USER, _USER.c.totp_offered, "id"),
    "webhook": _swap(_WEBHOOK, _WEBHOOK.c.secrets, "id"),
}


def replace(session: Session, one: Sealed, text: str) -> bool:
    """Keeps a secret as it is sealed anew; False where somebody has entered another one meanwhile."""
    return bool(session.run(_SWAPS[one.kind], text, *one.row, one.text))
