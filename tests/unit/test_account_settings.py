"""What an account sets for itself, and its logo."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.values.errors import ConflictError, FaultsError, NotFoundError, UsageError
from gatewayd.values.png import BYTES_MAX, SIGNATURE, rewritten


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[OfflineBackend]:
    raw = {
        "locale": "en",
        "store": {"url": f"sqlite:///{tmp_path}/gatewayd.db"},
        "spool": {"path": str(tmp_path / "spool")},
    }
    made = OfflineBackend(parse(raw, tmp_path / "gatewayd.toml"))
    made.perform("account.create", {"account": "norte"})
    yield made
    made.close()


def ask(backend: OfflineBackend, operation: str, **arguments: Any) -> Any:
    return backend.perform(operation, {"account": "norte", **arguments})


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 4, height: int = 3, *, extra: bytes = b"", raw: bytes | None = None, interlace: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlace)
    pixels = b"".join(b"\0" + bytes(width * 3) for _ in range(height)) if raw is None else raw
    return (
        SIGNATURE
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
        + b"tail"
    )


def test_settings_are_set_one_by_one_and_taken_back(backend: OfflineBackend) -> None:
    shown = ask(backend, "account.settings")
    assert (shown["company"], shown["version"], shown["effective"]["company"]) == (None, 0, "norte")
    shown = ask(backend, "account.set", company=" Norte Internet ", zone="America/Santiago")
    assert shown["effective"] == {
        "company": "Norte Internet",
        "language": "en",
        "zone": "America/Santiago",
        "billing_max_age": 2 * 86_400,
    }
    assert ask(backend, "account.set", billing_max_age=3600, version=1)["effective"]["billing_max_age"] == 3600
    assert ask(backend, "account.set", billing_max_age=None, version=2)["billing_max_age"] is None
    shown = ask(backend, "account.set", language="es", low_credit="50", zone=None, version=3)
    assert (shown["zone"], shown["language"], shown["low_credit"]) == (None, "es", "50.00")
    with pytest.raises(ConflictError, match="meanwhile"):
        ask(backend, "account.set", company="X", version=1)
    with pytest.raises(NotFoundError):
        ask(backend, "account.settings", account="sur")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("company", ""),
        ("company", "a\nb"),
        ("company", "x" * 81),
        ("language", "fr"),
        ("zone", "Mars/Olympus"),
        ("zone", "../etc/passwd"),
        ("low_credit", "-1"),
        ("low_credit", "1,5"),
    ],
)
def test_what_does_not_fit_is_named_by_its_field(backend: OfflineBackend, key: str, value: Any) -> None:
    with pytest.raises(FaultsError) as error:
        ask(backend, "account.set", **{key: value})
    assert [fault["key"].partition(".")[0] for fault in error.value.faults] == [key]


def test_credit_runs_low_by_the_accounts_own_bound(backend: OfflineBackend) -> None:
    from functools import partial

    from gatewayd.store.settings.accounts import low_bounds

    ask(backend, "account.set", low_credit="12.5")
    assert backend._reader.ask(partial(low_bounds)) == {"norte": 12_500_000}


def test_a_logo_is_written_anew_from_its_pixels(backend: OfflineBackend) -> None:
    text = chunk(b"tEXt", b"Comment\0<script>alert(1)</script>")
    given_ = png(extra=text)
    shown = ask(backend, "account.logo.set", png=base64.b64encode(given_).decode())
    logo = ask(backend, "account.logo")
    kept = base64.b64decode(logo["png"])
    assert (logo["digest"], b"script" in kept, b"tail" in kept) == (shown["logo"], False, False)
    assert rewritten(kept) == kept
    assert ask(backend, "account.logo.set")["logo"] is None
    assert ask(backend, "account.logo")["png"] is None


def test_a_rewritten_picture_has_the_same_pixels() -> None:
    image = pytest.importorskip("PIL.Image")
    for mode in ("RGB", "RGBA", "L", "P", "1", "LA"):
        picture = image.new("RGBA", (33, 17))
        picture.putdata([(x * 7 % 256, y * 11 % 256, (x * y) % 256, 255) for y in range(17) for x in range(33)])
        picture, out = picture.convert(mode), io.BytesIO()
        picture.save(out, "PNG")
        again = image.open(io.BytesIO(rewritten(out.getvalue())))
        assert (again.mode, again.tobytes()) == (picture.mode, picture.tobytes())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff\xe0JFIF",
        SIGNATURE,
        SIGNATURE + b"\0" * 100,
        png()[:40],
        png(raw=b"\0" * 5),
        png(raw=bytes(40_000_000)),
        png(width=2_001),
        png(width=0, raw=b""),
        png(interlace=1),
        png(extra=chunk(b"IHDR", b"\0" * 13)),
        SIGNATURE + chunk(b"IHDR", b"\0" * 12),
        SIGNATURE + struct.pack(">I", 2**31) + b"IHDR",
        b"\x89PNG\r\n\x1a\n" + b"x" * BYTES_MAX,
    ],
)
def test_what_is_no_picture_is_refused(backend: OfflineBackend, data: bytes) -> None:
    with pytest.raises(UsageError):
        ask(backend, "account.logo.set", png=base64.b64encode(data).decode())
    assert ask(backend, "account.logo")["png"] is None


def test_what_is_not_base64_is_refused(backend: OfflineBackend) -> None:
    with pytest.raises(UsageError):
        ask(backend, "account.logo.set", png="%%%")


@settings(max_examples=200)
@given(st.binary(max_size=400), st.integers(0, 60))
def test_no_bytes_break_it(noise: bytes, at: int) -> None:
    sound = png()
    for data in (noise, SIGNATURE + noise, sound[:at] + noise + sound[at:]):
        try:
            assert rewritten(rewritten(data)) == rewritten(data)
        except UsageError:
            continue
