"""What the errors of a modem mean for the message.

Sources: +CMS of 27.005 §3.2.5 (RP causes below 128 of 24.011 annex E, TP causes to 255 of 23.040 §9.2.3.22), +CME of
27.007 §9.2.

After Ctrl-Z only errors that prove that the network did not take the part count as such; all others are doubt.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, auto

from drivers.gsm.at import Final


class Kind(Enum):
    TRANSIENT = auto()
    """Did not leave; another try may succeed."""
    PERMANENT = auto()
    """Did not leave; the network will never take this message."""
    BLOCKED = auto()
    """Did not leave; SIM or modem must be put right first."""
    QUOTA = auto()
    """Did not leave; the operator has enough of this SIM for now."""
    NO_NETWORK = auto()
    """Did not leave; there is no network to take it."""
    BUSY = auto()
    """Did not leave; modem or SIM will be ready in seconds."""
    DOUBT = auto()
    """May have left."""


@dataclass(frozen=True, slots=True)
class Cause:
    kind: Kind
    reason: str
    """One word for receipts."""


_T, _P, _B, _Q, _D = Kind.TRANSIENT, Kind.PERMANENT, Kind.BLOCKED, Kind.QUOTA, Kind.DOUBT

_CMS = {
    1: (_P, "unassigned_number"),
    8: (_B, "operator_barring"),
    10: (_B, "call_barred"),
    17: (_T, "network_failure"),
    21: (_Q, "rejected_by_network"),
    22: (_T, "congestion"),
    27: (_T, "destination_out_of_order"),
    28: (_P, "unidentified_subscriber"),
    30: (_P, "unknown_subscriber"),
    38: (_T, "network_out_of_order"),
    41: (_T, "temporary_failure"),
    42: (_T, "congestion"),
    47: (_T, "resources_unavailable"),
    50: (_Q, "facility_not_subscribed"),
    193: (_B, "no_smsc_subscription"),
    192: (_T, "smsc_busy"),
    194: (_T, "smsc_failure"),
    195: (_P, "invalid_address"),
    196: (_P, "destination_barred"),
    # The service centre says it has this message already: from whom, nobody knows.
    197: (_D, "duplicate"),
    301: (_B, "sms_reserved"),
    302: (_T, "not_allowed"),
    303: (_B, "not_supported"),
    304: (_P, "invalid_pdu"),
    305: (_P, "invalid_text"),
    310: (_B, "no_sim"),
    311: (_B, "pin_required"),
    312: (_B, "phone_pin_required"),
    313: (_B, "sim_failure"),
    314: (Kind.BUSY, "sim_busy"),
    315: (_B, "sim_wrong"),
    316: (_B, "puk_required"),
    317: (_B, "pin2_required"),
    318: (_B, "puk2_required"),
    320: (_T, "memory_failure"),
    321: (_T, "invalid_index"),
    322: (_B, "memory_full"),
    330: (_B, "no_smsc"),
    331: (Kind.NO_NETWORK, "no_network"),
    332: (_D, "network_timeout"),
    340: (_T, "no_acknowledgement_expected"),
    500: (_D, "unknown_error"),
}

_CME = {
    3: (_T, "not_allowed"),
    4: (_B, "not_supported"),
    5: (_B, "phone_pin_required"),
    10: (_B, "no_sim"),
    11: (_B, "pin_required"),
    12: (_B, "puk_required"),
    13: (_B, "sim_failure"),
    14: (Kind.BUSY, "sim_busy"),
    15: (_B, "sim_wrong"),
    16: (_B, "pin_wrong"),
    17: (_B, "pin2_required"),
    18: (_B, "puk2_required"),
    20: (_B, "memory_full"),
    30: (Kind.NO_NETWORK, "no_network"),
    31: (_D, "network_timeout"),
    32: (_B, "emergency_calls_only"),
    515: (Kind.BUSY, "modem_busy"),
}

_BUSY_BEFORE = {515: "modem_busy"}
"""Numbers of the makers' own range (512 and above) that mean busy as long as nothing has been written."""


def _named(final: Final) -> tuple[Kind, str] | None:
    table = _CMS if final.family == "CMS" else _CME if final.family == "CME" else {}
    return table.get(final.code) if final.code is not None else None


def _word(final: Final) -> str:
    return "error" if final.code is None else f"{final.family.lower()}_{final.code}"


def before_commit(final: Final) -> Cause:
    """What an error in place of the prompt means. Nothing left, whatever it says."""
    if final.code in _BUSY_BEFORE:
        return Cause(Kind.BUSY, _BUSY_BEFORE[final.code])
    kind, word = _named(final) or (Kind.TRANSIENT, _word(final))
    return Cause(Kind.TRANSIENT if kind is Kind.DOUBT else kind, word)


def after_commit(final: Final, certain: AbstractSet[int] = frozenset()) -> Cause:
    """What an error after Ctrl-Z means; `certain`: +CMS numbers of a brand that are proven to come without sending."""
    if final.family == "CMS" and final.code in certain:
        return before_commit(final)
    named = _named(final)
    if named is not None:
        return Cause(*named)
    # RP causes and TP failure causes are the network's own refusal.
    if final.family == "CMS" and final.code is not None and final.code < 256 and final.code not in (127, 255):
        return Cause(Kind.TRANSIENT, _word(final))
    return Cause(Kind.DOUBT, _word(final))


def is_busy(final: Final) -> bool:
    """Whether a command failed only because modem or SIM are still starting."""
    return not final.ok and before_commit(final).kind is Kind.BUSY
