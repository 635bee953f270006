"""Every wait of the driver, with its reason. Seconds throughout."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """The waits of one line; tests shorten them."""

    connect_s: float = 5.0
    """TCP to a PBX on the same network takes milliseconds."""
    answer_s: float = 10.0
    """An action is answered at once; under overload Asterisk was seen to take 10 s for the call, not for the answer."""
    booted_s: float = 10.0
    """FullyBooted comes with the login, unless Asterisk is still starting; without `system` it never comes."""
    ping_s: float = 5.0
    """A frozen Asterisk keeps TCP open: ask this often."""
    pong_s: float = 5.0
    """... and believe no longer than this."""
    backoff_s: float = 0.5
    """First pause before another connection; half as long again each time. Calls go on meanwhile, and say only once how
    they end."""
    backoff_max_s: float = 30.0
    in_use_s: float = 3.0
    """Between logins while Asterisk believes that our last connection lives: calls do, too."""
    refused_s: float = 600.0
    """Between logins with a secret that was refused: a person has to act, and fail2ban watches some PBXs."""
    settle_s: float = 1.0
    """Order of events is not given: how long the rest may lag behind the one that says a call is over."""
    absent_s: float = 5.0
    """... and how long no Hangup must have come before a failed call is believed never to have had a channel: it is
    made again then."""
    stir_s: float = 5.0
    """How long a silent call holds back others: a trunk that does not even answer takes longer."""
    lost_s: float = 30.0
    """How long a call waits for the link to come back before it is in doubt."""
    ghost_s: float = 15.0
    """A call in doubt may still live: its channel stays counted at least this long, and until it is not listed."""
    slack_s: float = 30.0
    """What a call may take beyond ringing and its own limit before nobody believes in it any more."""
