"""What an unfriendly stranger tries: the gateway says no, goes on, and keeps its books."""

from __future__ import annotations

import json
import os

import pytest

from gatewayd.values.errors import UsageError
from tests.rig.trial import Trial, job, trial

__all__ = ["trial"]


def test_a_file_whose_name_is_no_text_is_refused_and_can_be_looked_at(trial: Trial) -> None:
    gateway, _ = trial(1)
    incoming = gateway.spool.folder("incoming", "norte")
    (incoming / ".tmp").write_text(json.dumps(job("bien")))
    (incoming / ".tmp").rename(incoming / os.fsdecode(b"mal\xff.json"))
    overview = gateway.wait_overview(lambda snapshot: any(each["state"] == "refused" for each in snapshot["events"]))
    assert "norte/mal\\udcff.json" in {event["subject"] for event in overview["events"]}
    gateway.drop(job("bien"))
    gateway.wait_job("bien")


def test_a_cursor_that_no_list_gave_is_wrong_usage(trial: Trial) -> None:
    gateway, _ = trial(1)
    for cursor in ("9" * 30, "-" + "9" * 30, "9" * 5000, "x"):
        for operation in ("job.list", "account.statement"):
            keys = {"account": "norte"} if operation == "account.statement" else {}
            with pytest.raises(UsageError):
                gateway.call(operation, cursor=cursor, **keys)


def test_an_account_is_never_charged_in_another_currency(trial: Trial) -> None:
    gateway, simulator = trial(1)
    gateway.call("account.create", account="este", currency="USD")
    gateway.call("account.credit", account="este", amount="10")
    gateway.drop(job("dolares"), account="este")
    rejected = gateway.spool.folder("rejected", "este")
    gateway.wait_files(rejected, 2)
    error = json.loads((rejected / "dolares.json.error.json").read_text())
    assert error["code"] == "value_invalid"
    assert "USD" in error["message"]
    assert gateway.call("account.show", account="este")["balance"] == "10.00"
    assert not simulator.texts()
