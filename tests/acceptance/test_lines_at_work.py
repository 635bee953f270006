"""Lines that fail, fill their quotas, are in doubt, or are switched: what a real daemon makes of it."""

from __future__ import annotations

import json

from tests.rig import judge
from tests.rig.trial import Trial, job, one, trial

__all__ = ["trial"]


def test_what_one_line_cannot_send_goes_over_another(trial: Trial) -> None:
    gateway, simulator = trial(2, options=("--latency", "0.1"))
    gateway.wait_line("m0", "ready", "busy")
    gateway.wait_line("m1", "ready", "busy")
    gateway.drop(job("f", 40))
    simulator.wait_taken(6)
    simulator.ask("unplug", modem=0)
    # What the lost modem had taken has its report held back by the network until it returns.
    ended = ("delivered", "submitted", "uncertain")
    summary = gateway.wait_job("f", lambda each: sum(each["counts"][state] for state in ended) == 40)
    assert summary["counts"]["uncertain"] <= 1
    assert gateway.wait_line("m0", "recovering")["reason"]
    assert not judge(gateway, simulator).faults


def test_a_line_that_keeps_failing_is_rested_and_its_work_goes_elsewhere(trial: Trial) -> None:
    gateway, simulator = trial(2)
    gateway.wait_line("m0", "ready")
    gateway.wait_line("m1", "ready")
    simulator.ask("set", modem=0, fault={"kind": "prompt_error", "text": "+CMS ERROR: 500", "count": None})
    gateway.drop(job("r", 60))
    summary = gateway.wait_job("r")
    assert summary["counts"]["delivered"] == 60
    assert {each["modem"] for each in simulator.texts()} == {1}
    stats = simulator.ask("stats")
    assert stats
    assert not judge(gateway, simulator).faults


def test_a_days_quota_stops_the_line_and_a_restart_forgets_nothing(trial: Trial) -> None:
    gateway, simulator = trial(1, line="quota_day = 5")
    gateway.drop(job("q", 8))
    simulator.wait_taken(5)
    assert gateway.wait_line("m0", "waiting")["reason"] == "quota_day"
    gateway.stop()
    gateway.start()
    assert gateway.wait_line("m0", "waiting")["reason"] == "quota_day"
    assert len(simulator.texts()) == 5
    shown = gateway.call("line.show", line="m0")
    assert (shown["sent_today"], shown["quota_day"]) == (5, 5)
    assert not judge(gateway, simulator, final=False).faults


def test_a_pace_is_kept_in_segments(trial: Trial) -> None:
    gateway, simulator = trial(1, rate="10/s")
    gateway.drop(job("paso", 10, text="ñandú " * 25))  # three segments each
    gateway.wait_job("paso")
    times = [each["monotonic"] for each in simulator.texts()]
    assert len(times) == 30
    # The first may have been an interval on its way, on a machine that is busy.
    assert times[-1] - times[0] >= 8 * 0.3


def test_silence_after_ctrl_z_is_uncertain_and_a_late_report_settles_it(trial: Trial) -> None:
    gateway, simulator = trial(1, options=("--report-delay", "2"))
    simulator.ask("set", modem=0, fault={"kind": "silence", "taken": True})
    gateway.drop(job("u", 1))
    simulator.wait_taken(1)
    # The daemon dies while nobody knows, so that the doubt is its successor's.
    gateway.kill()
    gateway.start()
    summary = gateway.wait_job("u", lambda each: each["counts"]["delivered"] == 1)
    states = [each["state"] for each in gateway.receipts("u")]
    assert states == ["uncertain", "delivered"]
    assert summary["cost"] == "0.85"
    assert not judge(gateway, simulator).faults


def test_a_person_settles_what_nothing_else_can(trial: Trial) -> None:
    gateway, simulator = trial(1, options=("--report", "none"))
    simulator.ask("set", modem=0, fault={"kind": "submit_error", "text": "+CMS ERROR: 500", "count": 3})
    gateway.drop(job("p", 3))
    gateway.wait_job("p", lambda each: each["counts"]["uncertain"] == 3)
    assert gateway.call("account.show", account="norte")["held"] == "2.55"
    listed = gateway.call("job.messages", job="p", state="uncertain")["items"]
    for each, verdict in zip(listed, ("sent", "not-sent", "resend"), strict=True):
        gateway.call("message.settle", message=each["message"], verdict=verdict)
    gateway.wait_job("p", lambda each: each["counts"]["submitted"] == 2 and each["counts"]["failed"] == 1)
    account = gateway.call("account.show", account="norte")
    assert (account["held"], account["charged"]) == ("0.00", "1.70")
    assert len(simulator.texts()) == 1
    gateway.drop(job("q", 1, text="sigue"))
    simulator.wait_taken(2)


