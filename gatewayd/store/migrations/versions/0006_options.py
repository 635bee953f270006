"""What a message tells its line alone, apart from what everybody may see of it."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MESSAGE = sa.table(
    "message", sa.column("id", sa.BigInteger), sa.column("detail", sa.Text), sa.column("options", sa.Text)
)
_AT_ONCE = 200
"""Rows; each may hold a whole page of HTML."""
_TRIES = ("retried", "undecided")
"""What was kept beside the rendered texts, under names that no text has."""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def upgrade() -> None:
    op.add_column("message", sa.Column("options", sa.Text()))
    connection = op.get_bind()
    mixed = sa.select(_MESSAGE.c.id, _MESSAGE.c.detail).where(_MESSAGE.c.detail.like('%"options":%'))
    apart = (
        sa.update(_MESSAGE)
        .where(_MESSAGE.c.id == sa.bindparam("number"))
        .values(detail=sa.bindparam("shown"), options=sa.bindparam("kept"))
    )
    last = 0
    while rows := connection.execute(
        mixed.where(_MESSAGE.c.id > last).order_by(_MESSAGE.c.id).limit(_AT_ONCE)
    ).fetchall():
        last = rows[-1][0]
        connection.execute(apart, [_apart(number, detail) for number, detail in rows])


def _apart(number: int, detail: str) -> dict[str, object]:
    """Returns a message's two columns."""
    shown = json.loads(detail)
    texts = shown.pop("options", None)
    if texts is None:
        # What it resembles is a value, such as what stood in a list.
        return {"number": number, "shown": detail, "kept": None}
    kept = {name: texts.pop(name) for name in _TRIES if name in texts}
    options = ({"texts": texts} if texts else {}) | kept
    return {"number": number, "shown": _json(shown) if shown else None, "kept": _json(options)}
