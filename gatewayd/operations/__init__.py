"""Every operation of the gateway once: the control socket, the HTTP API and the command line all perform these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from gatewayd.actor import Actor
from gatewayd.errors import UsageError
from gatewayd.operations import (
    account_settings,
    accounts,
    audit,
    blocklist,
    diagnosis,
    exports,
    forecast,
    inbox,
    interactions,
    jobs,
    line_settings,
    lines,
    masssend,
    me,
    messages,
    overview,
    posts,
    resend,
    resets,
    saved_views,
    sessions,
    statistics,
    tokens,
    uploads,
    users,
    webhooks,
)
from gatewayd.operations.base import Json, Operation, read_request
from gatewayd.operations.places import PLACES
from gatewayd.operations.ports import Backend, Live
from gatewayd.operations.rights import RIGHTS, judge
from gatewayd.operations.trail import performed
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
        account_settings.ShowSettings,
        account_settings.SetSettings,
        account_settings.ShowLogo,
        account_settings.SetLogo,
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
        messages.SettleMessages,
        lines.ListLines,
        lines.ShowLine,
        lines.EnableLine,
        lines.DisableLine,
        lines.TestLine,
        lines.AskLine,
        line_settings.ListLineKinds,
        line_settings.DiscoverLines,
        line_settings.AddLine,
        line_settings.SetLine,
        line_settings.SetLineSecret,
        line_settings.RemoveLine,
        blocklist.ListBlocked,
        blocklist.ListDoubtful,
        blocklist.BlockNumbers,
        blocklist.UnblockNumber,
        overview.Ping,
        overview.Overview,
        overview.Status,
        diagnosis.Check,
        resets.AskReset,
        resets.ShowReset,
        resets.UseReset,
        sessions.ShowDoor,
        sessions.OpenSession,
        sessions.ConfirmSession,
        sessions.CloseSession,
        sessions.ShowSession,
        sessions.TouchSessions,
        inbox.ListConversations,
        inbox.CountUnread,
        inbox.ShowConversation,
        inbox.ReadConversation,
        inbox.PutAwayConversation,
        inbox.OpenConversation,
        inbox.AssignConversation,
        inbox.ReplyConversation,
        statistics.ShowStatistics,
        forecast.ShowForecast,
        interactions.ListInteractions,
        interactions.ShowInteraction,
        resend.ResendInteractions,
        exports.CreateExport,
        exports.DownloadExport,
        exports.ReadExport,
        exports.ListTasks,
        exports.ShowTask,
        exports.CancelTask,
        saved_views.ListViews,
        saved_views.SaveView,
        saved_views.ShareView,
        saved_views.RemoveView,
        saved_views.ShowColumns,
        saved_views.SetColumns,
        users.CreateUser,
        users.ListUsers,
        webhooks.ListWebhooks,
        webhooks.ShowWebhook,
        webhooks.AddWebhook,
        webhooks.SetWebhook,
        webhooks.RemoveWebhook,
        webhooks.EnableWebhook,
        webhooks.DisableWebhook,
        webhooks.TestWebhook,
        webhooks.ListFailures,
        webhooks.ReplayEvents,
        webhooks.ReleaseEngines,
        users.ShowUser,
        users.EditUser,
        users.SetRole,
        users.DisableUser,
        users.EnableUser,
        users.SetPassword,
        users.ResetTotp,
        users.EndSessions,
        me.ShowMe,
        me.EditMe,
        me.ChangePassword,
        me.ListSessions,
        me.EndSession,
        me.OfferTotp,
        me.ShowOffered,
        me.ConfirmTotp,
        me.DropTotp,
        me.RenewCodes,
        tokens.CreateToken,
        tokens.ListTokens,
        tokens.RevokeToken,
        masssend.ShowMassRule,
        masssend.SetMassRule,
        audit.ListAudit,
        audit.ExportAudit,
    )
}

class _Operations(Mapping[str, type[Operation]]):
    """The operations by their names. A module is imported when one of its operations is asked for: a command that asks
    one question does not pay for all the others."""

    def __getitem__(self, name: str) -> type[Operation]:
        module, _colon, attribute = PLACES[name].partition(":")
        found: type[Operation] = getattr(import_module(f"{__name__}.{module}"), attribute)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)

    def __contains__(self, name: object) -> bool:
        return name in PLACES


OPERATIONS: Final[Mapping[str, type[Operation]]] = _Operations()


async def perform(backend: Backend, name: str, arguments: Any, by: Actor) -> Json:
    """Performs the operation `name` for `by`.

    UsageError when there is none or the arguments do not fit; UnauthenticatedError, ForbiddenError and NotFoundError
    where `by` may not. The audit trail is written here and nowhere else.
    """
    operation = OPERATIONS.get(name)
    if operation is None:
        raise UsageError(f"no operation {name!r}")
    request = read_request(operation, arguments)
    if RIGHTS[name].audited:
        return await performed(backend, request, by)
    return await judge(request, by).perform(backend, by)
