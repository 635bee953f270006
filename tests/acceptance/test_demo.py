"""`gatewayd demo`: one campaign over every kind of line, and a last line that a program can trust."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.rig.processes import ROOT

END_S = 100.0
"""The default campaign is promised within 60 s; this one is an eighth of it, on a machine that may be busy."""


def test_one_campaign_goes_over_modems_a_phone_and_a_provider_at_once(tmp_path: Path) -> None:
    messages = 24
    arguments = ["demo", "--dir", str(tmp_path), "--modems", "2", "--messages", str(messages), "--exit"]
    done = subprocess.run(
        [sys.executable, "-m", "gatewayd", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=END_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "messages": messages,
        "delivered": messages,
        "uncertain": 0,
        "segments": messages,
        "cost": f"{messages * 0.85:.2f}",
        "ledger_ok": True,
    }
    assert "phone-1" in done.stderr  # the last frame of the live screen
    assert done.stderr.endswith("\n"), "where both streams go to one place, the result stands on a line of its own"
    receipts = [
        json.loads(line)
        for segment in sorted((tmp_path / "spool/receipts/norte/cobranza-demo").glob("*.jsonl"))
        for line in segment.read_text().splitlines()
    ]
    delivered = Counter(receipt["line"] for receipt in receipts if receipt["state"] == "delivered")
    assert set(delivered) == {"modem-1", "modem-2", "phone-1", "provider-1"}
    assert delivered.total() == messages
