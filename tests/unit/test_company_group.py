"""The test group of an account as people type it."""

from __future__ import annotations

from gatewayd.web.panel.company import _group, _lines


def test_a_line_is_a_person() -> None:
    group = [
        {"name": "Ana", "phone": "1150000001", "mail": "ana@norte.example"},
        {"name": "Luis", "mail": "l@b.example"},
    ]
    assert _group("Ana; 1150000001; ana@norte.example\n\n Luis;l@b.example ;\n;x") == group
    assert _group(_lines(group)) == group
