"""The demo's campaign: customers of a small internet provider who owe a bill. Pure, the same at every run."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import Final

from gatewayd.demo.kind import Campaign

JOB: Final = "cobranza-demo"
ACCOUNT: Final = "norte"
CUSTOMERS_FILE: Final = "clientes.csv"
TEXT: Final = "Estimado %nombre%, su saldo pendiente es $ %deuda%. Gracias por elegir %empresa%."

FIRST: Final = ("Ana", "Luis", "Marta", "Jorge", "Lucía", "Pedro", "Sofía", "Raúl", "Elena", "Tomás")
LAST: Final = ("Gómez", "Pérez", "Núñez", "Sosa", "Ibáñez", "Ruiz", "Acuña", "Vega", "Molina", "Ferreyra")


def customers(count: int) -> bytes:
    """The recipients' file as a billing system of the region writes it: semicolons, local numbers, decimal commas."""
    dice = random.Random(7)  # noqa: S311 - a play, not a secret
    numbers = dice.sample(range(30_000_000, 69_999_999), count)
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(["Código", "Nombre", "Teléfono", "Deuda"])
    for index, number in enumerate(numbers, 1):
        name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
        debt = dice.randrange(150_000, 4_500_000)
        whole, cents = divmod(debt, 100)
        rows.writerow(
            [
                f"C-{index:05d}",
                name,
                f"011-15-{number // 10000}-{number % 10000:04d}",
                f"{whole:,}".replace(",", ".") + f",{cents:02d}",
            ]
        )
    return text.getvalue().encode()


def billing(count: int) -> Campaign:
    """The campaign that every line of SMS shares: `count` customers."""
    document = {
        "job": JOB,
        "channel": "sms",
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
            "to": f"011-15-{dice.randrange(3000, 6999)}-{dice.randrange(10_000):04d}",
            "nombre": f"{dice.choice(FIRST)} {dice.choice(LAST)}",
            "monto": f"{dice.randrange(3, 40)}.{dice.randrange(1000):03d},{dice.randrange(100):02d}",
        }
        for _ in range(4 + dice.randrange(5))
    ]
    document = {
        "job": f"pagos-{now}",
        "channel": "sms",
        "text": "Estimado %nombre%, recibimos su pago de $ %monto%. Gracias. Norte Wifi.",
        "recipients": recipients,
    }
    return Campaign(f"pagos-{now}", json.dumps(document, ensure_ascii=False, indent=2).encode(), {})
