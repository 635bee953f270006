"""What tests take for silence on the wire, against the table of G.711."""

from __future__ import annotations

from tests.peers.ulaw import decode, encode, silent, tone


def test_known_values_and_back() -> None:
    # ITU-T G.711 table 2a: 0xFF and 0x7F are zero, 0x80 and 0x00 the largest.
    assert [decode(octet) for octet in (0xFF, 0x7F, 0x80, 0x00, 0xFE)] == [0, 0, 32124, -32124, 8]
    assert all(decode(encode(decode(octet))) == decode(octet) for octet in range(256))


def test_silence_is_silent_and_a_voice_is_not() -> None:
    assert silent(b"\xff\x7f" * 80)
    assert not silent(tone(0.02))
