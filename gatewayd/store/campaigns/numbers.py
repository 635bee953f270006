"""Numbers of campaigns: each is one campaign's for ever, whatever was removed and whatever copy was put back.

People know a campaign by its number: it stands in links, mails, the audit trail and the names of jobs. SQLite gives the
number of a removed row out again, and a store that was put back those of what came after the copy was made.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, given, merging

STEP: Final = 1_000
"""After a copy was put back numbers go on at the next multiple of it: drafts leave no trace outside of the store."""
_FLOOR_KEY: Final = "campaign_numbers"
_HIGHEST: Final = Statement(select(func.coalesce(func.max(tables.campaign.c.id), 0)))
_FLOOR: Final = Statement(
    select(tables.setting.c.value).where(tables.setting.c.key == given(tables.setting.c.key)), "p_key"
)
_SET_FLOOR: Final = merging(tables.setting, "key value", "key", replace="value")


def last(session: Session) -> int:
    """Returns the highest number that is known to have been given out."""
    found, floor = session.one(_HIGHEST), session.one(_FLOOR, _FLOOR_KEY)
    assert found is not None
    return max(int(found[0]), 0 if floor is None else int(floor[0]))


def following(session: Session) -> int:
    """Returns the number of the next campaign, for a store that has no sequence of its own."""
    return last(session) + 1


def used(session: Session, number: int) -> None:
    """Remembers a number whose campaign is going."""
    if number >= last(session):
        session.run(_SET_FLOOR, _FLOOR_KEY, str(number))


def skip(session: Session, beyond: int) -> int:
    """Lets numbers go on far above those that the store knows, and above `beyond`, which was given out elsewhere.
    Returns the last one that is left out."""
    floor = (max(last(session), beyond) // STEP + 1) * STEP
    session.run(_SET_FLOOR, _FLOOR_KEY, str(floor))
    if not session.sqlite:
        session.plain(f"SELECT setval(pg_get_serial_sequence('campaign', 'id'), {floor})")
    return floor
