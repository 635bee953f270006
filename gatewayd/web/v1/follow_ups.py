"""What may follow an operation: OpenAPI links, by which programs and tests go from one answer to the next request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


def _by(parameters: Mapping[str, str], *names: str) -> dict[str, Mapping[str, str]]:
    """Returns links to several operations that take the same parameters."""
    return dict.fromkeys(names, parameters)


def _body(**fields: str) -> dict[str, str]:
    """Returns parameters that stand in the answer's body, each under a name."""
    return {name: f"$response.body#/{field}" for name, field in fields.items()}


def _path(*names: str) -> dict[str, str]:
    """Returns parameters that stand in the request's own path."""
    return {name: f"$request.path.{name}" for name in names}


_CUSTOMER: Final = _path("customer")
_TEMPLATE: Final = _path("channel", "template")
_WEBHOOK: Final = _body(webhook="id")
_CAMPAIGN: Final = _body(campaign="campaign")

FOLLOW_UPS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "postJob": _by(_body(job="job"), "showJob", "listMessagesOfJob", "pauseJob", "resumeJob", "cancelJob"),
    "putCustomer": _by(
        _CUSTOMER,
        *("showCustomer", "showCustomerAccount", "exportCustomer", "listPauses", "addPause", "givePolicy"),
    ),
    "addPause": _by(_body(pause="pause"), "liftPause"),
    "putInvoice": _by(_path("invoice"), "showInvoice"),
    "putPayment": _by(_path("payment"), "showPayment"),
    "upload": _by(_body(upload="id"), "removeUpload"),
    "createImport": _by(_body(**{"import": "import"}), "showImport", "mapImport", "dryImport", "runImport"),
    "createList": _by(_body(list="list"), "showList", "listMembers", "changeList", "archiveList"),
    "createCampaign": _by(
        _CAMPAIGN,
        *("showCampaign", "changeCampaign", "reviewCampaign", "forecastCampaign", "launchCampaign"),
        *("listCampaignEvents", "listCampaignPeople", "removeCampaign"),
    ),
    "reviewCampaign": _by(_path("campaign"), "launchCampaign", "readLeftOut"),
    "launchCampaign": _by(_path("campaign"), "pauseCampaign", "paceCampaign", "cancelCampaign", "listCampaignPeople"),
    "pauseCampaign": _by(_path("campaign"), "resumeCampaign", "cancelCampaign"),
    "cancelCampaign": _by(_path("campaign"), "showCampaign", "resendCampaign"),
    "saveTemplate": _by(_TEMPLATE, "showTemplate", "archiveTemplate", "restoreTemplate", "removeTemplate"),
    "removeTemplate": _by(_TEMPLATE, "showTemplate", "saveTemplate"),
    "openTicket": _by(_body(ticket="ticket"), "showTicket", "changeTicket", "noteTicket"),
    "addReminder": _by(
        _body(reminder="reminder"),
        *("showReminder", "editReminder", "sendReminder", "repeatReminder", "payReminder", "archiveReminder"),
        "removeReminder",
    ),
    "removeReminder": _by(_path("reminder"), "showReminder"),
    "savePolicy": _by(_path("policy"), "showPolicy", "tryPolicy", "archivePolicy"),
    "addNovelty": _by(_body(novelty="novelty"), "endNovelty"),
    "addPromise": _by(_body(promise="promise"), "withdrawPromise"),
    "createUser": _by(
        _body(user="name"), "showUser", "changeUser", "setPassword", "disableUser", "enableUser", "signOut"
    ),
    "addLine": _by(
        _body(line="name"),
        *("showLine", "changeLine", "disableLine", "enableLine", "removeLine"),
    ),
    "removeLine": _by(_path("line"), "showLine"),
    "createExport": _by(_body(task="task"), "showTask", "showExportFile", "readExportFile", "cancelTask"),
    "createToken": _by(_body(token="token"), "revokeToken"),  # noqa: S106
    "addWebhook": _by(
        _WEBHOOK,
        *("showWebhook", "changeWebhook", "disableWebhook", "enableWebhook", "listFailures", "removeWebhook"),
    ),
    "removeWebhook": _by(_path("webhook"), "showWebhook"),
}
"""By the operation's id: the ids of those that may follow, and where the answer or request has their parameters."""


def links_of(name: str) -> dict[str, Any]:
    """Returns the links of an operation's good answer, by the name of what follows."""
    return {
        to: {"operationId": to, "parameters": dict(parameters)} for to, parameters in FOLLOW_UPS.get(name, {}).items()
    }
