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

_FIRST: Final = ("Ana", "Luis", "Marta", "Jorge", "Lucía", "Pedro", "Sofía", "Raúl", "Elena", "Tomás")
_LAST: Final = ("Gómez", "Pérez", "Núñez", "Sosa", "Ibáñez", "Ruiz", "Acuña", "Vega", "Molina", "Ferreyra")


def customers(count: int) -> bytes:
    """The recipients' file as a billing system of the region writes it: semicolons, local numbers, decimal commas."""
    dice = random.Random(7)  # noqa: S311 - a play, not a secret
    numbers = dice.sample(range(30_000_000, 69_999_999), count)
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(["Código", "Nombre", "Teléfono", "Deuda"])
    for index, number in enumerate(numbers, 1):
        name = f"{dice.choice(_FIRST)} {dice.choice(_LAST)}"
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
