"""Claims today: the ladder with how many stand on each step, the newest runs, what waits for a person, and a
simulation of any day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.web.panel import marks
from gatewayd.web.panel.bills import freshness
from gatewayd.web.panel.ladder_drawing import Rung, ladder
from gatewayd.web.panel.level_names import level_name
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/cobranza"
SIMULATION: Final = "/cobranza/simulacion"
RUN_STATES: Final[dict[str, str]] = {
    "running": spoken("under way"),
    "done": spoken("done"),
    "stopped": spoken("stands still"),
}


@page(HERE, operation="collections.show", place=Place("cobranza", spoken("Ladder"), 1))
async def show(visit: Visit) -> Response:
    """Shows where everybody stands."""
    found = await visit.ask("collections.show")
    rules = (await visit.ask("policy.list"))["items"] if visit.may("policy.list") else []
    levels: Counter[str] = Counter()
    for one in found["standing"]:
        if one["level"] is not None:
            levels[one["level"].partition("+")[0]] += one["customers"]
    account = await account_of(visit)
    names = {one["id"]: one["name"] or one["id"] for rule in rules for one in rule["document"]["levels"]}
    return visit.page(
        "collections.html",
        block="today" if visit.fragment else None,
        billing=await freshness(visit, account) if account and visit.may("billing.status") else None,
        standing=[{**one, "level_name": level_name(one["level"], names)} for one in found["standing"]],
        runs=found["runs"],
        waiting=[{**one, "level_name": level_name(one["level"], names)} for one in found["waiting"]],
        rules=[_ladder(rule, levels) for rule in rules if rule["document"]["levels"]],
        run_word=lambda state: _(RUN_STATES[state]) if state in RUN_STATES else state,
        may_decide=visit.may("collections.approve"),
        may_simulate=visit.may("collections.simulate"),
    )


def _ladder(rule: Any, levels: Counter[str]) -> dict[str, Any]:
    """Returns a rule's ladder as drawing and rows."""
    rows: list[dict[str, Any]] = []
    days = 0
    for one in rule["document"]["levels"]:
        days = one["days"] if one["basis"] == "due" else days + one["days"]
        rows.append({"name": one["name"] or one["id"], "days": days, "people": levels[one["id"]], "level": one})
    rungs = [Rung(row["days"], row["name"], row["people"]) for row in rows]
    told = ", ".join(f"{row['name']}: {row['people']}" for row in rows)
    label = _("Levels of {rule} and how many stand on each: {told}").format(rule=rule["policy"], told=told)
    return {"rule": rule, "rows": rows, "drawing": ladder(rungs, _("Due date"), label)}


@page(SIMULATION, operation="collections.simulate")
async def simulation(visit: Visit) -> Response:
    """Shows what the run of a day would do."""
    day, account = visit.query.get("fecha", "")[:10], await account_of(visit, visit.query.get("cuenta", ""))
    fault, found = "", None
    try:
        found = await visit.ask("collections.simulate", account=account or None, date=day or None)
    except (UsageError, NotFoundError) as error:
        fault = str(error)
    names = [] if visit.account else [one["name"] for one in (await visit.ask("account.list"))["items"]]
    return visit.page(
        "collections_simulation.html",
        found=found,
        fault=fault,
        day=day,
        account=account,
        accounts=[(name, name) for name in names],
        example=None if found is None else await _example(visit, account, found["people"]),
    )


async def _example(visit: Visit, account: str, people: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """Returns the first message that would go out, as it would read; None where no text is known."""
    first = next((one for one in people if one["channel"] and one["template"]), None)
    if first is None or not visit.may("template.preview"):
        return None
    channel = str(first["channel"])
    try:
        shown = await visit.ask(
            "template.preview",
            account=account,
            template=first["template"],
            channel=channel,
            customer=first["customer"],
            values={name: value for name, value in first["values"].items() if value},
        )
    except (NotFoundError, UsageError):
        return None
    fields = shown.get("fields") or {}
    text = "\n".join(str(fields[name]) for name in ("subject", "title", "text", "message") if fields.get(name))
    if not text:
        return None
    word = _(marks.CHANNEL[channel].word) if channel in marks.CHANNEL else channel
    return {"text": text, "name": first["name"] or first["customer"], "channel": word, "template": first["template"]}


@page(f"{HERE}/tandas", operation="collections.approve", method="POST")
async def decide(visit: Visit) -> Response:
    """Takes a person's word about a batch of claims."""
    number, word = str(visit.form.get("batch", "")), str(visit.form.get("word", ""))
    if not number.isdecimal() or len(number) > 15:
        return visit.go(HERE, said=_("There is no such batch of claims."), tone="look")
    operation = "collections.approve" if word == "yes" else "collections.reject"
    try:
        await visit.ask(operation, batch=int(number))
    except (ConflictError, NotFoundError, UsageError) as error:
        return visit.go(HERE, said=str(error), tone="act")
    return visit.go(HERE, said=_("They go out.") if word == "yes" else _("They do not go out."))
