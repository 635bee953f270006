"""`gatewayd submit`."""

from __future__ import annotations

from pathlib import Path

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.cli.surveying import refusal, show_survey, survey_of_job
from gatewayd.errors import GatewayError, NotFoundError, UsageError
from gatewayd.translation import gettext as _


@click.command(help=_("Put a job file, and the files it names, into the spool the safe way."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", help=_("Whose job it is (default: the only account there is)."))
@click.option("--dry-run", is_flag=True, help=_("Only show how its list is read and what would be sent."))
@output.json_option
def submit(file: Path, account: str | None, dry_run: bool, as_json: bool) -> None:
    from spool import submit as way_in
    from spool.errors import JobFileError, SpoolError
    from spool.folders import Spool

    with session() as open_session:
        config = open_session.config
    if dry_run:
        show_survey(lambda: survey_of_job(file, config), file, config.locale, as_json)
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
    try:
        job = way_in.submit(spool, file, account)
    except JobFileError as error:
        raise GatewayError(refusal(file, error, config.locale)) from error
    except SpoolError as error:
        raise GatewayError(str(error)) from error
    if as_json:
        output.emit({"account": account, "job": job})
    else:
        print(f"{account}/{job}")


def _only(accounts: list[str]) -> str:
    if len(accounts) == 1:
        return accounts[0]
    if not accounts:
        raise UsageError(_("there is no account yet: gatewayd account create NAME"))
    raise UsageError(_("whose job is it? --account {accounts}").format(accounts=" | ".join(accounts)))
