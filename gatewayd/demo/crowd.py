"""The people of the demo: invented customers of an internet provider near Buenos Aires, the same at every run. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

FIRST: Final = (
    *("Ana", "Luis", "Marta", "Jorge", "Lucía", "Pedro", "Sofía", "Raúl", "Elena", "Tomás", "Ximena", "Óscar"),
    *("María del Carmen", "Juan Ignacio", "Milagros", "Ezequiel", "Rocío", "Agustín", "Delfina", "Ramón"),
)
LAST: Final = (
    *("Gómez", "Pérez", "Núñez", "Sosa", "Ibáñez", "Ruiz", "Acuña", "Vega", "Molina", "Ferreyra", "Quiroga"),
    *("Fernández de la Vega", "Ñancucheo", "Ybarra", "Domínguez", "Peralta Ramos", "Zabala", "Giménez"),
)
COMPANIES: Final = (
    "Cooperativa Eléctrica de Servicios Públicos Limitada de Villa Constitución",
    "Panadería La Espiga",
    "Estudio Contable Herrera & Asociados",
    "Ferretería El Tornillo",
)
STREETS: Final = ("Av. San Martín", "Belgrano", "Los Tilos", "Mitre", "Ruta 8 km", "Pasaje Las Acacias")
ZONES: Final = ("zona-norte", "zona-sur", "centro")
PLANS: Final = ("100 megas", "300 megas", "600 megas", "Antena 20")
SEED: Final = 11


@dataclass(frozen=True, slots=True)
class Person:
    ref: str
    name: str
    number: str
    """E.164."""


def people(count: int) -> Sequence[Person]:
    """Returns the first `count` of the crowd, each with a mobile of their own."""
    return list(islice(_people(), count))


def _people() -> Iterator[Person]:
    dice = random.Random(SEED)  # noqa: S311 - a play, not a secret
    taken: set[int] = set()
    while True:
        number = dice.randrange(30_000_000, 69_999_999)
        if number in taken:
            continue
        taken.add(number)
        index = len(taken)
        name = COMPANIES[index // 40] if index % 40 == 7 and index // 40 < len(COMPANIES) else ""
        name = name or f"{dice.choice(FIRST)} {dice.choice(LAST)}"
        yield Person(f"C-{index:05d}", name, f"+54911{number}")


def customers(count: int) -> Sequence[dict[str, Any]]:
    """Returns the first `count` as customers, as operations take them."""
    dice = random.Random(SEED + 1)  # noqa: S311 - a play, not a secret
    return [_customer(one, index, dice) for index, one in enumerate(people(count), 1)]


def _customer(one: Person, index: int, dice: random.Random) -> dict[str, Any]:
    firm = one.name in COMPANIES
    document = f"30-{70_000_000 + index * 811}-{index % 10}" if firm else f"{20_000_000 + index * 13_577}"
    phone: dict[str, Any] = {"channel": "phone", "address": one.number}
    if dice.random() < 0.3:
        phone["state"] = "confirmed"
    contacts = [phone]
    if index % 23 == 5:
        # Of somebody else, as an answer has told: nobody writes to it any more.
        contacts.append({"channel": "phone", "address": f"+54911{2_000_0000 + index}", "state": "wrong_person"})
    if dice.random() < 0.6:
        contacts.append({"channel": "email", "address": f"cliente{index}@correo.example"})
    late = dice.random()
    return {
        "external_id": one.ref,
        "name": one.name,
        "document_type": "CUIT" if firm else "DNI",
        "document_number": document,
        "portfolio_type": "castigada" if late > 0.93 else "vigente",
        "portfolio_name": "Comercios" if firm else ("Morosos tempranos" if late > 0.6 else "Hogares"),
        "tags": [dice.choice(ZONES), *(["fibra"] if dice.random() < 0.7 else ["antena"]), *(["vip"] if firm else [])],
        "columns": {"Domicilio": f"{dice.choice(STREETS)} {dice.randrange(10, 4000)}", "Plan": dice.choice(PLANS)},
        "contacts": contacts,
    }
