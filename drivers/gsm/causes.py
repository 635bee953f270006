"""What the errors of a modem mean for the message, and whose fault they may be.

Sources: +CMS of 27.005 §3.2.5, whose numbers below 128 are causes of 24.011 (annex E-1 for the link to the network, E-2
for the network's answer) and whose numbers to 255 are causes of the service centre (23.040 §9.2.3.22); +CME of
27.007 §9.2.

After Ctrl-Z only errors that prove that the network did not take the part count as such; all others are doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final as Constant

from drivers.base import Blame
from drivers.gsm.at import Final


class Kind(Enum):
    TRANSIENT = auto()
    """Did not leave; another try may succeed."""
    PERMANENT = auto()
    """Did not leave; asking again over this line is useless."""
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
    blame: Blame = Blame.EITHER
    """Operators answer a SIM without balance, a barred SIM and a number nobody has with the same causes, so most of
    what a network answers may be the line's fault as well as the person's."""
    elsewhere: bool = False
    """Whether only this modem or its service centre cannot carry the message."""


_T, _P, _B, _Q, _D = Kind.TRANSIENT, Kind.PERMANENT, Kind.BLOCKED, Kind.QUOTA, Kind.DOUBT
_LINE, _PERSON = Blame.LINE, Blame.PERSON

_NETWORK: Constant = {
    1: Cause(_P, "unassigned_number"),
    # The operator of the SIM has forbidden it to send.
    8: Cause(_B, "operator_barring", _LINE),
    # Calls barred by the SIM's owner, all of them or those abroad: the second is this recipient's alone.
    10: Cause(_T, "call_barred"),
    17: Cause(_T, "network_failure"),
    21: Cause(_Q, "rejected_by_network"),
    22: Cause(_T, "congestion"),
    27: Cause(_T, "destination_out_of_order"),
    # 24.011: the *subscriber* is not registered. Networks mean the sender as often as the recipient.
    28: Cause(_P, "unidentified_subscriber"),
    29: Cause(_T, "facility_rejected"),
    30: Cause(_P, "unknown_subscriber"),
    38: Cause(_T, "network_out_of_order"),
    41: Cause(_T, "temporary_failure"),
    42: Cause(_T, "congestion"),
    47: Cause(_T, "resources_unavailable"),
    # What the SIM's contract leaves out.
    50: Cause(_Q, "facility_not_subscribed", _LINE),
    69: Cause(_T, "facility_not_implemented"),
    81: Cause(_T, "invalid_reference"),
    95: Cause(_T, "invalid_message"),
    # Also what a wrong number of the service centre is answered by.
    96: Cause(_T, "invalid_mandatory_information"),
    97: Cause(_T, "message_type_unknown"),
    98: Cause(_T, "message_out_of_place"),
    99: Cause(_T, "information_element_unknown"),
    111: Cause(_T, "protocol_error"),
    # Another network gave no cause: what it did cannot be known (24.011 annex E-2).
    127: Cause(_D, "interworking"),
}
"""Causes of 24.011. Those without an entry prove a refusal, too."""

_CENTRE: Constant = {
    128: Cause(_P, "telematics_not_supported", _PERSON, elsewhere=True),
    129: Cause(_P, "type_0_not_supported", _PERSON, elsewhere=True),
    130: Cause(_P, "cannot_replace", _PERSON),
    143: Cause(_P, "protocol_identifier_error", elsewhere=True),
    144: Cause(_P, "alphabet_not_supported", elsewhere=True),
    145: Cause(_P, "message_class_not_supported", elsewhere=True),
    159: Cause(_P, "coding_error", elsewhere=True),
    176: Cause(_P, "pdu_not_supported", elsewhere=True),
    192: Cause(_T, "smsc_busy"),
    193: Cause(_B, "no_smsc_subscription", _LINE),
    194: Cause(_T, "smsc_failure"),
    195: Cause(_P, "invalid_address", _PERSON),
    196: Cause(_P, "destination_barred"),
    # The service centre says it has this message already: from whom, nobody knows.
    197: Cause(_D, "duplicate"),
    198: Cause(_P, "validity_format_not_supported", elsewhere=True),
    199: Cause(_P, "validity_not_supported", elsewhere=True),
    255: Cause(_D, "unspecified_error"),
}
"""TP failure causes. 208 to 213 (a SIM that is full, an error of the phone) are of receiving; others are refusals."""

_DEVICE: Constant = {
    # The modem itself has failed: before the PDU nothing left, after it nobody knows.
    300: Cause(_D, "modem_failure", _LINE),
    301: Cause(_B, "sms_reserved", _LINE),
    302: Cause(_T, "not_allowed"),
    303: Cause(_B, "not_supported", _LINE),
    304: Cause(_P, "invalid_pdu", elsewhere=True),
    305: Cause(_P, "invalid_text", elsewhere=True),
    310: Cause(_B, "no_sim", _LINE),
    311: Cause(_B, "pin_required", _LINE),
    312: Cause(_B, "phone_pin_required", _LINE),
    313: Cause(_B, "sim_failure", _LINE),
    314: Cause(Kind.BUSY, "sim_busy", _LINE),
    315: Cause(_B, "sim_wrong", _LINE),
    316: Cause(_B, "puk_required", _LINE),
    317: Cause(_B, "pin2_required", _LINE),
    318: Cause(_B, "puk2_required", _LINE),
    320: Cause(_T, "memory_failure", _LINE),
    321: Cause(_T, "invalid_index", _LINE),
    322: Cause(_B, "memory_full", _LINE),
    330: Cause(_B, "no_smsc", _LINE),
    331: Cause(Kind.NO_NETWORK, "no_network", _LINE),
    332: Cause(_D, "network_timeout", _LINE),
    340: Cause(_T, "no_acknowledgement_expected", _LINE),
    500: Cause(_D, "unknown_error"),
}
"""The modem's own errors (27.005 §3.2.5). 512 and above are the makers': doubt, but for what a profile proves."""

_CMS: Constant[Mapping[int, Cause]] = _NETWORK | _CENTRE | _DEVICE

_CME: Constant[Mapping[int, Cause]] = {
    3: Cause(_T, "not_allowed"),
    4: Cause(_B, "not_supported", _LINE),
    5: Cause(_B, "phone_pin_required", _LINE),
    6: Cause(_B, "phone_pin_required", _LINE),
    7: Cause(_B, "puk_required", _LINE),
    10: Cause(_B, "no_sim", _LINE),
    11: Cause(_B, "pin_required", _LINE),
    12: Cause(_B, "puk_required", _LINE),
    13: Cause(_B, "sim_failure", _LINE),
    14: Cause(Kind.BUSY, "sim_busy", _LINE),
    15: Cause(_B, "sim_wrong", _LINE),
    16: Cause(_B, "pin_wrong", _LINE),
    17: Cause(_B, "pin2_required", _LINE),
    18: Cause(_B, "puk2_required", _LINE),
    20: Cause(_B, "memory_full", _LINE),
    24: Cause(_P, "invalid_text", elsewhere=True),
    25: Cause(_P, "invalid_text", elsewhere=True),
    26: Cause(_P, "invalid_address", elsewhere=True),
    27: Cause(_P, "invalid_address", elsewhere=True),
    30: Cause(Kind.NO_NETWORK, "no_network", _LINE),
    31: Cause(_D, "network_timeout", _LINE),
    32: Cause(_B, "emergency_calls_only", _LINE),
    # The network has turned SIM or device away (24.008 §10.5.3.6).
    103: Cause(_B, "sim_rejected", _LINE),
    106: Cause(_B, "device_rejected", _LINE),
    111: Cause(_B, "roaming_not_allowed", _LINE),
    112: Cause(_B, "roaming_not_allowed", _LINE),
    113: Cause(_B, "roaming_not_allowed", _LINE),
    515: Cause(Kind.BUSY, "modem_busy", _LINE),
}

_TABLES: Constant[Mapping[str, Mapping[int, Cause]]] = {"CMS": _CMS, "CME": _CME}

_BUSY_BEFORE: Constant = {515: Cause(Kind.BUSY, "modem_busy", _LINE)}
"""Numbers of the makers' own range (512 and above) that mean busy as long as nothing has been written."""


