"""How fast a job goes, and over which lines: what may be changed of it while it runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from gatewayd.store.commands import JobChange, JobPace
from gatewayd.store.sending.jobs import infos
from gatewayd.store.session import Session, Statement, given, setting
from gatewayd.store.tables import job

_OF: Final = Statement(
    select(job.c.state, job.c.content, job.c.pace_group, job.c.pace).where(job.c.id == given(job.c.id)), "p_id"
)
_SET_PACE: Final = setting(job, "pace_group pace", "id")
_SET_CONTENT: Final = setting(job, "content", "id")


def change(session: Session, job_id: int, pace: JobPace | None, lines: Sequence[str] | None) -> JobChange | None:
    """Gives a job its pace and its lines (empty: any; None: those it has); returns it as the dispatcher is to know it,
    None where it has both already or can send no more."""
    found = session.one(_OF, job_id)
    if found is None or found[0] not in {"running", "paused"}:
        return None
    state, content, group, segments = found
    changed = False
    if pace != (None if group is None or segments is None else JobPace(group, segments)):
        session.run(_SET_PACE, *((None, None) if pace is None else (pace.group, pace.segments)), job_id)
        changed = True
    said = json.loads(content)
    if lines is not None and list(said.get("lines") or ()) != list(lines):
        said["lines"] = list(lines)
        if not lines:
            del said["lines"]
        session.run(_SET_CONTENT, json.dumps(said, ensure_ascii=False), job_id)
        changed = True
    return JobChange(job_id, state, infos(session, job_id)) if changed else None
