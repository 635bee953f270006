"""Rules of feeds: addresses, queries, what rows say, when they are read again, and words for every fault."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from gatewayd.billing import fields
from gatewayd.config import ConfigFault, InvalidConfigError, parse
from gatewayd.feeds.documents import cell, document, head_fault
from gatewayd.feeds.faults import SENTENCES, name_of, remedy, sentence
from gatewayd.feeds.schedule import next_read
from gatewayd.feeds.source import SourceError, asks_since, checked_query, for_sqlalchemy, own, source_of
from gatewayd.words.translation import gettext_in

ZONE = ZoneInfo("America/Bogota")
SECRET = "no-lo-diga-nadie"


@pytest.mark.parametrize(
    ("url", "family", "made"),
    [
        ("mysql://u:p@h/b", "mysql", "mysql+pymysql://u:p@h/b"),
        ("mariadb+pymysql://u:p@h:3307/b?charset=utf8mb4", "mysql", "mysql+pymysql://u:p@h:3307/b?charset=utf8mb4"),
        ("postgres://u@h/b", "postgresql", "postgresql+psycopg://u@h/b"),
        ("postgresql+psycopg://u@/b?host=/run", "postgresql", "postgresql+psycopg://u@/b?host=/run"),
        ("sqlite:////var/lib/otro%20lado/b.db", "sqlite", "sqlite+pysqlite://"),
        ("mssql+pyodbc://u:p@h/b", "other", "mssql+pyodbc://u:p@h/b"),
    ],
)
def test_an_address_says_which_kind_of_database_it_is(url: str, family: str, made: str) -> None:
    found = source_of(url)
    assert (found.family, found.url) == (family, made)
    assert "p@" not in repr(found)
    if family == "sqlite":
        assert found.path == "/var/lib/otro lado/b.db"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql+mysqldb://u:p@h/b", "feed_driver"),
        ("sqlite:///relativo.db", "feed_url"),
        ("sqlite://", "feed_url"),
        ("mysql://u:p@h", "feed_url"),
        ("https//algo", "feed_url"),
        ("mysql://u:p@h/b c", "feed_url"),
    ],
)
def test_an_address_that_cannot_be(url: str, why: str) -> None:
    with pytest.raises(SourceError, match=why):
        source_of(url)


def test_our_own_store_is_known_however_it_is_written(tmp_path: Path) -> None:
    store = tmp_path / "gatewayd.db"
    store.touch()
    (tmp_path / "link.db").symlink_to(store)
    assert own(f"sqlite:///{tmp_path}/./gatewayd.db", f"sqlite:///{store}")
    assert own(f"sqlite:///{tmp_path}/link.db", f"sqlite:///{store}")
    assert not own(f"sqlite:///{tmp_path}/other.db", f"sqlite:///{store}")
    assert own("postgres://otro:x@db:5432/gatewayd", "postgresql://gatewayd@db/gatewayd")
    assert not own("postgres://otro:x@db/billing", "postgresql://gatewayd@db/gatewayd")


@pytest.mark.parametrize("query", ["SELECT 1;", "  -- facturas\n/* a */ (select 1)", "WITH a AS (SELECT 1) SELECT 1"])
def test_a_query_reads(query: str) -> None:
    assert not checked_query(query).endswith(";")


@pytest.mark.parametrize("query", ["", "UPDATE f SET a = 1", "-- SELECT 1\nDROP TABLE f", "selecta", "x" * 30_000])
def test_what_does_not_read_is_no_query(query: str) -> None:
    with pytest.raises(SourceError, match="feed_query"):
        checked_query(query)


def test_since_is_the_only_colon_that_means_anything() -> None:
    query = "SELECT a::text, '12:30', ':x' FROM f WHERE d > :since AND e = ':sincero'"
    assert asks_since(query)
    assert for_sqlalchemy(query) == r"SELECT a\:\:text, '12\:30', '\:x' FROM f WHERE d > :since AND e = '\:sincero'"
    assert not asks_since("SELECT a::since FROM f")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, None),
        (True, True),
        (7, "7"),
        (Decimal("1500.50"), "1500.50"),
        (Decimal("1E+3"), "1000"),
        (0.1, "0.1"),
        (20.0, "20"),
        (1e-7, "0.0000001"),
        (date(2026, 11, 5), "2026-11-05"),
        (datetime(2026, 11, 5, 10, 30, tzinfo=UTC), "2026-11-05T10:30:00+00:00"),
        (time(10, 30), "10:30:00"),
        (timedelta(hours=1), "1:00:00"),
        (b"\xc3\xb1", "ñ"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ([{"amount": 1}], '[{"amount": 1}]'),
    ],
)
def test_a_value_of_a_database_is_a_text(value: Any, said: object) -> None:
    assert cell(value) == said


@pytest.mark.parametrize("value", [b"\xff", float("nan"), Decimal("Infinity"), object()])
def test_what_is_no_text(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a UnicodeDecodeError is one
        cell(value)


def test_a_row_is_the_document_that_a_program_would_post() -> None:
    columns = ["external_id", "customer", "due", "balance", "as_of", "state", "issued"]
    row = ["7", "C-1", "2026-11-05 00:00:00", "1500.50", "2026-11-20 10:30:00", None, "0000-00-00 00:00:00"]
    said = document(columns, row, ZONE)
    assert said == {
        "external_id": "7",
        "customer": "C-1",
        "due": "2026-11-05",
        "balance": "1500.50",
        "as_of": "2026-11-20T10:30:00-05:00",
        "issued": None,
    }
    read = fields.invoice(said)
    assert read.values["balance"] == 1_500_500_000
    assert read.values["as_of"] == int(datetime(2026, 11, 20, 15, 30, tzinfo=UTC).timestamp() * 1000)
    paid = document(
        ["external_id", "customer", "amount", "posted_at", "invoices", "cancelled"],
        ["9", "C-1", "10", "2026-11-20T10:30:00+00:00", '[{"external_id": "7", "amount": 10.10}]', "0"],
        ZONE,
    )
    assert paid["invoices"] == [{"external_id": "7", "amount": "10.10"}]
    assert paid["cancelled"] is False
    assert fields.payment(paid).values["invoices"][0].amount == 10_100_000


def test_columns_that_are_missing_unknown_or_there_twice_are_named() -> None:
    assert head_fault("invoices", ["external_id", "customer", "balance"]) is None
    assert head_fault("invoices", ["external_id", "customer"]) == ("column_absent", "balance")
    assert head_fault("invoices", ["external_id", "customer", "saldo", "total"]) == ("column_unknown", "saldo")
    assert head_fault("payments", ["external_id", "customer", "amount"]) == ("column_absent", "posted_at")
    assert head_fault("payments", ["external_id", "external_id"]) == ("column_twice", "external_id")
    assert head_fault("customers", ["external_id", "lo que sea"]) is None


def test_it_is_read_at_once_then_every_so_often_and_sooner_after_a_fault() -> None:
    hour = 3_600_000
    assert next_read(hour, None, 0, 0.5) == 0
    assert next_read(hour, 1_000, 0, 0.5) == 1_000 + hour
    assert 1_000 + 0.9 * hour < next_read(hour, 1_000, 0, 0.0) < next_read(hour, 1_000, 0, 1.0) < 1_000 + 1.1 * hour
    assert next_read(hour, 1_000, 1, 0.5) == 61_000
    assert next_read(hour, 1_000, 3, 0.5) == 241_000
    assert next_read(hour, 1_000, 50, 0.5) == 1_000 + hour


def test_every_fault_has_words_and_a_remedy_in_both_languages_and_names_only_a_name() -> None:
    for code, (message, what) in SENTENCES.items():
        assert gettext_in("es", message) != message, code
        assert gettext_in("es", what) != what, code
        assert sentence(code, "saldo")
        assert remedy(code, "saldo")
    assert name_of("`facturas`.`saldo`".replace("`", "")) == "facturas.saldo"
    for text in ("1150009999", "Ana Pérez", "x" * 200, "a@b.c", "saldo; DROP", "\n", ""):
        assert name_of(text) == "", text


def config(**keys: Any) -> dict[str, Any]:
    feed = {"account": "norte", "url": f"mysql://u:{SECRET}@h/b", "invoices": "SELECT 1"} | keys
    return {"feed": [{name: value for name, value in feed.items() if value is not None}]}


def faults(tmp_path: Path, document: dict[str, Any]) -> list[str]:
    found: tuple[ConfigFault, ...] = ()
    try:
        parse({"store": {"url": f"sqlite:///{tmp_path}/gatewayd.db"}, "locale": "en"} | document, tmp_path / "g.toml")
    except InvalidConfigError as error:
        found = error.faults
    assert not any(SECRET in str(fault) for fault in found)
    return [fault.key for fault in found]


def test_what_the_file_says_of_a_feed_is_judged_and_its_address_never_shown(tmp_path: Path) -> None:
    assert faults(tmp_path, config()) == []
    assert faults(tmp_path, config(url="mysql+mysqldb://u:x@h/b")) == ["feed[1].url"]
    assert faults(tmp_path, config(url=None, url_file="none.url")) == ["feed[1].url_file"]
    assert faults(tmp_path, config(invoices="DELETE FROM f")) == ["feed[1].invoices"]
    assert faults(tmp_path, config(invoices=None)) == ["feed[1]"]
    assert faults(tmp_path, config(every="nunca")) == ["feed[1].every"]
    assert faults(tmp_path, config(facturas="SELECT 1")) == ["feed[1].facturas"]
    assert faults(tmp_path, config(url=f"sqlite:///{tmp_path}/gatewayd.db")) == ["feed[1].url"]
    twice = config()
    assert faults(tmp_path, {"feed": twice["feed"] * 2}) == ["feed[2].name"]
    read = parse(config(invoices="SELECT 1 WHERE a > :since"), tmp_path / "g.toml")
    assert not read.feeds[0].closes, "what asks for news alone lacks what is no news"
    assert SECRET not in repr(read)
    assert "feed" not in read.public
