"""What a review says that a campaign costs, and what its messages were charged once all were taken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drivers.gsm.alphabet import split
from gatewayd.values.errors import NotFoundError
from tests.rig import campaigns as rig
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

LINES = """
[[line]]
name = "plain"
driver = "gsm"
port = "{0}"
rate = "100000/s"

[[line]]
name = "shift"
driver = "gsm"
port = "{1}"
rate = "100000/s"
shift_table = true

[[line]]
name = "near"
driver = "gsm"
port = "{2}"
rate = "100000/s"
shift_table = true
prefixes = ["+549115"]
"""
ACCENTS = (
    "Señor José: la reunión del miércoles será a las once y media, "
    "según acordó %nombre% con el técnico. Más información aquí"
)
"""More than 70 letters, one of them neither in GSM 7-bit nor a double: two parts, or one with the shift table."""
TEXTS = {
    "short": "Hola %nombre%",
    "accents": ACCENTS,
    "several": ACCENTS + ". " + ACCENTS,
    "extensions": "[%nombre%] paga {hoy} ~ 10 € " * 7,
    "at the edge": "x" * 140 + "%nombre%",
    "pictures": "Hola %nombre% \U0001f600 " * 9,
}
PEOPLE = (
    "telefono;ref;nombre\n+5491150000001;A;Ana\n+5491150000002;B;Ñandú Peñarrubia de las Mercedes\n"
    "+5493515000003;C;María[1]\n+5493515000004;D;Zoë y un nombre que no termina\n"
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("cost")
    with (
        Simulator(folder, modems=3) as simulator,
        Gateway(folder, [], extra=LINES.format(*simulator.ports)) as made,
    ):
        made.start()
        made.account(credit="1000")
        rig.allow(made)
        yield made


def reviewed_and_charged(gateway: Gateway, text: str, *lines: str) -> tuple[Any, Decimal]:
    options = {"options": {"lines": list(lines)}} if lines else {}
    campaign = rig.draft(gateway, PEOPLE.encode(), text, **options)
    review = gateway.call("campaign.review", campaign=campaign)
    assert review["people"] == 4, review
    held = Decimal(gateway.call("account.show", account=rig.ACCOUNT)["balance"])
    rig.launch(gateway, campaign)
    found = rig.wait(gateway, campaign, lambda found: found["state"] == "finished")
    assert found["counts"].keys() <= {"submitted", "delivered"}
    charged = held - Decimal(gateway.call("account.show", account=rig.ACCOUNT)["balance"])
    assert Decimal(found["cost"]) == charged
    return review, charged


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("line", ["plain", "shift"])
def test_the_cost_over_lines_that_cut_alike_is_what_is_charged(gateway: Gateway, kind: str, line: str) -> None:
    review, charged = reviewed_and_charged(gateway, TEXTS[kind], line)
    assert Decimal(review["cost"]) == Decimal(review["cost_least"]) == charged > 0


@pytest.mark.parametrize("kind", TEXTS)
def test_the_cost_over_lines_that_cut_otherwise_is_a_range_with_the_charge_inside(gateway: Gateway, kind: str) -> None:
    review, charged = reviewed_and_charged(gateway, TEXTS[kind])
    assert Decimal(review["cost_least"]) <= charged <= Decimal(review["cost"])
    assert (review["cost"] != review["cost_least"]) == (kind not in {"short", "pictures"}), review


def test_a_line_counts_for_the_numbers_that_it_is_for(gateway: Gateway) -> None:
    review, charged = reviewed_and_charged(gateway, ACCENTS, "plain", "near")
    # The two of Buenos Aires may go over either, those of Córdoba over the plain one alone.
    near = [one["text"] for one in review["first"] if one["to"].startswith("+549115")]
    far = [one["text"] for one in review["first"] if not one["to"].startswith("+549115")]
    assert (len(near), len(far)) == (2, 2)
    most = sum(len(split(text).parts) for text in near + far)
    saved = most - sum(len(split(text, shift=text in near).parts) for text in near + far)
    assert saved > 0
    assert (review["segments_least"], review["segments"]) == (most - saved, most)
    assert Decimal(review["cost_least"]) <= charged <= Decimal(review["cost"])


def test_a_template_is_shown_with_a_row_of_an_uploaded_list_and_as_the_shift_table_carries_it(gateway: Gateway) -> None:
    upload = rig.upload(gateway, PEOPLE.encode())
    made = gateway.call("list.create", account=rig.ACCOUNT, title="Marzo", upload=upload, channel="sms")["list"]
    while gateway.call("list.show", list=made)["state"] == "loading":
        time.sleep(0.05)
    asked = {"account": rig.ACCOUNT, "channel": "sms", "content": {"text": ACCENTS}, "rows_of": made}
    first = gateway.call("template.preview", **asked)
    assert (first["row"]["customer"], "acordó Ana con" in first["fields"]["text"]) == ("A", True)
    second = gateway.call("template.preview", **asked, after=first["row"]["number"])
    assert "Ñandú Peñarrubia" in second["fields"]["text"]
    sms = second["sms"]
    assert (sms["segments"], sms["plain_segments"]) == (3, 1)
    assert len(split(second["fields"]["text"], shift=True).parts) == 1
    assert sms["shifted"] == {"lines": ["shift", "near"], "segments": 1, "saves": "1.70"}
    # Behind the last row comes the first again; what a row lacks is said.
    assert gateway.call("template.preview", **asked, after=10_000)["row"]["customer"] == "A"
    lacks = gateway.call("template.preview", **{**asked, "content": {"text": "Hola %saldo%"}})
    assert [one["from"] for one in lacks["variables"]] == ["unknown"]
    with pytest.raises(NotFoundError):
        gateway.call("template.preview", **{**asked, "rows_of": made + 1_000})


LADDER = [
    {"channel": "push", "content": {"text": "Hola %nombre%", "push": {"title": "Norte"}}, "wait": "1s"},
    {"channel": "sms", "content": {"text": ACCENTS}, "wait": "1s"},
    {"channel": "email", "content": {"subject": "Reunión", "text": "Hola %nombre%"}},
]
TARIFF = """
[tariff]
currency = "ARS"
sms = "0.85"
push = "0.05"
email = "0.10"
"""


def test_a_ladder_costs_between_the_cheapest_channel_and_all_of_them(tmp_path: Path) -> None:
    """One has no number, one no mail; the forecast says the same as the review."""
    with Simulator(tmp_path, modems=3) as simulator:
        extra = LINES.format(*simulator.ports)
        with Gateway(tmp_path, [], extra=extra, tariff=TARIFF) as gateway:
            gateway.start()
            gateway.account(credit="1000")
            rig.allow(gateway)
            for number, (phone, mail) in enumerate(
                (("1150000001", "a@b.example"), ("1150000002", None), (None, "c@b.example"))
            ):
                points = [{"channel": "push", "address": f"token-{number}-abcdefghijklmnop"}]
                points += [{"channel": "phone", "address": phone}] if phone else []
                points += [{"channel": "email", "address": mail}] if mail else []
                customer = {"name": f"María {number}", "contacts": points}
                gateway.call("customer.put", account=rig.ACCOUNT, external_id=f"C-{number}", customer=customer)
            said = {"ladder": LADDER, "audience": {"filter": {}}}
            number = gateway.call("campaign.save", account=rig.ACCOUNT, title="Aviso", document=said)["campaign"]
            before = gateway.call("campaign.forecast", campaign=number)["ladder"]
            assert (before["cost_least"], before["cost"]) == ("0.15", "3.00"), "a part a person over each channel"
            review = gateway.call("campaign.review", campaign=number)
            assert [
                (one["channel"], one["people"], one["segments_least"], one["segments"]) for one in review["ladder"]
            ] == [
                ("push", 3, 3, 3),
                ("sms", 2, 2, 4),
                ("email", 2, 2, 2),
            ]
            # The cheapest channel that reaches each is the push; at most all channels are charged.
            assert Decimal(review["cost_least"]) == Decimal("0.15")
            assert Decimal(review["cost"]) == Decimal("0.15") + 4 * Decimal("0.85") + 2 * Decimal("0.10")
            forecast = gateway.call("campaign.forecast", campaign=number)
            assert (forecast["ladder"]["cost_least"], forecast["ladder"]["cost"]) == (
                review["cost_least"],
                review["cost"],
            )
            assert forecast["ladder"]["wait_s"] == 2
            assert review["cost"] in forecast["ladder_words"]
            further = forecast["ladder"]["further"]
            assert [one["channel"] for one in further] == ["sms", "email"]
            # No week tells anything yet: what usually does not arrive.
            assert [(one["missing"], one["measured"]) for one in further] == [(0.3, 0), (0.05, 0)]
            # No line sends a push: nobody says that it reaches anybody, nor when all of it ends.
            assert [forecast["ladder"][key] for key in ("end", "low", "high")] == [None, None, None]
            assert "reach all" not in forecast["ladder_words"]
            gateway.call("account.credit", account=rig.ACCOUNT, amount="-998")
            (credit,) = [
                one for one in gateway.call("campaign.review", campaign=number)["faults"] if one["kind"] == "credit"
            ]
            assert "all channels" in credit["sentence"]


def test_a_review_leaves_out_whom_no_line_could_ever_send_so_long_a_text(tmp_path: Path) -> None:
    with Simulator(tmp_path, 1) as simulator, Gateway(tmp_path, simulator.ports, line="quota_day = 2") as gateway:
        gateway.start()
        gateway.account(credit="1000")
        rig.allow(gateway)
        people = f"telefono;ref;nombre\n+5491150000001;A;Ana\n+5491150000002;B;{'x' * 330}\n"
        campaign = rig.draft(gateway, people.encode(), "Hola %nombre%")
        review = gateway.call("campaign.review", campaign=campaign)
        assert (review["people"], review["left_out"]) == (1, {"over_lines": 1})
        assert [one["ref"] for one in review["faulty"]] == ["B"]
