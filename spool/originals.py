"""The originals in `incoming`, once their copies are where they belong: removed, if they are still the same files.

All of a job's files go, or none: what is to go is written down first, so that a crash in between leaves neither a job
without its list nor a list without its job, which a later job would take for its own.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple
from typing import Final

from spool import durable
from spool.copies import Copy, Identity
from spool.folders import INCOMING, INTAKE, Spool

_ASIDE: Final = ".aside-"
"""Folders in which an original lies while it is looked at; the rest of the name is its identity."""
_NAME_LIMIT: Final = 50
_PLAN: Final = ".remove-"
"""Files that say what is being removed: a JSON list of name and identity."""


def remove(spool: Spool, account: str, plan: str, copies: Iterable[Copy]) -> None:
    """Removes the originals of `copies`; `plan` names the removal within the account."""
    todo = [(copy.lies_as or copy.name, *astuple(copy.identity)) for copy in copies]
    with spool.open(INTAKE, account) as intake:
        if len(todo) > 1:
            durable.replace(intake, _PLAN + plan, [json.dumps(todo).encode()])
        _carry_out(spool, account, todo)
        if len(todo) > 1:
            os.unlink(_PLAN + plan, dir_fd=intake)


def is_rest(name: str) -> bool:
    """Returns whether an entry of the private folder is a removal that a crash cut short, for `complete`."""
    return name.startswith(".")


def complete(spool: Spool, account: str, rest: str) -> None:
    """Finishes it. Only under the daemon's lock."""
    if rest.startswith(_ASIDE):
        _settle_aside(spool, account, rest)
        return
    with spool.open(INTAKE, account) as intake:
        if not rest.startswith(_PLAN):
            os.unlink(rest, dir_fd=intake)  # a plan that was never whole: nothing of it has begun
            return
        with os.fdopen(durable.open_file(intake, rest), "rb") as plan:
            todo = json.load(plan)
        _carry_out(spool, account, todo)
        os.unlink(rest, dir_fd=intake)


def _carry_out(spool: Spool, account: str, todo: Iterable[tuple[str, int, int, int, int]]) -> None:
    with spool.open(INCOMING, account) as incoming:
        for name, *identity in todo:
            _remove(spool, account, incoming, name, Identity(*identity))
            sys.audit(durable.FAILPOINT, "spool.original_removed")
        os.fsync(incoming)


def _remove(spool: Spool, account: str, incoming: int, name: str, identity: Identity) -> None:
    """Removes one file if it is still the one that was copied.

    A newer one may take its name between a look and an unlink, so the file is moved aside, looked at there, and put
    back if it is another. The folder's name keeps the identity, for a crash in between.
    """
    try:
        if Identity.of(os.stat(name, dir_fd=incoming, follow_symlinks=False)) != identity:
            return
    except FileNotFoundError:
        return
    folder = _ASIDE + "-".join(map(str, astuple(identity)))
    with durable.open_folder(spool.path, INTAKE, account) as intake, suppress(FileExistsError):
        os.mkdir(folder, 0o700, dir_fd=intake)
    with durable.open_folder(spool.path, INTAKE, account, folder) as aside, suppress(FileNotFoundError):
        os.rename(name, name, src_dir_fd=incoming, dst_dir_fd=aside)
    sys.audit(durable.FAILPOINT, "spool.original_aside")
    _settle_aside(spool, account, folder)


def _settle_aside(spool: Spool, account: str, folder: str) -> None:
    """Removes what lies aside if it is the file its folder is named for; puts back what is not."""
    identity = Identity(*(int(number) for number in folder.removeprefix(_ASIDE).split("-", 3)))
    with (
        durable.open_folder(spool.path, INTAKE, account) as intake,
        durable.open_folder(spool.path, INTAKE, account, folder) as aside,
    ):
        for name in durable.entries(aside):
            if Identity.of(os.stat(name, dir_fd=aside, follow_symlinks=False)) == identity:
                os.unlink(name, dir_fd=aside)
            else:
                _put_back(spool, account, aside, name)
        os.rmdir(folder, dir_fd=intake)


def _put_back(spool: Spool, account: str, aside: int, name: str) -> None:
    with spool.open(INCOMING, account) as incoming:
        try:
            durable.rename_new(name, name, aside, incoming)
        except FileExistsError:
            # A third one of that name replaces this one, as a rename by its writer would have; a folder is nobody's
            # job, and keeps another name.
            try:
                os.unlink(name, dir_fd=aside)
            except IsADirectoryError:
                durable.rename_new(name, f"{name[:_NAME_LIMIT]}~{secrets.token_hex(4)}", aside, incoming)
        os.fsync(incoming)
