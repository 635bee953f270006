import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from gatewayd.config.values import (
    Rate,
    Window,
    check_listen,
    check_name,
    read_duration,
    read_price,
    read_rate,
    read_window,
    split_listen,
)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        *[("72h", 259200), ("15s", 15), ("2d", 172800), ("10m", 600), ("10min", 600), ("500ms", 0.5), ("1w", 604800)],
        *[("1h30m", 5400), ("1h 30m", 5400), ("1.5h", 5400), (90, 90), (0.5, 0.5), (0, 0)],
    ],
)
def test_durations_are_seconds(written: object, seconds: float) -> None:
    assert read_duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize("written", ["", "h", "10", "10 parsecs", "-5s", "1h-5m", "1e3s", -1, True, None, [], "１s"])
def test_what_is_no_duration(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="not a duration"):
        read_duration(written)


@pytest.mark.parametrize(
    ("written", "rate"),
    [("10/min", Rate(10, 60)), ("1/s", Rate(1, 1)), ("200 / h", Rate(200, 3600)), ("500/day", Rate(500, 86400))],
)
def test_rates(written: str, rate: Rate) -> None:
    assert read_rate(written) == rate
    assert rate.interval_s * rate.per_second == pytest.approx(1)
    assert read_rate(str(rate)) == rate


@pytest.mark.parametrize("written", ["10", "0/min", "10/m", "10/minute", "-1/s", "1.5/s", "/s", 10, None])
def test_what_is_no_rate(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="not a rate"):
        read_rate(written)


@pytest.mark.parametrize(
    ("written", "window"),
    [
        ("200/2h", Window(200, 7200)),
        ("99/day", Window(99, 86400)),
        ("5 / 90s", Window(5, 90)),
        ("7/7d", Window(7, 604800)),
    ],
)
def test_windows(written: str, window: Window) -> None:
    assert read_window(written) == window
    assert read_window(str(window)) == window


@pytest.mark.parametrize("written", ["200", "200/", "0/2h", "200/0s", "2h/200", 200, None])
def test_what_is_no_window(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="not a window"):
        read_window(written)


@pytest.mark.parametrize(("written", "micros"), [("0.85", 850_000), ("0", 0), (2, 2_000_000), ("0.000001", 1)])
def test_prices_are_exact(written: object, micros: int) -> None:
    assert read_price(written) == micros


@pytest.mark.parametrize("written", [0.85, "0,85", "-1", "0.0000001", "free", True, None])
def test_what_is_no_price(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="not an amount"):
        read_price(written)


@pytest.mark.parametrize(
    ("written", "address"),
    [("127.0.0.1:8080", ("127.0.0.1", 8080)), ("[::1]:80", ("::1", 80)), ("localhost:0", ("localhost", 0))]
    + [(wrong, None) for wrong in ["8080", ":8080", "host:", "host:99999", "::1:80", "a b:1", "host:８０"]],
)
def test_addresses(written: str, address: tuple[str, int] | None) -> None:
    assert split_listen(written) == address
    if address is None:
        with pytest.raises(PydanticCustomError, match="not host:port"):
            check_listen(written)


@pytest.mark.parametrize("name", ["", ".hidden", "-x", "a b", "ñ", "a/b", "a" * 65, "a\n"])
def test_names_that_could_not_be_folders(name: str) -> None:
    with pytest.raises(PydanticCustomError, match="not a name"):
        check_name(name)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text())))
def test_readers_answer_or_refuse_whatever_toml_gives(value: object) -> None:
    for read in (read_duration, read_rate, read_window, read_price):
        try:
            read(value)
        except PydanticCustomError as refusal:
            shown = str(value).lower() if isinstance(value, bool) else str(value)  # as TOML writes it
            assert shown in refusal.message() or repr(value) in refusal.message()  # noqa: PT017