def _named(final: Final) -> Cause | None:
    return _TABLES.get(final.family, {}).get(final.code) if final.code is not None else None


def _word(final: Final) -> str:
    return "error" if final.code is None else f"{final.family.lower()}_{final.code}"


def before_commit(final: Final) -> Cause:
    """Returns what an error in place of the prompt means: nothing left, and the modem spoke of itself alone."""
    if final.code in _BUSY_BEFORE:
        return _BUSY_BEFORE[final.code]
    cause = _named(final) or Cause(Kind.TRANSIENT, _word(final))
    kind = Kind.TRANSIENT if cause.kind in (Kind.DOUBT, Kind.PERMANENT) else cause.kind
    return Cause(kind, cause.reason, Blame.LINE)


def after_commit(final: Final, certain: AbstractSet[int] = frozenset()) -> Cause:
    """Returns what an error after Ctrl-Z means; `certain`: +CMS numbers of a brand that are proven to come without
    sending."""
    if final.family == "CMS" and final.code in certain:
        return before_commit(final)
    named = _named(final)
    if named is not None:
        return named
    if final.family == "CMS" and final.code is not None and final.code < 256:
        return Cause(Kind.TRANSIENT, _word(final))  # the network's own refusal
    return Cause(Kind.DOUBT, _word(final))


def is_busy(final: Final) -> bool:
    """Whether a command failed only because modem or SIM are still starting."""
    return not final.ok and before_commit(final).kind is Kind.BUSY