def test_a_job_that_allows_it_goes_again_after_doubt(trial: Trial) -> None:
    gateway, simulator = trial(1, options=("--report", "none"))
    simulator.ask("set", modem=0, fault={"kind": "submit_error", "text": "+CMS ERROR: 500", "taken": True})
    gateway.drop(job("a", 1, resend="allow"))
    simulator.wait_taken(2, timeout_s=40)
    gateway.wait_job("a", lambda each: each["counts"]["submitted"] == 1)
    account = gateway.call("account.show", account="norte")
    assert (account["held"], account["charged"]) == ("0.00", "0.85")


def test_a_report_spares_the_second_try_of_what_was_in_doubt(trial: Trial) -> None:
    gateway, simulator = trial(1)
    simulator.ask("set", modem=0, fault={"kind": "submit_error", "text": "+CMS ERROR: 500", "taken": True})
    gateway.drop(job("a", 1, resend="allow"))
    assert gateway.wait_job("a", timeout_s=40)["counts"]["delivered"] == 1
    assert len(simulator.texts()) == 1
    assert [each["state"] for each in gateway.receipts("a")] == ["delivered"]


def test_a_refusal_for_good_fails_and_costs_nothing(trial: Trial) -> None:
    gateway, simulator = trial(1)
    simulator.ask("set", modem=0, fault={"kind": "submit_error", "text": "+CMS ERROR: 28"})
    gateway.drop(job("n", 2))
    summary = gateway.wait_job("n")
    assert (summary["counts"]["failed"], summary["counts"]["delivered"]) == (1, 1)
    assert summary["cost"] == "0.85"
    assert not judge(gateway, simulator).faults


def test_an_undelivered_report_is_told_with_its_reason(trial: Trial) -> None:
    gateway, simulator = trial(1, options=("--report", "failed"))
    gateway.drop(job("x", 1))
    gateway.wait_job("x")
    last = gateway.receipts("x")[-1]
    assert (last["state"], last["final"]) == ("undelivered", True)
    assert last["reason"]
    assert last["cost"] == "0.85"
    assert len(simulator.texts()) == 1


def test_a_line_switched_off_gives_its_work_back(trial: Trial) -> None:
    gateway, simulator = trial(1, rate="5/s")
    gateway.drop(job("s", 10))
    simulator.wait_taken(2)
    gateway.call("line.disable", line="m0")
    gateway.wait_line("m0", "disabled")
    held = gateway.wait_job("s", lambda each: each["counts"]["held"] > 0 and not each["counts"]["sending"])
    assert held["counts"]["held"] == 10 - len(simulator.texts())
    gateway.stop()
    gateway.start()
    gateway.wait_line("m0", "disabled")
    gateway.call("line.enable", line="m0")
    assert gateway.wait_job("s")["counts"]["delivered"] == 10
    assert not judge(gateway, simulator).faults


def test_a_stop_drains_what_is_past_its_point_of_no_return(trial: Trial) -> None:
    gateway, simulator = trial(2, options=("--latency", "0.5"))
    gateway.drop(job("d", 20))
    simulator.wait_taken(2)
    assert gateway.stop() == 0
    states = dict(gateway.sql("SELECT state, COUNT(*) FROM message GROUP BY 1"))
    assert set(states) <= {"queued", "submitted", "delivered"}
    gateway.start()
    assert gateway.wait_job("d")["counts"]["delivered"] == 20
    assert not judge(gateway, simulator).faults


def test_a_stop_that_cannot_wait_leaves_in_doubt_only_what_is_in_flight(trial: Trial) -> None:
    extra = '[delivery]\ndrain = "0s"\n'
    gateway, simulator = trial(1, options=("--latency", "3"), extra=extra)
    gateway.drop(job("d", 1, text="Estimado vecino, su factura vence el lunes. " * 8))
    simulator.wait_taken(1)
    # The second part is past its point of no return; its answer takes seconds.
    simulator.ask("wait", submits=2, timeout=30)
    assert gateway.stop() == 0
    # As after a crash: nobody has been told of any doubt that the next start may not have.
    parts = "SELECT part, state, reference IS NULL FROM part ORDER BY part"
    assert gateway.sql(parts) == [(1, "open", 0), (2, "open", 1)]
    assert gateway.sql("SELECT state FROM message") == [("sending",)]
    gateway.start()
    gateway.wait_job("d", lambda each: not each["counts"]["sending"])
    assert gateway.sql(parts)[0][1] in {"taken", "delivered"}
    assert gateway.sql(parts)[1][1] in {"doubt", "delivered"}
    assert not judge(gateway, simulator).faults


