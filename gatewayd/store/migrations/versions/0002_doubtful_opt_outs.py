"""Doubtful opt-outs, and long texts that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PART = sa.table(
    "inbound_part",
    sa.column("line", sa.Text),
    sa.column("sender", sa.Text),
    sa.column("reference", sa.Integer),
    sa.column("total", sa.Integer),
)
_SET = (_PART.c.line, _PART.c.sender, _PART.c.reference, _PART.c.total)


def upgrade() -> None:
    op.add_column("inbound", sa.Column("review", sa.Text()))
    connection = op.get_bind()
    joined = sa.select(*_SET).group_by(*_SET).having(sa.func.count() == _PART.c.total)
    for values in connection.execute(joined).fetchall():
        same = [column == value for column, value in zip(_SET, values, strict=True)]
        connection.execute(sa.update(_PART).where(*same).values(total=-_PART.c.total))
