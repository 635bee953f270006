"""What stands around an interaction: the person it was with, and where its message came from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, exists, false, func, not_, null, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from gatewayd.store import tables
from gatewayd.store.insight.filters import INBOUND, JOB, MESSAGE, OTHER, InteractionFilter

AT_ONCE: Final = 500

FLOWS: Final = ("campaign", "resend", "panel", "api", "file", "upload", "noted")
"""How a contact came about, in the order in which they are offered."""
MANUAL: Final = frozenset({"campaign", "resend", "panel"})
"""Flows that a person has begun."""
_SOURCES: Final = {"upload": "upload", "noted": "person", "api": "api"}
_NUMBERED: Final = re.compile(r"#(\d{1,18})(?: .*)?", re.ASCII)
"""A campaign that is meant by its number, whatever others are called alike: `#12`, `#12 Vencimiento`."""

_CAMPAIGN: Final = tables.campaign.c
_SLICE: Final = tables.campaign_slice.c
_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
_USER: Final = tables.user.c
_CHIEFS: Final = tables.user.alias("chief")
_CHIEF: Final = _CHIEFS.c

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """Who a contact was with."""

    name: str
    external_id: str
    document: str | None
    portfolio_type: str | None
    portfolio_name: str | None
    assigned: str | None
    supervisor: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a message came from."""

    flow: str
    campaign: str | None
    template: str | None
    version: int | None


def persons(connection: Connection, numbers: Collection[int]) -> dict[int, Person]:
    """Returns the customers of these rows."""
    found: dict[int, Person] = {}
    statement = select(
        *(_CUSTOMER.id, _CUSTOMER.name, _CUSTOMER.external_id, _CUSTOMER.document_type, _CUSTOMER.document_number),
        *(_CUSTOMER.portfolio_type, _CUSTOMER.portfolio_name, _USER.name, _CHIEF.name),
    ).select_from(
        tables.customer.outerjoin(tables.user, _USER.id == _CUSTOMER.assigned_id).outerjoin(
            _CHIEFS, _CHIEF.id == _USER.supervisor_id
        )
    )
    for some in _chunks(sorted(numbers)):
        for row in connection.execute(statement.where(_CUSTOMER.id.in_(some))):
            document = " ".join(filter(None, row[3:5])) or None
            found[row[0]] = Person(row[1], row[2], document, *row[5:9])
    return found


def owners(connection: Connection, addresses: Collection[tuple[int | None, str]]) -> dict[tuple[int | None, str], int]:
    """Returns the customer of each address, which comes with its account."""
    found: dict[tuple[int | None, str], int] = {}
    for some in _chunks(sorted({address for account, address in addresses if account is not None})):
        statement = (
            select(_POINT.account_id, _POINT.address, func.min(_POINT.customer_id))
            .where(_POINT.address.in_(some), _POINT.state != "wrong_person")
            .group_by(_POINT.account_id, _POINT.address)
        )
        for account, address, number in connection.execute(statement):
            found[account, address] = number
    return found


def sources(connection: Connection, jobs: Collection[int]) -> dict[int, Source]:
    """Returns where the messages of these jobs came from."""
    rows: list[Any] = []
    for some in _chunks(sorted(jobs)):
        statement = select(JOB.id, JOB.origin, JOB.name, _TemplateName(JOB.content), _TemplateVersion(JOB.content))
        rows += connection.execute(statement.where(JOB.id.in_(some))).all()
    names: dict[int, str] = {}
    for some in _chunks(sorted(row[0] for row in rows if row[1] == "campaign")):
        named = _of_campaigns(_SLICE.job_id, _CAMPAIGN.name).where(_SLICE.job_id.in_(some))
        names.update((row[0], row[1]) for row in connection.execute(named))
    return {
        number: Source(flow_of(origin, name), names.get(number), template, None if version is None else int(version))
        for number, origin, name, template, version in rows
    }


def _of_campaigns(*columns: Any) -> Select[Any]:
    """Returns the question for something of campaigns and their jobs."""
    run = tables.campaign_run.c
    return select(*columns).select_from(
        tables.campaign_slice.join(tables.campaign_run, run.id == _SLICE.run_id).join(
            tables.campaign, _CAMPAIGN.id == run.campaign_id
        )
    )


def flow_of(origin: str, name: str) -> str:
    """Returns how the messages of a job came about."""
    if origin == "campaign":
        return "campaign"
    if name.startswith("resend-"):
        return "resend"
    if name.startswith("post-"):
        return "panel" if re.match(r"post-(u\d|op)", name) else "api"
    return "file"


def contacts_before(connection: Connection, rows: Iterable[tuple[T, str | None, int]]) -> dict[T, int]:
    """Returns when the address of each row (key, address, time) was contacted last before it, by us or elsewhere."""
    found: dict[T, int] = {}
    for key, address, at in rows:
        if not address:
            continue
        ours = connection.scalar(select(func.max(MESSAGE.at)).where(MESSAGE.to == address, MESSAGE.at < at))
        others = connection.scalar(select(func.max(OTHER.at)).where(OTHER.address == address, OTHER.at < at))
        latest = max((one for one in (ours, others) if one is not None), default=None)
        if latest is not None:
            found[key] = latest
    return found


