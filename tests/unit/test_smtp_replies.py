"""What a server's answer means."""

import pytest

from drivers.base import Blame, NotSent, Refused
from drivers.smtp.replies import Stage, outcome_of, reason_of


@pytest.mark.parametrize(
    ("code", "text", "outcome"),
    [
        (550, "5.1.1 <ana@x.example>: Recipient address rejected: User unknown", Refused("unknown_recipient")),
        (550, "No such user", Refused("smtp_550")),
        (552, "5.2.2 over quota", Refused("mailbox_full")),
        (554, "5.7.1 Message rejected", Refused("policy")),
        (452, "4.2.2 mailbox full", NotSent("mailbox_full")),
        (450, "4.7.1 Greylisted, retry in 120 seconds", NotSent("greylisted", retry_after=120.0)),
        (451, "Graylisting: come back in 5 min", NotSent("greylisted", retry_after=300.0)),
        (451, "4.7.1 greylisted", NotSent("greylisted", retry_after=300.0)),
        (451, "greylisted for 99999 minutes", NotSent("greylisted", retry_after=14_400.0)),
        (421, "4.3.2 shutting down", NotSent("server_closing", counts=False, blame=Blame.LINE)),
        (530, "5.7.0 must log in", NotSent("smtp_530", retry_after=300.0, counts=False, blame=Blame.LINE)),
        (550, "5.4.5 Daily limit exceeded", NotSent("quota", retry_after=300.0, counts=False, blame=Blame.LINE)),
    ],
)
def test_an_answer_to_a_recipient(code: int, text: str, outcome: object) -> None:
    assert outcome_of(code, text, "rcpt") == outcome


@pytest.mark.parametrize(("stage", "fault"), [("mail", True), ("rcpt", False), ("data", False), ("end", False)])
def test_only_a_sender_put_off_blames_the_line(stage: Stage, fault: bool) -> None:
    assert outcome_of(451, "later", stage) == NotSent("smtp_451", blame=Blame.LINE if fault else Blame.PERSON)


def test_a_reason_without_codes() -> None:
    assert reason_of(None) == "undelivered"
    assert reason_of("5.9.9") == "status_5.9.9"
