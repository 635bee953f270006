"""The receiver that docs/api.md shows, run on events as they are posted."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from gatewayd.webhooks import event, signature
from gatewayd.webhooks.signature import Secret
from tests.peers.receiver import SECRET
from tests.unit.test_webhook_rules import line

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_receiver_of_the_documentation_drops_repeats_and_older_news(capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    example: dict[str, Any] = {}
    exec(text, example)

    def post(state: str, seq: int, secret: str = SECRET) -> None:
        made = event.receipt(line(state, seq=seq, final=state != "submitted"))
        example["receive"](made.body, signature.headers(made.id, int(time.time()), made.body, [Secret(secret)]))

    for state, seq in (
        ("submitted", 3),
        ("submitted", 3),
        ("delivered", 5),
        ("submitted", 3),
        ("uncertain", 2),
        ("read", 9),
    ):
        post(state, seq)
    assert capsys.readouterr().out.split() == ["01JD", "submitted", "01JD", "delivered", "01JD", "read"]
    with pytest.raises(WebhookVerificationError):
        post("failed", 11, signature.new_secret())


def test_the_page_names_each_event_and_each_rank() -> None:
    page = PAGE.read_text()
    section = page[page.index("## Webhooks") :]
    for name in (*event.NAMES, event.TEST):
        assert f"`{name}`" in section
    said = section[section.index("`held` 0") :]
    said = said[: said.index(".")]
    ranks: dict[str, int] = {}
    states: list[str] = []
    for state, rank in re.findall(r"`(\w+)`|\b(\d)\b", said):
        if state:
            states.append(state)
        else:
            ranks |= dict.fromkeys(states, int(rank))
            states = []
    assert ranks == {str(state): rank for state, rank in event.RANKS.items()}
