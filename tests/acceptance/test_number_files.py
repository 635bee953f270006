"""Registers and block lists as files of any length: read by a worker, row by row, beside a daemon that goes on."""

from __future__ import annotations

import base64
import csv
import io
import time
from collections.abc import Iterator
from typing import Any, Final

import openpyxl
import pytest

from gatewayd.values.errors import NotFoundError
from tests.rig.gateway import Gateway

MANY: Final = 160_000
"""Rows of some two megabytes and a half."""
PORTION: Final = 384 << 10


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Gateway(tmp_path_factory.mktemp("numbers"), []) as running:
        running.start()
        running.account()
        yield running


def uploaded(gateway: Gateway, name: str, data: bytes) -> str:
    number: str = gateway.call("upload.begin", account="norte", file=name)["id"]
    for at in range(0, len(data), PORTION):
        portion = base64.b64encode(data[at : at + PORTION]).decode()
        gateway.call("upload.add", account="norte", upload=number, at=at, data=portion)
    gateway.call("upload.end", account="norte", upload=number)
    return number


def over(gateway: Gateway, task: int, timeout_s: float = 120.0) -> Any:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        found = gateway.call("task.faults", task=task)
        if found["state"] not in {"waiting", "running"}:
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def register(gateway: Gateway, data: bytes, name: str = "No Llame", **more: Any) -> Any:
    said = {"register_name": name, "source": "AAIP", "as_of": "2026-11-30", "channel": "call"} | more
    number = uploaded(gateway, "registro.csv", data)
    return over(
        gateway, gateway.call("register.upload", **said, holder="norte", upload=number, file="registro")["task"]
    )


def kept(gateway: Gateway, name: str = "No Llame") -> Any:
    return next((one for one in gateway.call("register.list")["items"] if one["register"] == name), None)


def test_a_register_longer_than_a_form_takes_is_read_by_a_worker_and_its_faults_row_by_row(gateway: Gateway) -> None:
    rows = [f"11{40_000_000 + number}" for number in range(MANY)]
    rows[99], rows[150_000] = "no es un número", "=1+1"
    data = ("telefono;nombre\n" + "".join(f"{one};Ñandú\n" for one in rows)).encode()
    assert len(data) > 1_900_000
    done = register(gateway, data)
    assert (done["state"], done["reason"], done["rows"], done["kept"]) == ("done", None, MANY + 1, True)
    assert done["outcome"] == {"added": MANY - 2, "known": 0, "cancelled": 0, "refused": 2, "gone": 0}
    assert [(one["row"], one["value"]) for one in done["items"]] == [(101, "no es un número"), (150_002, "=1+1")]
    assert kept(gateway)["numbers"] == MANY - 2
    sheet = base64.b64decode(gateway.call("export.read", task=done["task"])["data"]).decode("utf-8-sig")
    told = list(csv.reader(io.StringIO(sheet)))
    assert [row[:2] for row in told[1:]] == [["101", "no es un número"], ["150002", "'=1+1"]]
    # The next one takes off whom it does not name; nobody else is off meanwhile.
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["Celular"])
    for number in range(1_500):
        page.append([1140000000 + number])
    stream = io.BytesIO()
    book.save(stream)
    again = register(gateway, stream.getvalue())
    assert again["outcome"] == {"added": 1, "known": 1_499, "cancelled": 0, "refused": 0, "gone": MANY - 2 - 1_499}
    assert kept(gateway)["numbers"] == 1_500


def test_what_is_no_list_takes_nobody_off(gateway: Gateway) -> None:
    register(gateway, b"telefono\n1150000001\n1150000002\n", "Chico")
    for data, reason in (
        (b"nombre\nAna\nBeto\n", "registro"),
        (b"telefono\nAna\nBeto\nEva\n", "registro"),
        (b"a;b\n1150000001;1150000002\n1150000003;1150000004\n", "telefono"),
    ):
        failed = register(gateway, data, "Chico")
        assert failed["state"] == "failed"
        assert reason in failed["reason"]
        assert str(gateway.folder) not in failed["reason"]
        assert kept(gateway, "Chico")["numbers"] == 2
    with pytest.raises(NotFoundError):
        gateway.call(
            "register.upload",
            register_name="Chico",
            source="x",
            as_of="2026-11-30",
            holder="norte",
            upload="0" * 24,
        )


def test_a_list_of_numbers_is_put_on_the_accounts_list_and_withdraws_what_waits(gateway: Gateway) -> None:
    data = "numero\n1150000077\n1150000078\nnadie\nana@example.com\n".encode("utf-16")
    number = uploaded(gateway, "bajas.csv", data)
    task = gateway.call("blocklist.upload", account="norte", upload=number, file="bajas.csv", note="pedido")["task"]
    done = over(gateway, task)
    assert done["outcome"] == {"added": 3, "known": 0, "cancelled": 0, "refused": 1, "gone": 0}
    items = gateway.call("blocklist.list", account="norte", limit=10)["items"]
    assert {one["to"] for one in items} == {"+5491150000077", "+5491150000078", "ana@example.com"}
    assert {one["note"] for one in items} == {"pedido"}


def test_one_that_is_cancelled_leaves_everybody_on_the_register(gateway: Gateway) -> None:
    register(gateway, b"telefono\n1150000001\n1150000002\n", "Cortado")
    data = "telefono\n" + "".join(f"11{50_100_000 + number}\n" for number in range(60_000))
    number = uploaded(gateway, "r.csv", data.encode())
    said = {"register_name": "Cortado", "source": "AAIP", "as_of": "2026-12-01", "holder": "norte", "upload": number}
    task = gateway.call("register.upload", **said)["task"]
    gateway.call("task.cancel", task=task)
    assert over(gateway, task)["state"] == "cancelled"
    until = time.monotonic() + 10
    while gateway.call("task.list", limit=1)["items"][0]["state"] == "running" and time.monotonic() < until:
        time.sleep(0.05)
    items = gateway.call("blocklist.list", begins="+54911500000", limit=50)["items"]
    assert {"+5491150000001", "+5491150000002"} <= {one["to"] for one in items if one["register"] == "Cortado"}
