"""What a text costs for a long list while it is being written: from the last key to the sums, over texts that differ in
their columns (the first sight of a combination), and the same with another letter typed."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from gatewayd.campaigns.sizes import Sizes, cost
from gatewayd.values.templates import parts_of
from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale

NAMES = ("nombre", "deuda", "vencimiento", "factura")
FIRST = ["Ana", "María", "José", "Luis", "Núñez", "Ángel", "Sofía", "Íñigo", "Zoë", "Renée", "Li", "Jorge"]
LAST = ["Pérez", "García", "Gómez", "Ibáñez", "Rodríguez", "Fernández", "Muñoz", "Álvarez", "O’Higgins", "López"]
TEXTS = (
    "Estimado/a %nombre%: su saldo es $ %deuda%. ",
    "Estimado/a %nombre%: su factura %factura% por $ %deuda% venció el %vencimiento%. Pague hoy. " * 2,
    "%nombre%, %deuda%, %vencimiento% {%factura%} € " * 3,
)
ROWS = 200_000


def measure(_base: Path, scale: Scale) -> Iterator[Figure]:
    chance = random.Random(9)
    rows = [
        (
            f"{chance.choice(FIRST)} {chance.choice(LAST)} {chance.choice(LAST)}",
            f"{chance.randrange(1, 99)}.{chance.randrange(1000):03d},{chance.randrange(100):02d}",
            f"{chance.randrange(1, 29):02d}/12/2026",
            f"A-{chance.randrange(10**7)}",
        )
        for _ in range(ROWS if scale.runs > 1 else ROWS // 10)
    ]
    began = time.perf_counter()
    packed = Sizes.of(NAMES, rows).packed()
    made = time.perf_counter() - began
    first, typed = [], []
    for _ in range(scale.runs):
        for text in TEXTS:
            sizes = Sizes.unpacked(packed)
            first.append(_took(text, sizes))
            typed.append(_took(text + "s", sizes))
    title = f"worst, median and sum of segments, {len(rows)} recipients"
    yield Figure(f"{title}: first sight", median(first), "ms", 300.0, "<=", runs=tuple(first))
    yield Figure(f"{title}: a letter more", median(typed), "ms", 300.0, "<=", runs=tuple(typed))
    yield Figure("its columns are measured", made, "s")


def _took(text: str, sizes: Sizes) -> float:
    began = time.perf_counter()
    cost(parts_of(text, NAMES, {}), sizes, "auto", 10)
    return (time.perf_counter() - began) * 1_000
