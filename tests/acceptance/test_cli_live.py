"""The command line over a running daemon with simulated modems."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gatewayd.control import ControlClient
from tests.rig import Gateway, Simulator
from tests.rig.ports import free_port
from tests.rig.processes import ROOT, run


@dataclass(frozen=True)
class Trial:
    simulator: Simulator
    gateway: Gateway
    port: int

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(["--config", str(self.gateway.config), *arguments], timeout_s=100)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, ""), done
        return json.loads(done.stdout)

    def get(self, path: str) -> tuple[int, str, str]:
        """Status, content type and body."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status, answer.headers["content-type"], answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.headers["content-type"], error.read().decode()

    def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        status, content_type, body = self.get("/metrics")
        assert status == 200
        assert content_type.startswith("text/plain; version=0.0.4")
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(body)
            for sample in family.samples
        }

    def wait_ready(self, count: int = 2) -> None:
        """Until so many lines are ready, as the daemon's own stream of looks tells."""
        client = ControlClient.connect([self.gateway.folder / "control.sock"])
        assert client is not None
        for _, overview in zip(range(120), client.stream("watch", {}), strict=False):
            if sum(line["state"] in {"ready", "busy"} for line in overview["lines"]) >= count:
                break
        else:
            raise AssertionError(overview)
        client.close()


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    folder = tmp_path_factory.mktemp("trial")
    port = free_port()
    with Simulator(folder, 2) as simulator, Gateway(folder, simulator.ports, listen=f"127.0.0.1:{port}") as gateway:
        gateway.start()
        made = Trial(simulator, gateway, port)
        made.wait_ready()
        gateway.account("norte", "100")
        yield made