def test_messages_that_come_in_reach_the_inbox_once_and_opt_outs_are_obeyed(trial: Trial) -> None:
    extra = '[inbox]\ndefault = "norte"\n'
    gateway, simulator = trial(1, extra=extra)
    gateway.wait_line("m0", "ready")
    gateway.drop(job("i", 1))
    gateway.wait_job("i")
    simulator.ask("inject", modem=0, **{"from": "+5491150000000"}, text="Ya pagué " * 30, order=[2, 1])
    simulator.ask("inject", modem=0, **{"from": "+5491150000005"}, text=" baja ")
    inbox = gateway.spool.folder("inbox", "norte")
    gateway.wait_overview(lambda each: sum(event["kind"] == "inbound" for event in each["events"]) == 2)
    gateway.wait_files(inbox, 2)
    entries = {each["from"]: each for each in (json.loads(path.read_text()) for path in inbox.glob("*.json"))}
    reply = entries["+5491150000000"]
    assert reply["text"] == "Ya pagué " * 30
    assert reply["in_reply_to"]["job"] == "i"
    assert reply["in_reply_to"]["ref"] == "R0"
    assert entries["+5491150000005"]["opt_out"] is True
    gateway.drop(job("j") | {"recipients": [one(5), one(6)]})
    summary = gateway.wait_job("j")
    assert (summary["counts"]["invalid"], summary["counts"]["delivered"]) == (1, 1)


def test_where_no_report_can_come_submitted_is_the_end(trial: Trial) -> None:
    gateway, simulator = trial(1, options=("--brand", "nokia"))
    gateway.drop(job("n", 2))
    summary = gateway.wait_job("n")
    assert summary["counts"]["submitted"] == 2
    assert [(each["state"], each["final"]) for each in gateway.receipts("n")] == [("submitted", True)] * 2
    assert not judge(gateway, simulator).faults


def test_a_configuration_with_a_line_that_cannot_be_is_not_taken_over(trial: Trial) -> None:
    gateway, _ = trial(1)
    sound = gateway.config.read_text()
    gateway.config.write_text(sound + '\n[[line]]\nname = "x"\ndriver = "gsm"\n')
    gateway.hup()
    gateway.wait_overview(lambda now: any(each["state"] == "not_reloaded" for each in now["events"]))
    gateway.config.write_text(sound)
    gateway.hup()
    gateway.wait_overview(lambda now: any(each["state"] == "reloaded" for each in now["events"]))
    assert gateway.wait_line("m0", "ready")["state"] == "ready"


def test_a_line_switched_on_that_cannot_be_stops_nothing_else(trial: Trial) -> None:
    gateway, _ = trial(1, line='[[line]]\nname = "x"\ndriver = "gsm"\nenabled = false')
    gateway.call("line.enable", line="x")
    assert gateway.wait_line("x", "quarantined")["reason"] == "misconfigured"
    gateway.drop(job("j", 2))
    gateway.wait_job("j")
    gateway.call("line.disable", line="x")
    assert gateway.wait_line("x", "disabled")["reason"] is None


def test_what_no_line_could_ever_take_is_held_at_once(trial: Trial) -> None:
    gateway, _ = trial(1, line='prefixes = ["+549"]')
    gateway.drop(job("lejos", 1) | {"recipients": [{"to": "+56961234567"}]})
    summary = gateway.wait_job("lejos", lambda now: bool(now["held"]), timeout_s=30)
    assert (summary["held"], summary["counts"]["held"]) == ({"no_line": 1}, 1)
    (told,) = gateway.receipts("lejos")
    assert (told["state"], told["reason"], told["final"], told["detail"]) == ("held", "no_line", False, {"count": 1})


def test_where_every_line_has_sent_all_it_may_the_rest_is_held_and_says_so(trial: Trial) -> None:
    gateway, simulator = trial(2, line='window = "2/2h"')
    gateway.drop(job("mucho", 7))
    summary = gateway.wait_job("mucho", lambda now: bool(now["held"]))
    assert (summary["held"], summary["counts"]["held"]) == ({"window": 3}, 3)
    assert len(simulator.texts()) == 4
    assert gateway.wait_line("m0", "waiting")["reason"] == "window"
    gateway.drop(job("urgente", 1, priority="urgent"))
    gateway.wait_job("urgente", lambda now: now["held"] == {"window": 1})
