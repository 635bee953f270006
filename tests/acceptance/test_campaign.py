"""A campaign from its file to its receipts, through a real daemon and simulated modems: the main job and its turns."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.rig import judge
from tests.rig.trial import Trial, job, one, trial

__all__ = ["trial"]


def at(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_campaign_is_sent_paid_and_receipted(trial: Trial) -> None:
    gateway, simulator = trial(2)
    rows = "telefono;codigo;nombre;deuda\n011-15-5987-6543;C-1;Ana;1.500,50\n1150001111;C-2;Luis;80\njunk;C-3;Eva;1\n"
    text = "Estimado %nombre%, su saldo es $ %deuda%. %empresa%"
    gateway.drop(
        {
            "job": "cobranza",
            "channel": "sms",
            "text": text,
            "values": {"empresa": "Norte Wifi"},
            "recipients_file": "clientes.csv",
        },
        {"clientes.csv": rows.encode("cp1252")},
    )
    summary = gateway.wait_job("cobranza")
    assert summary["counts"]["delivered"] == 2
    assert summary["counts"]["invalid"] == 1
    assert summary["cost"] == "1.70"
    texts = {each["to"]: each["text"] for each in simulator.texts()}
    assert texts["+5491159876543"] == "Estimado Ana, su saldo es $ 1.500,50. Norte Wifi"
    receipts = gateway.receipts("cobranza")
    invalid = next(receipt for receipt in receipts if receipt["state"] == "invalid")
    assert (invalid["row"], invalid["ref"], invalid["reason"], invalid["final"]) == (3, "C-3", "number_invalid", True)
    delivered = next(receipt for receipt in receipts if receipt["state"] == "delivered" and receipt["row"] == 1)
    assert delivered.items() >= {
        "v": 1, "job": "cobranza", "ref": "C-1", "to": "+5491159876543", "channel": "sms", "final": True,
        "reason": None, "attempt": 1, "segments": 1, "cost": "0.85",
    }.items()  # fmt: skip
    assert [receipt["seq"] for receipt in receipts] == list(range(1, len(receipts) + 1))
    accepted = gateway.spool.folder("accepted", "norte", "cobranza")
    assert sorted(path.name for path in accepted.iterdir()) == ["clientes.csv", "cobranza.json"]
    assert not list(gateway.spool.folder("incoming", "norte").iterdir())
    assert not judge(gateway, simulator).faults


def test_long_texts_are_parts_each_paid_and_reported(trial: Trial) -> None:
    gateway, simulator = trial(1)
    gateway.drop(job("largo", 3, text="ñandú " * 40))
    summary = gateway.wait_job("largo")
    assert summary["counts"]["delivered"] == 3
    assert summary["segments"] == 3 * 4
    assert summary["cost"] == "10.20"
    joined = simulator.ask("texts", joined=True)["texts"]
    assert {each["text"] for each in joined} == {"ñandú " * 40}
    assert not judge(gateway, simulator).faults


def test_credit_that_runs_out_holds_the_queue_and_a_top_up_lets_it_go(trial: Trial) -> None:
    gateway, simulator = trial(1, credit="2.00")
    gateway.account("sur", credit="10")
    gateway.drop(job("poco", 5))
    summary = gateway.wait_job("poco", lambda each: each["counts"]["held"] == 3 and each["counts"]["delivered"] == 2)
    held = [receipt for receipt in gateway.receipts("poco") if receipt["state"] == "held"]
    assert [(each["message"], each["row"], each["reason"], each["final"]) for each in held] == [
        (None, None, "credit", False)
    ]
    assert held[0]["detail"]["count"] == 3
    gateway.drop(job("otro", 2, text="de otra cuenta"), account="sur")
    assert gateway.wait_job("otro", account="sur")["counts"]["delivered"] == 2
    gateway.call("account.credit", account="norte", amount="100")
    summary = gateway.wait_job("poco")
    assert summary["counts"]["delivered"] == 5
    shown = gateway.call("account.show", account="norte")
    assert (shown["balance"], shown["held"], shown["charged"], shown["granted"]) == ("97.75", "0.00", "4.25", "102.00")
    assert not judge(gateway, simulator).faults


def test_the_same_job_again_changes_nothing_and_another_under_its_name_is_refused(trial: Trial) -> None:
    gateway, simulator = trial(1)
    gateway.drop(job("uno", 2))
    gateway.wait_job("uno")
    gateway.drop(job("uno", 2))
    gateway.drop(job("dos"))
    gateway.wait_job("dos")
    assert not list(gateway.spool.folder("incoming", "norte").iterdir())
    gateway.drop(job("uno", 2) | {"text": "otra cosa"})
    rejected = gateway.spool.folder("rejected", "norte")
    event = gateway.wait_overview(lambda each: any(event["state"] == "refused" for event in each["events"]))
    assert event
    error = json.loads((rejected / "uno.json.error.json").read_text())
    assert (error["code"], error["field"]) == ("job_conflict", "job")
    assert len(simulator.texts()) == 3
    assert not judge(gateway, simulator).faults


def test_not_before_waits_and_not_after_ends_what_has_not_left(trial: Trial) -> None:
    gateway, simulator = trial(1)
    gateway.drop(job("luego", 2, not_before=at(2.5)))
    assert gateway.wait_job("luego", lambda each: each["counts"]["scheduled"] == 2)["state"] == "running"
    gateway.call("line.disable", line="m0")
    late = [one(number) for number in (7, 8)]
    gateway.drop(job("tarde", text="caduca", not_after=at(2)) | {"recipients": late})
    assert gateway.wait_job("tarde", timeout_s=20)["counts"]["expired"] == 2
    gateway.call("line.enable", line="m0")
    assert gateway.wait_job("luego")["counts"]["delivered"] == 2
    assert {each["text"] for each in simulator.texts()} == {"Hola desde luego"}
    assert not judge(gateway, simulator).faults


def test_a_job_pauses_resumes_and_is_cancelled(trial: Trial) -> None:
    gateway, simulator = trial(1, rate="5/s")
    gateway.drop(job("p", 30))
    simulator.wait_taken(2)
    gateway.call("job.pause", job="norte/p")
    paused = gateway.wait_job("p", lambda each: each["state"] == "paused" and not each["counts"]["sending"])
    taken = len(simulator.texts())
    assert paused["counts"]["held"] == 30 - taken
    gateway.drop(job("q", 2, text="pasa"))
    gateway.wait_job("q")
    assert len(simulator.texts()) == taken + 2
    gateway.call("job.resume", job="p")
    simulator.wait_taken(taken + 4)
    gateway.call("job.cancel", job="p")
    summary = gateway.wait_job("p", lambda each: each["state"] == "cancelled" and not each["counts"]["submitted"])
    assert summary["counts"]["cancelled"] + summary["counts"]["delivered"] == 30
    assert summary["counts"]["cancelled"] > 0
    assert not judge(gateway, simulator).faults


def test_urgent_passes_bulk(trial: Trial) -> None:
    gateway, simulator = trial(1, rate="4/s")
    gateway.drop(job("masa", 40, priority="bulk"))
    simulator.wait_taken(2)
    gateway.drop(job("ya", priority="urgent", text="urgente"))
    gateway.wait_job("ya")
    texts = [each["text"] for each in simulator.texts()]
    assert texts.index("urgente") <= 8
    gateway.call("job.cancel", job="masa")


def test_numbers_take_the_lines_of_their_prefix_and_none_means_held(trial: Trial) -> None:
    gateway, simulator = trial(1, line='prefixes = ["+54911"]')
    recipients = [one(1), {"to": "+573001234567", "ref": "CO"}]
    gateway.drop(job("mixto") | {"recipients": recipients})
    summary = gateway.wait_job("mixto", lambda each: each["counts"]["held"] == 1 and each["counts"]["delivered"] == 1)
    held = [each for each in gateway.receipts("mixto") if each["state"] == "held"]
    assert [(each["reason"], each["detail"]["count"]) for each in held] == [("no_line", 1)]
    assert summary["state"] == "running"
    listed = gateway.call("job.messages", job="mixto", state="held")["items"]
    assert [(each["ref"], each["reason"]) for each in listed] == [("CO", "no_line")]
    assert [each["to"] for each in simulator.texts()] == ["+5491150000001"]


def test_blocked_numbers_are_not_contacted(trial: Trial) -> None:
    gateway, simulator = trial(1)
    gateway.call("blocklist.add", numbers=["1150000000"])
    gateway.drop(job("b", 2))
    summary = gateway.wait_job("b")
    assert (summary["counts"]["invalid"], summary["counts"]["delivered"]) == (1, 1)
    gateway.drop(job("c", 3, text="otro", not_before=at(600)))
    gateway.wait_job("c", lambda each: each["counts"]["scheduled"] == 2)
    gateway.call("blocklist.add", numbers=["+5491150000001"])
    summary = gateway.wait_job("c", lambda each: each["counts"]["cancelled"] == 1)
    cancelled = [each for each in gateway.receipts("c") if each["state"] == "cancelled"]
    assert [each["reason"] for each in cancelled] == ["blocked"]
    assert [each["to"] for each in simulator.texts()] == ["+5491150000001"]


def test_a_line_test_goes_the_way_of_every_message(trial: Trial) -> None:
    gateway, simulator = trial(2)
    gateway.wait_line("m1", "ready")
    shown = gateway.call("line.test", line="m1", number="1159876543")
    assert shown["state"] in {"submitted", "delivered"}
    assert shown["line"] == "m1"
    assert [each["modem"] for each in simulator.texts()] == [1]
    assert gateway.call("account.show", account="norte")["charged"] == "0.85"


def test_sighup_takes_over_new_lines_and_the_tariff(trial: Trial) -> None:
    gateway, simulator = trial(2, credit="100")
    config = gateway.config.read_text()
    first, second = config.index('name = "m0"'), config.index('\n[[line]]\nname = "m1"')
    assert first < second
    gateway.config.write_text(config[:second])
    gateway.hup()
    gateway.wait_overview(lambda each: [line["name"] for line in each["lines"]] == ["m0"])
    gateway.config.write_text(config.replace('sms = "0.85"', 'sms = "2"'))
    gateway.hup()
    gateway.wait_line("m1", "ready")
    gateway.drop(job("caro", lines=["m1"]))
    assert gateway.wait_job("caro")["cost"] == "2.00"
    assert [each["modem"] for each in simulator.texts()] == [1]
