"""Who may do what: one table of all operations, and the one place where it is judged.

An operator (who may open the control socket) and an engine may do everything. A person may do what its role may, a
token what its scope says, both within their account. What belongs to another account does not exist for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from gatewayd.operations.base import Operation
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from gatewayd.values.staff import ACCOUNT as STAFF
from gatewayd.words.translation import gettext as _

TokenScope = Literal["read", "send", "manage", "mass", "push", "transactional", "none"]

_EVERYBODY: Final = frozenset(Role)
_SUPERVISORS: Final = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
_ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})

OperationT = TypeVar("OperationT", bound=Operation)


@dataclass(frozen=True, slots=True)
class Right:
    """Who may perform one operation."""

    roles: frozenset[Role]
    scope: TokenScope
    """What a token needs; `none`: no token may."""
    audited: bool
    """Whether the audit trail has a row for each time: whatever changes something or carries data out."""
    anybody: bool = False
    """Whether nobody needs to be signed in (signing in itself)."""


def _reads(roles: frozenset[Role] = _EVERYBODY, scope: TokenScope = "read") -> Right:
    return Right(roles, scope, audited=False)


def _acts(roles: frozenset[Role], scope: TokenScope) -> Right:
    return Right(roles, scope, audited=True)


_OPEN: Final = Right(_EVERYBODY, "read", audited=False, anybody=True)

RIGHTS: Final[Mapping[str, Right]] = {
    "account.create": _acts(_ADMINISTRATORS, "manage"),
    "account.credit": _acts(_ADMINISTRATORS, "manage"),
    "account.list": _reads(),
    "account.show": _reads(),
    "account.statement": _reads(),
    "account.sums": _reads(),
    "account.settings": _reads(),
    "account.set": _acts(_SUPERVISORS, "manage"),
    "account.logo": _reads(),
    "account.logo.set": _acts(_SUPERVISORS, "manage"),
    "job.list": _reads(),
    "job.show": _reads(),
    "job.causes": _reads(),
    "job.messages": _reads(),
    "job.pause": _acts(_EVERYBODY, "send"),
    "job.resume": _acts(_EVERYBODY, "send"),
    "job.cancel": _acts(_EVERYBODY, "send"),
    # Not in the audit trail: what is sent has receipts, and bears its token's number in the job's name.
    "job.post": Right(_EVERYBODY, "send", audited=False),
    "message.post": Right(_EVERYBODY, "send", audited=False),
    "upload.begin": Right(_EVERYBODY, "send", audited=False),
    "upload.add": Right(_EVERYBODY, "send", audited=False),
    "upload.end": Right(_EVERYBODY, "send", audited=False),
    "upload.remove": Right(_EVERYBODY, "send", audited=False),
    "message.list": _reads(),
    "message.show": _reads(),
    "message.settle": _acts(_EVERYBODY, "send"),
    "interaction.list": _reads(),
    "interaction.show": _reads(),
    "interaction.resend": _acts(_EVERYBODY, "send"),
    "interaction.note": _acts(_EVERYBODY, "send"),
    "interaction.upload": _acts(_EVERYBODY, "send"),
    "interaction.template": _reads(),
    "task.faults": _reads(),
    "export.create": _acts(_EVERYBODY, "read"),
    "export.download": _acts(_EVERYBODY, "read"),
    "export.read": _reads(),
    "task.list": _reads(),
    "task.show": _reads(),
    "task.cancel": _acts(_EVERYBODY, "read"),
    "view.list": _reads(scope="none"),
    "view.save": _acts(_EVERYBODY, "none"),
    "view.share": _acts(_EVERYBODY, "none"),
    "view.remove": _acts(_EVERYBODY, "none"),
    "columns.show": _reads(scope="none"),
    "columns.set": Right(_EVERYBODY, "none", audited=False),
    "message.settle_many": _acts(_EVERYBODY, "send"),
    "line.list": _reads(),
    "line.show": _reads(),
    "line.enable": _acts(_ADMINISTRATORS, "manage"),
    "line.disable": _acts(_ADMINISTRATORS, "manage"),
    "line.test": _acts(_ADMINISTRATORS, "manage"),
    "line.ask": _acts(_ADMINISTRATORS, "manage"),
    "line.kinds": _reads(_ADMINISTRATORS, "manage"),
    "line.discover": _reads(_ADMINISTRATORS, "manage"),
    "line.add": _acts(_ADMINISTRATORS, "manage"),
    "line.set": _acts(_ADMINISTRATORS, "manage"),
    "line.secret": _acts(_ADMINISTRATORS, "manage"),
    "line.remove": _acts(_ADMINISTRATORS, "manage"),
    "blocklist.list": _reads(_SUPERVISORS),
    "blocklist.doubtful": _reads(_SUPERVISORS),
    "blocklist.add": _acts(_EVERYBODY, "manage"),
    "blocklist.upload": _acts(_EVERYBODY, "manage"),
    "blocklist.remove": _acts(_SUPERVISORS, "manage"),
    "contact.presets": _reads(),
    "contact.rules": _reads(),
    "contact.year": _reads(),
    "contact.set": _acts(_SUPERVISORS, "manage"),
    "contact.waiting": _reads(),
    "contact.why": _reads(),
    "evidence.export": _acts(_SUPERVISORS, "read"),
    "evidence.list": _reads(_SUPERVISORS),
    # Not in the audit trail: the import as a whole is.
    "register.add": Right(_ADMINISTRATORS, "manage", audited=False),
    "register.finish": _acts(_ADMINISTRATORS, "manage"),
    "register.import": _acts(_ADMINISTRATORS, "manage"),
    "register.upload": _acts(_ADMINISTRATORS, "manage"),
    "register.list": _reads(_ADMINISTRATORS, "manage"),
    "register.remove": _acts(_ADMINISTRATORS, "manage"),
    "invoice.list": _reads(),
    "invoice.show": _reads(),
    "invoice.put": _acts(_EVERYBODY, "manage"),
    "invoice.put_many": _acts(_EVERYBODY, "manage"),
    "payment.list": _reads(),
    "payment.show": _reads(),
    "payment.put": _acts(_EVERYBODY, "manage"),
    "payment.put_many": _acts(_EVERYBODY, "manage"),
    "billing.status": _reads(),
    "billing.rows": _reads(),
    "billing.confirm": _acts(_SUPERVISORS, "manage"),
    "billing.vouch": _acts(_SUPERVISORS, "manage"),
    "customer.account": _reads(),
    "customer.list": _reads(),
    "customer.count": _reads(),
    "customer.show": _reads(),
    "customer.put": _acts(_EVERYBODY, "manage"),
    "customer.put_many": _acts(_EVERYBODY, "manage"),
    "customer.mark": _acts(_EVERYBODY, "manage"),
    "customer.sheet": _acts(_EVERYBODY, "read"),
    "customer.contact": _acts(_EVERYBODY, "push"),
    "customer.merge": _acts(_SUPERVISORS, "manage"),
    "customer.export": _acts(_SUPERVISORS, "manage"),
    "customer.forget": _acts(_SUPERVISORS, "manage"),
    "import.create": _acts(_EVERYBODY, "manage"),
    "import.list": _reads(),
    "import.show": _reads(),
    "import.map": _acts(_EVERYBODY, "manage"),
    "import.dry": _acts(_EVERYBODY, "manage"),
    "import.run": _acts(_EVERYBODY, "manage"),
    "import.undo": _acts(_EVERYBODY, "manage"),
    "import.refused": _acts(_EVERYBODY, "read"),
    "ping": _OPEN,
    "overview": _reads(),
    "status": _reads(),
    "check": _reads(_ADMINISTRATORS, "manage"),
    "reset.ask": Right(_EVERYBODY, "none", audited=True, anybody=True),
    "reset.show": Right(_EVERYBODY, "none", audited=False, anybody=True),
    "reset.use": Right(_EVERYBODY, "none", audited=True, anybody=True),
    "session.door": _OPEN,
    "inbox.list": _reads(),
    "inbox.unread": _reads(),
    "inbox.show": _reads(),
    "inbox.read": Right(_EVERYBODY, "send", audited=False),
    "inbox.done": _acts(_EVERYBODY, "send"),
    "inbox.open": _acts(_EVERYBODY, "send"),
    "inbox.assign": _acts(_EVERYBODY, "send"),
    "inbox.reply": _acts(_EVERYBODY, "send"),
    "ticket.list": _reads(),
    "ticket.show": _reads(),
    "ticket.add": _acts(_EVERYBODY, "send"),
    "ticket.note": _acts(_EVERYBODY, "send"),
    "ticket.set": _acts(_EVERYBODY, "send"),
    "answers.show": _reads(),
    "answers.set": _acts(_SUPERVISORS, "manage"),
    "answers.try": _reads(),
    "notice.list": _reads(),
    "notice.decide": _acts(_SUPERVISORS, "none"),
    "statistics.show": _reads(),
    "forecast.show": _reads(),
    "session.open": Right(_EVERYBODY, "none", audited=True, anybody=True),
    "session.confirm": Right(_EVERYBODY, "none", audited=True, anybody=True),
    "session.close": Right(_EVERYBODY, "none", audited=True),
    "session.show": _reads(),
    "session.touch": Right(_EVERYBODY, "none", audited=False, anybody=True),
    "user.create": _acts(_SUPERVISORS, "manage"),
    "user.list": _reads(_SUPERVISORS, "manage"),
    "webhook.list": _reads(_SUPERVISORS, "manage"),
    "webhook.show": _reads(_SUPERVISORS, "manage"),
    "webhook.failures": _reads(_SUPERVISORS, "manage"),
    "webhook.add": _acts(_ADMINISTRATORS, "manage"),
    "webhook.set": _acts(_ADMINISTRATORS, "manage"),
    "webhook.remove": _acts(_ADMINISTRATORS, "manage"),
    "webhook.enable": _acts(_ADMINISTRATORS, "manage"),
    "webhook.disable": _acts(_ADMINISTRATORS, "manage"),
    "webhook.test": _acts(_ADMINISTRATORS, "manage"),
    "webhook.replay": _acts(_ADMINISTRATORS, "manage"),
    "engine.release": _acts(_ADMINISTRATORS, "none"),
    "user.show": _reads(_SUPERVISORS, "manage"),
    "user.edit": _acts(_SUPERVISORS, "manage"),
    "user.role": _acts(_ADMINISTRATORS, "manage"),
    "user.disable": _acts(_SUPERVISORS, "manage"),
    "user.enable": _acts(_SUPERVISORS, "manage"),
    "user.password": _acts(_SUPERVISORS, "manage"),
    "user.totp_reset": _acts(_SUPERVISORS, "manage"),
    "key.reseal": _acts(_ADMINISTRATORS, "none"),
    "user.sign_out": _acts(_SUPERVISORS, "manage"),
    "me.show": _reads(scope="none"),
    "me.edit": _acts(_EVERYBODY, "none"),
    "me.password": _acts(_EVERYBODY, "none"),
    "me.sessions": _reads(scope="none"),
    "me.sign_out": _acts(_EVERYBODY, "none"),
    "me.totp_offer": _acts(_EVERYBODY, "none"),
    "me.totp_picture": _reads(scope="none"),
    "me.totp_confirm": _acts(_EVERYBODY, "none"),
    "me.totp_drop": _acts(_EVERYBODY, "none"),
    "me.recovery": _acts(_EVERYBODY, "none"),
    "template.cost": _reads(),
    "template.defaults": _reads(),
    "template.preview": _reads(),
    "template.prompt": _reads(scope="manage"),
    "template.sound": _reads(scope="manage"),
    "template.test": _acts(_EVERYBODY, "send"),
    "template.list": _reads(),
    "template.show": _reads(),
    "template.save": _acts(_SUPERVISORS, "manage"),
    "template.rename": _acts(_SUPERVISORS, "manage"),
    "template.archive": _acts(_SUPERVISORS, "manage"),
    "template.restore": _acts(_SUPERVISORS, "manage"),
    "template.remove": _acts(_SUPERVISORS, "manage"),
    "template.approve": _acts(_ADMINISTRATORS, "none"),
    "feed.list": _reads(),
    "feed.show": _reads(),
    "feed.run": _acts(_SUPERVISORS, "manage"),
    "reminder.list": _reads(),
    "reminder.show": _reads(),
    "reminder.add": _acts(_EVERYBODY, "send"),
    "reminder.edit": _acts(_EVERYBODY, "send"),
    "reminder.send": _acts(_EVERYBODY, "send"),
    "reminder.repeat": _acts(_EVERYBODY, "send"),
    "reminder.pay": _acts(_EVERYBODY, "send"),
    "reminder.archive": _acts(_EVERYBODY, "send"),
    "reminder.remove": _acts(_EVERYBODY, "send"),
    "list.list": _reads(),
    "list.show": _reads(),
    "list.members": _reads(),
    "list.create": _acts(_EVERYBODY, "send"),
    "list.set": _acts(_EVERYBODY, "send"),
    "list.archive": _acts(_EVERYBODY, "send"),
    "policy.list": _reads(),
    "policy.show": _reads(),
    "policy.save": _acts(_SUPERVISORS, "manage"),
    "policy.archive": _acts(_SUPERVISORS, "manage"),
    "policy.try": _reads(_SUPERVISORS, "manage"),
    "policy.give": _acts(_SUPERVISORS, "manage"),
    "collections.run": _acts(_SUPERVISORS, "manage"),
    "collections.simulate": _reads(),
    "collections.show": _reads(),
    "collections.approve": _acts(_SUPERVISORS, "none"),
    "collections.reject": _acts(_SUPERVISORS, "none"),
    "decision.list": _reads(),
    "novelty.list": _reads(),
    "novelty.add": _acts(_EVERYBODY, "manage"),
    "novelty.done": _acts(_EVERYBODY, "manage"),
    "promise.list": _reads(),
    "promise.add": _acts(_EVERYBODY, "manage"),
    "promise.withdraw": _acts(_EVERYBODY, "manage"),
    "pause.list": _reads(),
    "pause.add": _acts(_EVERYBODY, "manage"),
    "pause.lift": _acts(_SUPERVISORS, "manage"),
    "dispute.set": _acts(_EVERYBODY, "manage"),
    "dispute.end": _acts(_EVERYBODY, "manage"),
    "effectiveness.show": _reads(),
    "campaign.list": _reads(),
    "campaign.show": _reads(),
    "campaign.events": _reads(),
    "campaign.people": _reads(),
    "campaign.forecast": _reads(),
    "campaign.save": _acts(_EVERYBODY, "send"),
    "campaign.remove": _acts(_EVERYBODY, "send"),
    "campaign.launch": _acts(_EVERYBODY, "send"),
    "campaign.review": Right(_EVERYBODY, "send", audited=False),
    "campaign.left_out": _acts(_EVERYBODY, "send"),
    "campaign.resend": _acts(_EVERYBODY, "send"),
    # No token approves: it is nobody else than whoever asked, who may bear one.
    "campaign.approve": _acts(_SUPERVISORS, "none"),
    "campaign.reject": _acts(_SUPERVISORS, "none"),
    "campaign.pause": _acts(_EVERYBODY, "send"),
    "campaign.resume": _acts(_EVERYBODY, "send"),
    "campaign.cancel": _acts(_EVERYBODY, "send"),
    "campaign.pace": _acts(_EVERYBODY, "send"),
    "campaign.lines": _acts(_EVERYBODY, "send"),
    "token.create": _acts(_ADMINISTRATORS, "manage"),
    "token.list": _reads(_ADMINISTRATORS, "manage"),
    "token.revoke": _acts(_ADMINISTRATORS, "manage"),
    "mass.show": _reads(),
    "mass.set": _acts(_ADMINISTRATORS, "none"),
    "audit.list": _reads(_ADMINISTRATORS, "manage"),
    "audit.export": _acts(_ADMINISTRATORS, "manage"),
}
"""By name of the operation. A test holds it against `OPERATIONS`: one without the other is a fault."""


_REAL: Final = frozenset(
    {
        *("interaction.resend", "line.test", "line.ask", "template.test"),
        *("reminder.add", "reminder.edit", "reminder.repeat", "reminder.send"),
        *("policy.save", "policy.give"),
    }
)
"""What leaves the gateway, or is charged, whoever asks: no test token may."""


def allows(operation: str, by: Actor) -> bool:
    """Returns whether `by` may perform the operation of that name, in its own account at least."""
    right = RIGHTS[operation]
    if right.anybody or by.kind in {"operator", "engine"}:
        return True
    if by.kind == "token":
        return right.scope != "none" and right.scope in by.scopes and by.role in right.roles
    return by.role in right.roles


def judge(operation: OperationT, by: Actor) -> OperationT:
    """Returns the operation, bound to the actor's account, once it may be performed.

    UnauthenticatedError with nobody signed in, ForbiddenError where the role or token does not allow it, NotFoundError
    for another account's.
    """
    _known(operation)
    if not allows(operation.name, by):
        raise refused(operation.name, by)
    if by.test and operation.name in _REAL:
        raise ForbiddenError(_("a test token sends nothing"))
    return operation if by.account is None else _bound(operation, by.account)


def refused(operation: str, by: Actor) -> UnauthenticatedError | ForbiddenError:
    """Returns why somebody who may not perform an operation may not."""
    if by.kind == "nobody":
        return UnauthenticatedError(_("sign in first"))
    if by.kind == "token":
        scope = RIGHTS[operation].scope
        return ForbiddenError(_("this token may not do that: it needs the scope {scope}").format(scope=scope))
    return ForbiddenError(_("your role does not allow that"))


def _known(operation: Operation) -> None:
    """NotFoundError for what belongs to the gateway's own account."""
    for field in ("account", "job"):
        named = getattr(operation, field, None) if field in type(operation).model_fields else None
        if isinstance(named, str) and named.partition("/")[0] == STAFF:
            raise NotFoundError(_("no account {account}").format(account=STAFF))


def _bound(operation: OperationT, account: str) -> OperationT:
    """Returns the operation for rows of one account alone."""
    changes: dict[str, Any] = {}
    fields = type(operation).model_fields
    if "account" in fields:
        named = getattr(operation, "account")  # noqa: B009 - a field of some operations
        if named is None:
            changes["account"] = account
        elif named != account:
            raise NotFoundError(_("no account {account}").format(account=named))
    if "job" in fields:
        named = getattr(operation, "job")  # noqa: B009
        if isinstance(named, str):
            owner, slash, _name = named.partition("/")
            if slash and owner != account:
                raise NotFoundError(_("no job {job}").format(job=named))
            if not slash:
                changes["job"] = f"{account}/{named}"
    return operation.model_copy(update=changes) if changes else operation


def owned(by: Actor, account: str, missing: str) -> None:
    """Raises NotFoundError with that sentence where what was found belongs to another account than the actor's."""
    if account == STAFF or not by.scope.holds(account):
        raise NotFoundError(missing)