# -------------------------------------------------------------------------------------------------------------- filters


def of_people(wanted: InteractionFilter, kind: str) -> Iterator[ColumnElement[bool]]:
    """Yields the condition on the customer of a row of that kind (`message`, `inbound`, `elsewhere`), if any is set."""
    asked = list(_of_customer(wanted))
    if not asked:
        return
    table, known, account, address = {
        "message": (tables.message, MESSAGE.person_id, MESSAGE.account_id, MESSAGE.to),
        "elsewhere": (tables.elsewhere, OTHER.person_id, OTHER.account_id, OTHER.address),
        "inbound": (tables.inbound, null(), INBOUND.account_id, INBOUND.sender),
    }[kind]
    # Who was not known when it was recorded may be known now.
    owner = (
        select(func.min(_POINT.customer_id))
        .where(_POINT.account_id == account, _POINT.address == address, _POINT.state != "wrong_person")
        .correlate(table)
        .scalar_subquery()
    )
    number = owner if kind == "inbound" else func.coalesce(known, owner)
    yield exists(select(_CUSTOMER.id).where(_CUSTOMER.id == number, *asked).correlate(table))


def _of_customer(wanted: InteractionFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.portfolio_type is not None:
        yield _CUSTOMER.portfolio_type == wanted.portfolio_type
    if wanted.portfolio_name is not None:
        yield _CUSTOMER.portfolio_name == wanted.portfolio_name
    if wanted.document is not None:
        yield _CUSTOMER.document_key == wanted.document
    user = tables.user.alias("asked").c
    if wanted.assigned is not None:
        yield _CUSTOMER.assigned_id.in_(select(user.id).where(user.name == wanted.assigned.casefold()))
    if wanted.supervisor is not None:
        chief = select(_USER.id).where(_USER.name == wanted.supervisor.casefold()).scalar_subquery()
        yield _CUSTOMER.assigned_id.in_(select(user.id).where(user.supervisor_id == chief))


def of_jobs(wanted: InteractionFilter) -> list[ColumnElement[bool]]:
    """Returns the conditions on a message's job: its campaign, its flow, whether a person began it, its template."""
    found: list[ColumnElement[bool]] = []
    if wanted.campaign is not None:
        match = _NUMBERED.fullmatch(wanted.campaign)
        meant = _CAMPAIGN.name == wanted.campaign if match is None else _CAMPAIGN.id == int(match[1])
        found.append(JOB.id.in_(_of_campaigns(_SLICE.job_id).where(meant, _SLICE.job_id.is_not(None))))
    if wanted.flow is not None:
        found.append(_flows(wanted.flow))
    if wanted.kind is not None:
        manual = or_(*(_flows(flow) for flow in sorted(MANUAL)))
        found.append(manual if wanted.kind == "manual" else not_(manual))
    if wanted.template is not None:
        found.append(_TemplateName(JOB.content) == wanted.template)
    return found


def _flows(flow: str) -> ColumnElement[bool]:
    person = or_(JOB.name.like("post-u%"), JOB.name.like("post-op%"))
    ours = JOB.origin == "campaign"
    match flow:
        case "campaign":
            return ours
        case "resend":
            return and_(not_(ours), JOB.name.like("resend-%"))
        case "panel":
            return and_(not_(ours), person)
        case "api":
            return and_(not_(ours), JOB.name.like("post-%"), not_(person))
        case "file":
            return and_(not_(ours), not_(JOB.name.like("post-%")), not_(JOB.name.like("resend-%")))
    return false()


def of_others(wanted: InteractionFilter) -> Iterator[ColumnElement[bool]]:
    """Yields the conditions on how a contact made elsewhere came about."""
    if wanted.flow is not None:
        yield OTHER.source == _SOURCES.get(wanted.flow, "")
    if wanted.kind is not None:
        yield OTHER.kind == wanted.kind


class _TemplateName(FunctionElement[str]):
    """The name of the template that a job's content bears; null where it bears none."""

    name = "template_name"
    type = Text()
    inherit_cache = True


class _TemplateVersion(FunctionElement[str]):
    """The version of that template."""

    name = "template_version"
    type = Text()
    inherit_cache = True


@compiles(_TemplateName)
def _name(element: Any, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)}::json #>> '{{template,name}}')"


@compiles(_TemplateVersion)
def _version(element: Any, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)}::json #>> '{{template,version}}')"


@compiles(_TemplateName, "sqlite")
def _name_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **options)}, '$.template.name')"


@compiles(_TemplateVersion, "sqlite")
def _version_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **options)}, '$.template.version')"


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def described(people: Mapping[int, Person], number: int | None, source: Source | None) -> dict[str, Any]:
    """Returns what an interaction bears of its person and its source."""
    person = None if number is None else people.get(number)
    found: dict[str, Any] = {"person": person}
    if source is not None:
        found |= {
            "flow": source.flow,
            "campaign": source.campaign,
            "template": source.template,
            "template_version": source.version,
            "kind": "manual" if source.flow in MANUAL else "automatic",
        }
    return found