def metric(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_lines_as_they_are(trial: Trial) -> None:
    lines = trial.json("line", "list")["items"]
    assert [line["name"] for line in lines] == ["m0", "m1"]
    for line in lines:
        assert set(line) == {
            *("name", "driver", "channel", "enabled", "state", "reason", "rate", "signal", "operator", "sent_today"),
        }
        assert line["state"] in {"ready", "busy"}
        assert 0 <= line["signal"] <= 100
    shown = trial.json("line", "show", "m0")
    assert {key: shown[key] for key in ("name", "driver", "channel")} == {
        "name": "m0",
        "driver": "gsm",
        "channel": "sms",
    }
    assert trial.run("line", "show", "m9").returncode == 1


def test_a_line_is_taken_out_and_put_back(trial: Trial) -> None:
    assert trial.json("line", "disable", "m1")["state"] == "disabled"
    assert trial.json("line", "list")["items"][1]["enabled"] is False
    refused = trial.run("line", "test", "m1", "1159876543", "--account", "norte")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert trial.json("line", "enable", "m1")["enabled"] is True
    trial.wait_ready()


def test_a_test_message_goes_over_that_line(trial: Trial) -> None:
    sent = trial.json("line", "test", "m1", "011 15-5987-6543", "--text", "50% listo", "--account", "norte")
    assert sent["state"] in {"submitted", "delivered"}
    assert (sent["line"], sent["to"], sent["text"], sent["cost"]) == ("m1", "+5491159876543", "50% listo", "0.85")
    assert [one["text"] for one in trial.simulator.texts()][-1] == "50% listo"
    assert trial.json("message", "show", sent["message"])["message"] == sent["message"]
    assert trial.run("line", "test", "m1", "junk", "--account", "norte").returncode != 0


def test_a_test_that_cannot_be_says_so_and_leaves_nothing(trial: Trial) -> None:
    for arguments in (["--account", "NOBODY"], ["--text", ""], ["--text", "\x01"]):
        done = trial.run("line", "test", "m0", "1151000009", *arguments)
        assert done.returncode in {1, 2}, done
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
    assert trial.run("line", "test", "m0", "4").returncode == 2
    rejected = trial.gateway.spool.folder("rejected", "norte")
    assert not rejected.exists() or not list(rejected.iterdir())


def test_a_job_from_file_to_done(trial: Trial, tmp_path: Path) -> None:
    recipients = [{"to": f"11{51000000 + n}", "ref": f"C{n}"} for n in range(20)] + [{"to": "junk"}]
    file = tmp_path / "aviso.json"
    file.write_text(json.dumps({"channel": "sms", "text": "Hola", "recipients": recipients}))
    assert trial.json("submit", str(file), "--account", "norte") == {
        "account": "norte",
        "job": "aviso",
        "recorded": True,
    }
    file.write_text(json.dumps({"job": "aviso", "channel": "sms", "text": "Otro", "recipients": recipients}))
    done = trial.run("submit", str(file), "--account", "norte")
    assert done.returncode == 1
    assert "job_conflict" in done.stderr
    trial.gateway.wait_job("aviso")
    job = trial.json("job", "show", "aviso")
    assert job == trial.gateway.summary("aviso")
    assert (job["state"], job["counts"]["delivered"], job["counts"]["invalid"]) == ("done", 20, 1)
    assert job["cost"] == "17.00"
    listed = trial.json("job", "list", "--account", "norte")["items"]
    assert job in listed
    messages = trial.json("job", "messages", "norte/aviso")["items"]
    assert [one["row"] for one in sorted(messages, key=lambda one: one["row"])] == list(range(1, 22))
    (invalid,) = trial.json("job", "messages", "aviso", "--state", "invalid")["items"]
    assert (invalid["row"], invalid["reason"], invalid["final"]) == (21, "number_invalid", True)
    by_message = {one["message"]: one for one in trial.gateway.receipts("aviso") if one["final"]}
    for one in messages:
        receipt = by_message[one["message"]]
        assert {key: one[key] for key in receipt if key not in {"seq", "at"}} == {
            key: receipt[key] for key in receipt if key not in {"seq", "at"}
        }
    whole = trial.json("message", "show", messages[0]["message"])
    assert whole["attempts"][0]["parts"][0]["state"] == "delivered"
    table = trial.run("job", "messages", "aviso", "--limit", "3")
    assert "--cursor" in table.stdout
    assert trial.run("job", "pause", "aviso").returncode == 1, "nothing is left to pause"


def test_a_job_is_paused_resumed_and_cancelled(trial: Trial) -> None:
    trial.gateway.drop(
        {
            "job": "futuro",
            "channel": "sms",
            "text": "x",
            "recipients": [{"to": "1152000001"}],
            "not_before": "2040-01-01T00:00:00Z",
        }
    )
    trial.gateway.wait_job("futuro", lambda _: True)
    assert trial.json("job", "show", "futuro")["counts"]["scheduled"] == 1
    assert trial.json("job", "pause", "futuro")["state"] == "paused"
    assert trial.json("job", "resume", "futuro")["state"] == "running"
    assert trial.json("job", "cancel", "futuro")["state"] == "cancelled"
    ended = trial.gateway.wait_job("futuro", lambda summary: summary["counts"]["cancelled"] == 1)
    assert ended["state"] == "cancelled"
    assert trial.gateway.receipts("futuro")[-1]["state"] == "cancelled"
    assert trial.run("job", "resume", "futuro").returncode == 1


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("line test m", {"m0", "m1"}),
        ("account statement n", {"norte"}),
        ("job show norte/av", {"norte/aviso"}),
        ("message settle zzz", set()),
    ],
)
def test_a_shell_completes_names_that_the_daemon_tells(trial: Trial, words: str, offered: set[str]) -> None:
    environment = {"_GATEWAYD_COMPLETE": "zsh_complete", "COMP_WORDS": f"gatewayd {words}", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-c", "from gatewayd.cli import main; main([])"],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT), "GATEWAYD_CONFIG": str(trial.gateway.config)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert offered <= set(done.stdout.splitlines())


def test_without_credit_a_job_waits_and_goes_on(trial: Trial) -> None:
    trial.gateway.call("account.create", account="pobre")
    trial.gateway.drop(
        {"job": "j", "channel": "sms", "text": "x", "recipients": [{"to": "1153000001"}]}, account="pobre"
    )
    held = trial.gateway.wait_job("j", lambda summary: summary["last_seq"] >= 1, account="pobre")
    assert held["counts"]["held"] == 1
    (message,) = trial.json("job", "messages", "pobre/j", "--state", "held")["items"]
    assert message["reason"] == "credit"
    assert trial.metrics()[metric("gatewayd_queue_held_messages", reason="credit")] == 1
    told = [each for each in trial.json("top")["events"] if each["kind"] == "credit"]
    assert [(each["subject"], each["state"]) for each in told] == [("pobre", "exhausted")]
    assert trial.metrics()[metric("gatewayd_account_balance", account="norte", currency="ARS")] <= 100
    trial.run("account", "credit", "pobre", "0.85")
    assert trial.gateway.wait_job("j", account="pobre")["counts"]["delivered"] == 1
    account = trial.json("account", "show", "pobre")
    assert (account["balance"], account["held"], account["charged"]) == ("0.00", "0.00", "0.85")


def test_the_store_is_checked_and_copied_while_it_works(trial: Trial, tmp_path: Path) -> None:
    assert trial.json("db", "check") == {"ok": True, "faults": []}
    assert trial.json("db", "backup", str(tmp_path / "copy.db"))["bytes"] > 0
    assert trial.json("db", "upgrade")["revision"]
    assert trial.run("db", "copy", f"sqlite:///{tmp_path}/other.db").returncode == 1
    checked = trial.json("check")
    assert (checked["ok"], checked["findings"]) == (True, [])
    assert [one["key"] for one in checked["notes"]] == ["contact"]


async def test_top_draws_the_daemon(trial: Trial) -> None:
    from textual.widgets import DataTable, Static

    from gatewayd.cli.top import make_screen

    client = ControlClient.connect([trial.gateway.folder / "control.sock"])
    assert client is not None
    top = make_screen(client, ZoneInfo("UTC"))
    seen = []
    shown = top.show

    async with top.run_test(size=(120, 30)) as pilot:
        import asyncio

        drawn = asyncio.Event()

        def show(overview: dict[str, Any]) -> None:
            shown(overview)
            seen.append(overview)
            if len(seen) >= 3:
                drawn.set()

        top.show = show
        async with asyncio.timeout(20):
            await drawn.wait()
        table = top.query_one(DataTable)
        assert [row.value for row in table.rows] == ["m0", "m1"]
        assert str(table.get_cell("m0", "state")) in {"ready", "busy"}
        assert "trial" in str(top.query_one("#heading", Static).content)
        events = "\n".join(str(line.text) for line in top.query_one("#events").lines)
        assert "m0" in events
        await pilot.press("space")
        assert "FROZEN" in str(top.query_one("#heading", Static).content)
        await pilot.press("space")
        assert "FROZEN" not in str(top.query_one("#heading", Static).content)
        top.lose()
        assert "NO DAEMON" in str(top.query_one("#heading", Static).content)
        await pilot.press("ctrl+c")
        assert top.return_code == 0
    client.close()


def test_top_prints_one_look(trial: Trial) -> None:
    look = trial.json("top")
    assert {"lines", "rates", "queue", "events", "writer"} <= set(look)
    assert trial.run("top").returncode == 2, "no terminal"


# ---------------------------------------------------------------------------------------------------------------- http


def test_it_is_alive_and_ready(trial: Trial) -> None:
    assert trial.get("/healthz") == (200, "application/json", '{"status":"ok"}')
    status, _type, body = trial.get("/readyz")
    assert (status, json.loads(body)["lines_ready"]) == (200, 2)


def test_errors_are_problem_documents(trial: Trial) -> None:
    status, content_type, body = trial.get("/v1/nothing")
    assert (status, content_type) == (404, "application/problem+json")
    assert json.loads(body)["status"] == 404


def test_metrics_tell_what_happened(trial: Trial) -> None:
    before = trial.metrics()
    trial.json("line", "test", "m0", "1154000001", "--account", "norte")
    after = trial.metrics()
    sent = metric("gatewayd_line_attempts_total", line="m0", outcome="accepted")
    assert after[sent] == before.get(sent, 0) + 1
    today = metric("gatewayd_line_segments_today", line="m0")
    assert after[today] == before[today] + 1
    assert after[metric("gatewayd_line_up", line="m0")] == 1
    assert sum(after[metric("gatewayd_line_state", line="m0", state=state)] for state in ("ready", "busy")) == 1
    assert after[metric("gatewayd_uncertain_messages")] == 0
    assert after[metric("gatewayd_store_healthy")] == 1
    commits = after[metric("gatewayd_store_commit_seconds_count")]
    assert commits == after[metric("gatewayd_store_commit_seconds_bucket", le="+Inf")] > 0
    assert after[metric("gatewayd_store_commit_seconds_sum")] > 0
    assert after[metric("gatewayd_segments_per_second", window="60s")] > 0
    for state in ("scheduled", "queued", "held", "sending"):
        assert metric("gatewayd_queue_messages", state=state) in after
    assert metric("gatewayd_queue_oldest_seconds") in after


def test_a_gateway_whose_lines_rest_is_not_ready(trial: Trial) -> None:
    for line in ("m0", "m1"):
        trial.json("line", "disable", line)
    status, _type, body = trial.get("/readyz")
    assert (status, json.loads(body)["ready"]) == (503, False)
    assert trial.get("/healthz")[0] == 200
    for line in ("m0", "m1"):
        trial.json("line", "enable", line)
    trial.wait_ready()
    assert trial.get("/readyz")[0] == 200


def test_what_needs_a_person_at_one_look(trial: Trial) -> None:
    """Some account of these tests has little credit left, and nothing else is wrong."""
    done = trial.run("status", "--json")
    look = json.loads(done.stdout)
    assert done.returncode == (0 if look["ok"] else 1)
    assert {each["kind"] for each in look["needs"]} <= {"credit", "paused", "uncertain"}
    assert look["daemon"]
    assert sum(look["lines"].values()) == 2
    assert ("credit", "pobre") in {(each["kind"], each["subject"]) for each in look["needs"]}
    for language, word in (("es_AR.UTF-8", "crédito"), ("en_US.UTF-8", "credit")):
        text = run(["--config", str(trial.gateway.config), "status"], env={"LANG": language})
        assert word in text.stdout or language.startswith("es"), text.stdout


def test_messages_are_found_over_all_jobs_and_settled_together(trial: Trial) -> None:
    found = trial.json("message", "list", "--state", "delivered", "--account", "pobre")
    assert [each["job"] for each in found["items"]] == ["j"]
    (message,) = found["items"]
    assert trial.json("message", "list", "--to", message["to"], "--line", message["line"])["items"] == [message]
    done = trial.run("message", "settle", message["message"], "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--as", "sent")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 2


def test_a_typo_in_the_configuration_locks_nobody_out(trial: Trial) -> None:
    config = trial.gateway.config
    right = config.read_text()
    try:
        for wrong in (right + "\ncolour = 7\n", right + "\n[[line]\nname = 1\n", right.replace("rate = ", "rat = ")):
            assert wrong != right
            config.write_text(wrong)
            done = trial.run("job", "list", "--json")
            assert done.returncode == 0, done
            assert json.loads(done.stdout)["items"]
            assert "gatewayd check" in done.stderr
            assert done.stderr.count("\n") == 1
            assert trial.run("check").returncode == 2
    finally:
        config.write_text(right)
