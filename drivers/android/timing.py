"""Every wait of the Android driver, in seconds, each with its reason. Tests hand in shorter ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    connect_s: float = 5.0
    """A phone in the same network is there within milliseconds; one that sleeps wakes its Wi-Fi within 2 to 3 s."""
    answer_s: float = 15.0
    """For one answer: a phone that dozes takes several seconds for its first one."""
    plain_answer_s: float = 45.0
    """The same for the apps that know no ids: what is given up too soon there is in doubt for good."""
    retry_s: float = 0.2
    """First pause before a request is repeated; it doubles."""
    retry_max_s: float = 5.0
    """Longest such pause: a phone that is back shall work within seconds."""
    open_s: float = 900.0
    """From the first request until a message that is neither sent nor failed is in doubt: Wi-Fi comes back within
    minutes, and the phone itself gives up `margin_s` before."""
    margin_s: float = 60.0
    """The time to live handed to the phone ends so long before `open_s`, so that its own word arrives in time."""
    look_s: float = 0.25
    """Between looks at a message that the phone is about to send: the radio takes 1 to 5 s."""
    look_max_s: float = 5.0
    """Longest such pause; it is a tenth of the time waited so far."""
    report_s: float = 2.0
    """Shortest pause between looks at a message that was sent and awaits its report; a fifth of the time waited."""
    report_max_s: float = 300.0
    """Longest such pause: handsets that are off come back after hours."""
    report_wait_s: float = 72 * 3600.0
    """How long a report is awaited: networks keep a message for one to three days."""
    error_tries: int = 4
    """Requests in a row answered by 500 before the message goes back: the app's database is busy for moments only."""
    settle_s: float = 2.0
    """Between the two questions about an attempt that a crash left and the phone does not know: what the dead process
    had written may still be on its way."""
    poll_s: float = 15.0
    """Between looks into the inbox: one small request."""
    hooked_poll_s: float = 300.0
    """The same where the phone calls us for each message."""
    inbox_s: float = 48 * 3600.0
    """How far back the inbox is read: a network holds messages for a phone that was off for a weekend."""
    sweep_s: float = 3600.0
    """Between full readings of that stretch, which see what a changing list hid."""
    health_s: float = 60.0
    """Between looks at battery and signal: they move slowly, and each look wakes the phone."""
    back_s: float = 1.0
    """First pause before a phone that is gone is looked for again; each pause equals the time already waited."""
    back_max_s: float = 15.0
    """Longest such pause."""
    refused_s: float = 60.0
    """Between tries with credentials that the phone refused: it slows down who guesses."""
    fault_s: float = 60.0
    """The rest of a phone that could not send for a fault of its own: radio, SIM, rights; then one message tries it."""
    fault_max_s: float = 3600.0
    """Longest such rest; it doubles while nothing goes."""
    failures: int = 3
    """Messages in a row that fail for a reason that may be the SIM's, before the phone rests."""
    forgotten: int = 3
    """Answers in a row that a message is unknown before the phone counts as having lost it."""
