"""The demo's campaign: customers of a small internet provider who owe a bill. Pure, the same at every run."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import Final

from gatewayd.demo.crowd import people
from gatewayd.demo.kind import Campaign

JOB: Final = "cobranza-demo"
ACCOUNT: Final = "norte"
CUSTOMERS_FILE: Final = "clientes.csv"
TEXT: Final = "%nombre%: su factura de $ %deuda% ya se puede pagar. Gracias por elegir %empresa%."


def customers(count: int) -> bytes:
    """The recipients' file as a billing system of the region writes it: semicolons, local numbers, decimal commas."""
    dice = random.Random(7)  # noqa: S311 - a play, not a secret
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(["Código", "Nombre", "Teléfono", "Deuda"])
    for one in people(count):
        whole, cents = divmod(dice.randrange(150_000, 4_500_000), 100)
        local = one.number.removeprefix("+54911")
        debt = f"{whole:,}".replace(",", ".") + f",{cents:02d}"
        rows.writerow([one.ref, one.name, f"011-15-{local[:4]}-{local[4:]}", debt])
    return text.getvalue().encode()


def billing(count: int) -> Campaign:
    """The campaign that every line of SMS shares: `count` customers."""
    document = {
        "job": JOB,
        "channel": "sms",
        "class": "notice",
        "text": TEXT,
        "values": {"empresa": "Norte Wifi"},
        "recipients_file": CUSTOMERS_FILE,
        "recipients_rows": count,
        "encoding": "gsm7",
    }
    return Campaign(
        JOB, json.dumps(document, ensure_ascii=False, indent=2).encode(), {CUSTOMERS_FILE: customers(count)}
    )


def news(now: int) -> Campaign:
    """Returns a small job of the moment `now` (Unix s): payments that are acknowledged."""
    dice = random.Random(now)  # noqa: S311 - a play, not a secret
    recipients = [
        {
            "to": one.number,
            "ref": one.ref,
            "nombre": one.name,
            "monto": f"{dice.randrange(3, 40)}.{dice.randrange(1000):03d},{dice.randrange(100):02d}",
        }
        for one in dice.sample(people(300), 4 + dice.randrange(5))
    ]
    document = {
        "job": f"pagos-{now}",
        "channel": "sms",
        "class": "notice",
        "text": "Estimado %nombre%, recibimos su pago de $ %monto%. Gracias. Norte Wifi.",
        "recipients": recipients,
    }
    return Campaign(f"pagos-{now}", json.dumps(document, ensure_ascii=False, indent=2).encode(), {})
