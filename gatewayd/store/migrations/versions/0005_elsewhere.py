"""Queues of messages that some of their lines cannot carry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("queue") as table:
        table.add_column(sa.Column("without", sa.Text(), nullable=False, server_default=sa.text("''")))
        table.drop_constraint("uq_queue_job_id_prefix", type_="unique")
        table.create_unique_constraint("uq_queue_job_id_prefix_without", ["job_id", "prefix", "without"])
