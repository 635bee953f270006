"""Every operation of the gateway once: the control socket, the HTTP API and the command line all perform these."""

from __future__ import annotations

from typing import Any, Final

from gatewayd.actor import Actor
from gatewayd.errors import UsageError
from gatewayd.operations import (
    accounts,
    blocklist,
    diagnosis,
    inbox,
    jobs,
    lines,
    messages,
    overview,
    posts,
    sessions,
    statistics,
    uploads,
    users,
)
from gatewayd.operations.base import Json, Operation, read_request
from gatewayd.operations.ports import Backend, Live
from gatewayd.operations.rights import judge
from gatewayd.views import EventView, LineView, Rates, WriterView

__all__ = [
    "OPERATIONS",
    "Backend",
    "EventView",
    "Json",
    "LineView",
    "Live",
    "Operation",
    "Rates",
    "WriterView",
    "perform",
]

OPERATIONS: Final[dict[str, type[Operation]]] = {
    operation.name: operation
    for operation in (
        accounts.CreateAccountRequest,
        accounts.CreditRequest,
        accounts.ListAccounts,
        accounts.ShowAccount,
        accounts.AccountStatement,
        accounts.AccountSums,
        jobs.ListJobs,
        jobs.ShowJob,
        jobs.ShowCauses,
        jobs.ListMessages,
        jobs.PauseJob,
        jobs.ResumeJob,
        jobs.CancelJob,
        posts.PostJob,
        posts.PostMessages,
        uploads.BeginUpload,
        uploads.AddUpload,
        uploads.EndUpload,
        uploads.RemoveUpload,
        messages.FindMessages,
        messages.ShowMessage,
        messages.SettleMessage,
        lines.ListLines,
        lines.ShowLine,
        lines.EnableLine,
        lines.DisableLine,
        lines.TestLine,
        lines.AskLine,
        blocklist.ListBlocked,
        blocklist.ListDoubtful,
        blocklist.BlockNumbers,
        blocklist.UnblockNumber,
        overview.Ping,
        overview.Overview,
        overview.Status,
        diagnosis.Check,
        sessions.OpenSession,
        sessions.CloseSession,
        sessions.ShowSession,
        inbox.ListConversations,
        inbox.CountUnread,
        inbox.ShowConversation,
        inbox.ReadConversation,
        inbox.PutAwayConversation,
        inbox.OpenConversation,
        inbox.AssignConversation,
        statistics.ShowStatistics,
        users.CreateUser,
        users.ListUsers,
    )
}


async def perform(backend: Backend, name: str, arguments: Any, by: Actor) -> Json:
    """Performs the operation `name` for `by`.

    UsageError when there is none or the arguments do not fit; UnauthenticatedError, ForbiddenError and NotFoundError
    where `by` may not.
    """
    operation = OPERATIONS.get(name)
    if operation is None:
        raise UsageError(f"no operation {name!r}")
    return await judge(read_request(operation, arguments), by).perform(backend, by)
