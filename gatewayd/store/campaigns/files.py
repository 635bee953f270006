"""Files that mails attach, kept with the templates and campaigns that attach them: once for each content, and gone with
the last one that attaches them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, func, select

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.session import Session, Statement, given, merging
from gatewayd.values.errors import ConflictError
from gatewayd.words.translation import gettext as _

ACCOUNT_MAX: Final = 200 << 20
"""Octets of all files that are kept for an account."""

Kind = Literal["template", "campaign"]

_F: Final = tables.kept_file.c
_U: Final = tables.file_use.c
_KNOWN: Final = Statement(
    select(_F.id).where(_F.account_id == given(_F.account_id), _F.sha256 == given(_F.sha256)), "p_account_id p_sha256"
)
_SUM: Final = Statement(
    select(func.coalesce(func.sum(_F.size), 0)).where(_F.account_id == given(_F.account_id)), "p_account_id"
)
_ADD: Final = merging(tables.kept_file, "account_id sha256 size data kept_at", "account_id sha256")
_USE: Final = merging(tables.file_use, "file_id kind owner", "file_id kind owner")
_RELEASE: Final = Statement(
    tables.file_use.delete().where(_U.kind == given(_U.kind), _U.owner == given(_U.owner)), "p_kind p_owner"
)
_ERASE: Final = Statement(tables.kept_file.delete().where(~select(_U.file_id).where(_U.file_id == _F.id).exists()), "")


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is to be kept."""

    sha256: str
    data: bytes


def data(connection: Connection, *, account: str, sha256: str) -> bytes | None:
    """Returns what a file of an account holds; None where it is not kept."""
    statement = (
        select(_F.data)
        .select_from(tables.kept_file.join(tables.account, tables.account.c.id == _F.account_id))
        .where(tables.account.c.name == account, _F.sha256 == sha256)
    )
    found = connection.scalar(statement)
    return None if found is None else bytes(found)


def sizes(connection: Connection, *, account: str, sha256: Iterable[str]) -> dict[str, int]:
    """Returns how large those of these files are that are kept for an account."""
    statement = (
        select(_F.sha256, _F.size)
        .select_from(tables.kept_file.join(tables.account, tables.account.c.id == _F.account_id))
        .where(tables.account.c.name == account, _F.sha256.in_(list(sha256)))
    )
    return {row[0]: int(row[1]) for row in connection.execute(statement)}


def keep(session: Session, account: str, new: Iterable[NewFile], now: int) -> None:
    """Keeps files of an account; of each content one. `use` follows in the same transaction.
    ConflictError where an account would have too many."""
    account_id = account_number(session.connection, account)
    for one in new:
        if session.one(_KNOWN, account_id, one.sha256) is not None:
            continue
        total = session.one(_SUM, account_id)
        if total is not None and int(total[0]) + len(one.data) > ACCOUNT_MAX:
            raise ConflictError(
                _("the files that templates attach are {limit} MiB already; remove a template first").format(
                    limit=ACCOUNT_MAX >> 20
                )
            )
        session.run(_ADD, account_id, one.sha256, len(one.data), one.data, now)


def use(session: Session, account: str, kind: Kind, owner: int, sha256: Iterable[str]) -> None:
    """Says that a template or campaign attaches these files. ConflictError where one is not kept (any more)."""
    account_id = account_number(session.connection, account)
    for each in sha256:
        found = session.one(_KNOWN, account_id, each)
        if found is None:
            raise ConflictError(_("a file that it attaches is kept no longer; attach it again. Nothing was saved"))
        session.run(_USE, int(found[0]), kind, owner)


def change(session: Session, account: str, campaign: int, sha256: Iterable[str], *, launched: object) -> None:
    """Says what a campaign attaches from now on; what one that was launched attached before stays: a run may still need
    it, and a resend. ConflictError as `use`."""
    if launched is None or launched is False:
        session.run(_RELEASE, "campaign", campaign)
    use(session, account, "campaign", campaign, sha256)
    erase(session)


def release(session: Session, kind: Kind, owner: int) -> None:
    """Says that a template or campaign attaches no file any more, and erases what nothing attaches."""
    if session.run(_RELEASE, kind, owner):
        erase(session)


def erase(session: Session) -> int:
    """Erases files that nothing attaches; returns how many."""
    return session.run(_ERASE)
