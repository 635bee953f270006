"""How things look in JSON: decimal strings for money, ISO 8601 in UTC for times. Pure."""

from __future__ import annotations

import json
from typing import Any

from gatewayd.store.commands import AccountInfo
from gatewayd.store.credit.questions import Sums
from gatewayd.store.snapshots import (
    AttemptView,
    BlockedNumber,
    DoubtfulOptOut,
    JobSummary,
    MessageView,
    TransferView,
    iso,
    template_document,
)
from gatewayd.values.money import format_money
from gatewayd.values.shown import quoted, shown
from gatewayd.values.views import EventView, LineView, StallView

Json = dict[str, Any]


def summary(job: JobSummary) -> Json:
    """A job: exactly what its `summary.json` holds."""
    return job.document()


def message(found: MessageView, *, whole: bool = False) -> Json:
    """A message as a receipt of now (a receipt's `seq` belongs to its line in the file, so it is null); with `whole`
    its text, attempts and parts too."""
    body = shown(
        at=iso(found.updated_at) or "",
        job=quoted(found.job),
        message=found.public,
        ref=found.ref,
        row=found.row,
        to=found.to,
        channel=found.channel,
        state=str(found.state),
        final=found.final,
        reason=found.reason,
        line=found.line,
        attempt=found.attempt,
        segments=found.segments,
        cost=found.cost,
        detail=found.detail,
        klass=found.klass,
    )
    shape: Json = json.loads(f'{{"v":1,"seq":null,"account":{quoted(found.account)}{body}')
    if whole:
        shape |= {
            "due": iso(found.due),
            "not_after": iso(found.not_after),
            "text": found.text,
            "template": template_document(found.template),
            "encoding": found.encoding or None,
            "attempts": [attempt(one) for one in found.attempts],
        }
    return shape


def attempt(found: AttemptView) -> Json:
    return {
        "id": found.public,
        "attempt": found.number,
        "line": found.line,
        "node": found.node,
        "state": found.state,
        "outcome": found.outcome,
        "reason": found.reason,
        "started_at": iso(found.started_at),
        "ended_at": iso(found.ended_at),
        "parts": [
            {
                "part": part.part,
                "state": part.state,
                "reference": part.reference,
                "reason": part.reason,
                "at": iso(part.at),
                "reported_at": iso(part.reported_at),
            }
            for part in found.parts
        ],
    }


def account(found: AccountInfo) -> Json:
    return {
        "name": found.name,
        "currency": found.currency,
        "balance": format_money(found.balance),
        "held": format_money(found.held),
        "charged": format_money(found.charged),
        "granted": format_money(found.granted),
    }


def transfer(found: TransferView) -> Json:
    return {
        "id": found.id,
        "at": iso(found.at),
        "kind": found.kind,
        "amount": format_money(found.amount),
        "job": found.job,
        "message": found.message,
        "part": found.part,
        "note": found.note,
    }


def sums(found: Sums) -> Json:
    return {
        "group": found.group,
        "granted": format_money(found.granted),
        "charged": format_money(found.charged),
        "held": format_money(found.held),
        "last_at": iso(found.last_at),
    }


def line(found: LineView) -> Json:
    return {
        "name": found.name,
        "driver": found.driver,
        "channel": found.channel,
        "enabled": found.enabled,
        "state": found.state,
        "reason": found.reason,
        "rate": found.rate,
        "signal": found.signal,
        "operator": found.operator,
        "sent_today": found.sent_today,
    }


def line_now(found: LineView) -> Json:
    """A line with what only a person who looks closer wants."""
    return line(found) | {
        "since": iso(found.since),
        "pace": found.pace,
        "in_work": found.in_work,
        "outcomes": dict(found.outcomes),
        "unknown_reports": found.unknown_reports,
        "detail": dict(found.detail),
    }


def event(found: EventView) -> Json:
    return {
        "seq": found.seq,
        "at": iso(found.at),
        "kind": found.kind,
        "subject": found.subject,
        "state": found.state,
        "reason": found.reason,
    }


def stall(found: StallView) -> Json:
    return {"service": found.service, "account": found.account, "reason": found.reason, "since": iso(found.since)}


def doubtful(found: DoubtfulOptOut) -> Json:
    return {
        "id": found.public,
        "at": iso(found.at),
        "line": found.line,
        "from": found.sender,
        "text": found.text,
    }


def blocked(found: BlockedNumber) -> Json:
    return {
        "to": found.to,
        "at": iso(found.at),
        "source": found.source,
        "note": found.note,
        "account": found.account,
        "register": found.register,
        "channel": found.channel,
    }
