"""Operations that programs have no address for, and why. Each other one has an endpoint, which a test holds to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SIGNING_IN: Final = "people sign in, programs bear a token"
_OWN: Final = "a person's own account in the panel"
_SHEET: Final = "a sheet for people; the same rows are pages of"
_LISTENING: Final = "a sound that a person listens to in the panel"
_APPROVING: Final = "a yes or no that a person says"

ABSENT: Final[Mapping[str, str]] = {
    "account.logo": "a picture of the panel's",
    "account.logo.set": "a picture of the panel's",
    "audit.export": f"{_SHEET} GET /v1/audit",
    "blocklist.upload": "a file for people; programs post its numbers in portions to POST /v1/blocklist",
    "campaign.approve": _APPROVING,
    "campaign.reject": _APPROVING,
    "check": "looks at this machine: its files, devices and permissions",
    "collections.approve": _APPROVING,
    "collections.reject": _APPROVING,
    "columns.set": _OWN,
    "columns.show": _OWN,
    "customer.sheet": f"{_SHEET} GET /v1/customers",
    "engine.release": "somebody has looked whether the copy that was put back may send",
    "evidence.export": f"{_SHEET} GET /v1/evidence",
    "interaction.template": "a sheet to fill in by hand; its columns stand in POST /v1/interactions/uploads",
    "key.reseal": "of this machine's key file",
    "line.kinds": "the panel's forms; the keys of lines are documented",
    "mass.set": _OWN,
    "me.edit": _OWN,
    "me.password": _OWN,
    "me.recovery": _OWN,
    "me.sessions": _OWN,
    "me.show": _OWN,
    "me.sign_out": _OWN,
    "me.totp_confirm": _OWN,
    "me.totp_drop": _OWN,
    "me.totp_offer": _OWN,
    "me.totp_picture": _OWN,
    "notice.decide": _APPROVING,
    "overview": "snapshots of `gatewayd top`; what stays is GET /v1/lines and /v1/status",
    "ping": "GET /v1/status says whether a daemon answers",
    "register.add": "a legal register is a file of its keeper's: gatewayd register import",
    "register.finish": "a legal register is a file of its keeper's: gatewayd register import",
    "register.import": "a legal register is a file of its keeper's: gatewayd register import",
    "register.list": "a legal register is a file of its keeper's: gatewayd register list",
    "register.upload": "a legal register is a file of its keeper's: gatewayd register import, or the panel",
    "register.remove": "a legal register is a file of its keeper's: gatewayd register remove",
    "reset.ask": _SIGNING_IN,
    "reset.show": _SIGNING_IN,
    "reset.use": _SIGNING_IN,
    "session.close": _SIGNING_IN,
    "session.confirm": _SIGNING_IN,
    "session.door": _SIGNING_IN,
    "session.open": _SIGNING_IN,
    "session.touch": _SIGNING_IN,
    "template.approve": _APPROVING,
    "template.prompt": _LISTENING,
    "template.sound": _LISTENING,
    "upload.add": "portions of POST /v1/uploads",
    "upload.end": "the end of POST /v1/uploads",
    "view.list": _OWN,
    "view.remove": _OWN,
    "view.save": _OWN,
    "view.share": _OWN,
}
"""By the operation's name."""
