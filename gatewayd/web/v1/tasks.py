"""Work in the background and its files, what was done by whom, and what needs a person."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, Endpoint, Parameter
from gatewayd.web.v1.forms import TIME, named, text
from gatewayd.web.v1.house import in_account, performed
from gatewayd.web.words import spoken

TASK: Final = Parameter("task", named("^[1-9][0-9]{0,17}$"), spoken("The task's number."), "path")
OFFSET: Final = Parameter("offset", {"type": "integer", "minimum": 0, "maximum": (1 << 40) - 1}, spoken("In octets."))
_TAG: Final = spoken("Tasks and exports")
_ONE: Final = "/v1/tasks/{task}"

ENDPOINTS: Final = (
    Endpoint(
        *("POST", "/v1/exports", "createExport", "export.create", spoken("Have interactions exported"), "Task"),
        *(in_account("export.create", 202, filter="query"),),
        description=spoken(
            "All that the filter means, or those that are picked; at once, or in the night. Show the task to see how"
            " far it is."
        ),
        tag=_TAG,
        status=202,
        body="NewExport",
        conflicts=True,
        parameters=(ACCOUNT,),
        examples={"failed": {"format": "csv", "filter": {"state": ["failed"]}}},
    ),
    Endpoint(
        *("GET", f"{_ONE}/file", "showExportFile", "export.download", spoken("Show an export's file"), "ExportFile"),
        *(performed("export.download"),),
        description=spoken("Its name and size; its content is read by stretches."),
        tag=_TAG,
        conflicts=True,
        parameters=(TASK,),
    ),
    Endpoint(
        *("GET", f"{_ONE}/file/content", "readExportFile", "export.read", spoken("Read an export's file"), "Stretch"),
        *(performed("export.read"),),
        description=spoken("A stretch of it from `offset` on, in base64; an empty one at its end."),
        tag=_TAG,
        conflicts=True,
        parameters=(TASK, OFFSET),
    ),
    Endpoint(
        *("GET", "/v1/tasks", "listTasks", "task.list", spoken("List work in the background"), "Tasks"),
        *(performed("task.list"),),
        tag=_TAG,
        parameters=(ACCOUNT, CURSOR, LIMIT),
    ),
    Endpoint(
        *("GET", _ONE, "showTask", "task.show", spoken("Show a task"), "Task", performed("task.show")),
        tag=_TAG,
        parameters=(TASK,),
    ),
    Endpoint(
        *("POST", f"{_ONE}/cancel", "cancelTask", "task.cancel", spoken("Cancel a task"), "Task"),
        *(performed("task.cancel"),),
        description=spoken("What was written of it is removed."),
        tag=_TAG,
        conflicts=True,
        parameters=(TASK,),
    ),
    Endpoint(
        *("GET", "/v1/status", "showStatus", "status", spoken("Show what needs a person"), "Status"),
        *(performed("status"),),
        description=spoken("Nothing where all is well."),
        tag=_TAG,
    ),
    Endpoint(
        *("GET", "/v1/audit", "listAudit", "audit.list", spoken("List what was done and refused"), "Audit"),
        *(performed("audit.list"),),
        description=spoken("The newest first. With a token of administration alone."),
        tag=_TAG,
        parameters=(
            ACCOUNT,
            Parameter("actor", text(200, least=1), spoken("Who did it.")),
            Parameter("act", text(200, least=1), spoken("What was done, as `line.add`.")),
            Parameter("subject", text(200, least=1), spoken("With what.")),
            Parameter("since", TIME, spoken("From this time on.")),
            Parameter("until", TIME, spoken("Before this time.")),
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("GET", "/v1/token", "showToken", "session.show", spoken("Show whose token this is"), "Bearer"),
        *(performed("session.show"),),
        tag=spoken("Tokens"),
    ),
)
