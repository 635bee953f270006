"""`gatewayd submit`."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayd.cli import completion, output
from gatewayd.cli.session import session
from gatewayd.cli.surveying import lines_of, refusal, show_survey, survey_of_job
from gatewayd.values.errors import GatewayError, NotFoundError, UsageError
from gatewayd.words.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.cli.session import Session
    from spool.document import JobDocument
    from spool.folders import Spool


@click.command(help=_("Put a job file, and the files it names, into the spool the safe way."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--account", shell_complete=completion.accounts, help=_("Whose job it is (default: the only account there is).")
)
@click.option("--dry-run", is_flag=True, help=_("Only show how its list is read and what would be sent."))
@click.option("--no-wait", is_flag=True, help=_("Do not wait until the daemon has recorded or refused it."))
@output.json_option
def submit(file: Path, account: str | None, dry_run: bool, no_wait: bool, as_json: bool) -> None:
    from spool import submit as way_in
    from spool.errors import JobFileError, SpoolError
    from spool.folders import Spool

    with session() as open_session:
        config = open_session.config
        if dry_run:
            named = partial(_with_template, open_session, account)
            lines = partial(lines_of, open_session)
            show_survey(lambda: survey_of_job(file, config, lines, named), file, config.locale, as_json)
            return
    spool = Spool(config.spool.path)
    try:
        accounts = spool.accounts()
    except SpoolError:
        accounts = []
    if account is None:
        account = _only(accounts)
    elif account not in accounts:
        raise NotFoundError(
            _("no account {account}: there is no such folder in {spool}").format(
                account=account, spool=spool.path / "incoming"
            )
        )
    began = time.time_ns()
    try:
        job = way_in.submit(spool, file, account)
    except JobFileError as error:
        raise GatewayError(refusal(file, error, config.locale)) from error
    except SpoolError as error:
        raise GatewayError(str(error)) from error
    recorded = None if no_wait else _wait(spool, account, job, began)
    if as_json:
        output.emit({"account": account, "job": job, "recorded": bool(recorded)})
    else:
        print(f"{account}/{job}")
    if recorded is False:
        print(
            _("gatewayd: not picked up yet, it waits in {folder}; is the daemon running? See gatewayd status").format(
                folder=spool.path / "incoming" / account
            ),
            file=sys.stderr,
        )


def _with_template(open_session: Session, account: str | None, document: JobDocument) -> JobDocument:
    """Returns a job with the words of the stored template that it names, as the store has them now."""
    from spool import stored
    from spool.errors import JobFileError

    owner = account or _only([one["name"] for one in open_session.ask("account.list")["items"]])
    version = document.template_version
    asked = {"account": owner, "template": document.template, "channel": document.channel}
    try:
        found = open_session.ask("template.show", **asked, version=version)
    except NotFoundError:
        kind = "template_unknown" if version is None else "template_version"
        name = document.template
        raise JobFileError(
            "template_unknown", kind, file=document.file, field="template", name=name, version=version
        ) from None
    company = open_session.ask("account.settings", account=owner)["company"]
    return stored.filled(document, found["version"], found["content"], dict.fromkeys(("empresa", "company"), company))


WAIT_S: Final = 10.0
"""A small job is recorded in a moment; a daemon that has not begun by then is away or has much to do."""
LONGEST_S: Final = 600.0
"""While the daemon reads a large list."""
STEP_S: Final = 0.05


def _wait(spool: Spool, account: str, job: str, began: int) -> bool:
    """Waits until the job has left `incoming`; False where nobody takes it. GatewayError when it was refused."""
    waiting = spool.folder("incoming", account) / f"{job}.json"
    working = spool.folder(".intake", account)
    until = time.monotonic() + WAIT_S
    last = time.monotonic() + LONGEST_S
    while waiting.exists():
        now = time.monotonic()
        if spool.is_held() is False:
            return False
        if now > last or (now > until and not _taken(working)):
            return False
        time.sleep(STEP_S)
    refused = _refused(spool.folder("rejected", account), job, began)
    if refused is not None:
        place = f" {refused['field']}:" if refused["field"] else ""
        at = "".join(f":{refused[key]}" for key in ("line", "column") if refused[key] is not None)
        raise GatewayError(f"{refused['file'] or job}{at}: {refused['code']}:{place} {refused['message']}")
    return True


def _taken(folder: Path) -> bool:
    """Whether the daemon has something of this account in its hands, as far as this user may see."""
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _refused(folder: Path, job: str, began: int) -> dict[str, Any] | None:
    """The error of the newest refused file of that name, not older than this command."""
    found: list[tuple[int, Path]] = []
    with suppress(OSError):
        found += [(path.stat().st_mtime_ns, path) for path in folder.glob(f"{job}.*json.error.json")]
    if not found or max(found)[0] < began - 1_000_000_000:
        return None
    try:
        document = json.loads(max(found)[1].read_bytes())
        return {key: document[key] for key in ("file", "code", "field", "line", "column", "message")}
    except (OSError, ValueError, KeyError, TypeError):
        nothing = dict.fromkeys(("file", "field", "line", "column"))
        return {**nothing, "code": "refused", "message": str(max(found)[1])}


def _only(accounts: list[str]) -> str:
    if len(accounts) == 1:
        return accounts[0]
    if not accounts:
        raise UsageError(_("there is no account yet: gatewayd account create NAME"))
    raise UsageError(_("whose job is it? --account {accounts}").format(accounts=" | ".join(accounts)))
