"""The rooms of the tree: who may import whom, and which libraries belong where. Tables alone; `tree.py` holds the tree
against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ROOMS: Final = ("gatewayd", "drivers", "spool", "dialplan")

SHARED_BY_DRIVERS: Final = ("drivers.base", "drivers.control", "drivers.http", "drivers.simulation")
"""What several technologies need alike: the port, HTTP, and what simulators are made of."""

VALUES: Final = tuple(
    f"gatewayd.{name}"
    for name in [
        "values",
        "words",
        "credentials",
        "process.access_list",
        "process.failpoints",
        "process.log_sink",
        "process.logger",
        "process.logs",
        "process.notify",
        "answers.bodies",
        "answers.facts",
        "answers.keywords",
        "answers.known",
        "answers.settings",
        "answers.tickets",
        "billing.balance",
        "billing.document",
        "billing.facts",
        "billing.fields",
        "billing.lines",
        "billing.portion",
        "contact",
        "content",
        "customers",
        "dunning.decision",
        "dunning.holdout",
        "dunning.ladder",
        "dunning.novelty",
        "dunning.policy",
        "dunning.situation",
        "dunning.step_key",
        "feeds.documents",
        "feeds.faults",
        "feeds.schedule",
        "feeds.source",
        "numbers",
    ]
)
"""Values and pure rules: they know each other and, of the rest, the port of a driver, how an SMS is coded and how
columns are named."""

STORE: Final = "gatewayd.store"
WINGS: Final = (
    ("people", "settings", "credit", "contacts", "webhooks"),
    ("sending", "billing", "tickets"),
    ("campaigns", "dunning"),
    ("insight",),
)
"""From left to right: a wing imports wings of ranks to its left alone."""
FOUNDATION: Final = tuple(
    f"{STORE}.{name}"
    for name in [
        "accounts",
        "beside",
        "change",
        "checkpoint",
        "commands",
        "connection",
        "faults",
        "ids",
        "migrations",
        "numbered",
        "port",
        "public_ids",
        "reading_engine",
        "reading_role",
        "reserve",
        "session",
        "snapshots",
        "tables",
    ]
)
"""The part of the store's machine that wings stand on; the rest of it (writer, reader …) stands on the wings."""

PORT: Final = ("drivers.base",)
NAMES: Final = ("spool.names",)
"""The rule by which a column and the variable of a text have one name."""
ENDPOINT: Final = ("gatewayd.webhooks.signature", "gatewayd.webhooks.target")
"""What the address and the secret of a webhook may be."""
WEBHOOK_RULES: Final = (*ENDPOINT, "gatewayd.webhooks.event", "gatewayd.webhooks.verdict")
CODING: Final = (*PORT, "drivers.gsm.alphabet", "drivers.gsm.transliteration")

WEB: Final = ("gatewayd.web.remote", "gatewayd.web.security", "gatewayd.web.words")
"""What panel and API share."""

CORE: Final[Mapping[str, tuple[str, ...]]] = {
    "gatewayd.registry": (*VALUES, *PORT),
    "gatewayd.config": (*VALUES, *PORT, "gatewayd.registry", *ENDPOINT),
    "gatewayd.outcomes": (*VALUES, *PORT, f"{STORE}.commands"),
    "gatewayd.intake": (
        *VALUES,
        *CODING,
        "drivers.asterisk.amounts",
        "gatewayd.config",
        "gatewayd.registry",
        "gatewayd.workers",
        "spool",
        f"{STORE}.commands",
        f"{STORE}.port",
    ),
    "gatewayd.dispatch": (
        *VALUES,
        *PORT,
        "gatewayd.config",
        "gatewayd.outcomes",
        f"{STORE}.commands",
        f"{STORE}.port",
    ),
    "gatewayd.billing.engine.acknowledgement": (*VALUES, STORE),
    "gatewayd.outgoing.carrying": (*VALUES, "spool", f"{STORE}.commands"),
    "gatewayd.billing.engine.freshening": (*VALUES, STORE),
    "gatewayd.outgoing.receipt_writer": (*VALUES, "spool", STORE),
    # Longest names first: the first room that fits decides.
    "gatewayd.workers.claims": (*VALUES, "gatewayd.claims", "gatewayd.workers", STORE),
    "gatewayd.workers.numbers": (*VALUES, "gatewayd.number_list", "gatewayd.workers"),
    "gatewayd.workers": (*VALUES, STORE),
    "gatewayd.tasks.engine": (*VALUES, "gatewayd.config", "gatewayd.workers", STORE),
    "gatewayd.tasks.exports": (*VALUES, "gatewayd.tasks.engine", "gatewayd.workers", STORE),
    "gatewayd.number_list": (*VALUES, "spool"),
    "gatewayd.tasks.number_uploads": (*VALUES, "gatewayd.tasks.engine", "gatewayd.workers", "spool", STORE),
    "gatewayd.tasks.contact_uploads": (*VALUES, "gatewayd.tasks.engine", "gatewayd.workers", "spool", STORE),
    "gatewayd.inbound": (*VALUES, "gatewayd.config", f"{STORE}.commands"),
    "gatewayd.outgoing.inbox_writer": (*VALUES, "spool", STORE),
    "gatewayd.staff_links": (*VALUES, *PORT, STORE),
    "gatewayd.upkeep": (*VALUES, "spool", STORE),
    "gatewayd.restoration": (*VALUES, "spool", STORE),
    "gatewayd.campaigns.engine": (
        *VALUES,
        *PORT,
        "gatewayd.campaigns",
        "gatewayd.config",
        "gatewayd.intake",
        "gatewayd.process.rounds",
        "gatewayd.submission",
        "gatewayd.workers",
        "spool",
        STORE,
    ),
    "gatewayd.campaigns": VALUES,
    "gatewayd.dunning.engine": (
        *VALUES,
        "gatewayd.billing.engine.desk",
        *PORT,
        "gatewayd.claims",
        "gatewayd.config",
        "gatewayd.dunning",
        "gatewayd.intake",
        "gatewayd.process.rounds",
        "gatewayd.submission",
        "gatewayd.workers",
        "spool",
        STORE,
    ),
    "gatewayd.dunning": VALUES,
    "gatewayd.claims": (*VALUES, "gatewayd.dunning", STORE),
    "gatewayd.answers.engine": (
        *VALUES,
        "gatewayd.billing.engine.desk",
        *PORT,
        "gatewayd.answers",
        "gatewayd.outgoing.carrying",
        "gatewayd.config",
        "gatewayd.intake",
        "gatewayd.submission",
        "spool",
        STORE,
    ),
    "gatewayd.answers": VALUES,
    "gatewayd.feeds.engine": (
        *VALUES,
        "gatewayd.billing.engine.desk",
        "gatewayd.config",
        "gatewayd.imports.engine",
        "gatewayd.workers",
        "spool",
        STORE,
    ),
    "gatewayd.feeds": VALUES,
    "gatewayd.imports.engine": (
        *VALUES,
        "gatewayd.billing.engine.acknowledgement",
        "gatewayd.billing.engine.desk",
        "gatewayd.config",
        "gatewayd.imports",
        "gatewayd.submission",
        "gatewayd.workers",
        "spool",
        STORE,
        "gatewayd.tasks.engine",
    ),
    "gatewayd.imports": (*VALUES, *PORT, "spool.lists", "spool.names"),
    "gatewayd.stored_templates": (*VALUES, "spool", STORE),
    "gatewayd.process.rounds": (*VALUES, "spool"),
    "gatewayd.submission": (*VALUES, "gatewayd.intake", "spool", f"{STORE}.commands"),
    "gatewayd.billing.engine.desk": (*VALUES, STORE),
    "gatewayd.operations": (
        *VALUES,
        *PORT,
        "gatewayd.answers",
        "gatewayd.billing.engine.desk",
        "gatewayd.campaigns",
        "gatewayd.claims",
        "gatewayd.config",
        "gatewayd.dunning",
        "gatewayd.imports",
        "gatewayd.registry",
        "spool",
        STORE,
        *WEBHOOK_RULES,
    ),
    "gatewayd.fleet": (
        *VALUES,
        *PORT,
        "gatewayd.config",
        "gatewayd.dispatch",
        "gatewayd.inbound",
        "gatewayd.outgoing.inbox_writer",
        "gatewayd.outcomes",
        "gatewayd.registry",
        f"{STORE}.commands",
        f"{STORE}.port",
    ),
    "gatewayd.live": (
        *VALUES,
        "gatewayd.billing.engine.acknowledgement",
        *PORT,
        "gatewayd.answers.engine",
        "gatewayd.webhooks",
        "gatewayd.campaigns",
        "gatewayd.config",
        "gatewayd.dispatch",
        "gatewayd.dunning",
        "gatewayd.feeds.engine",
        "gatewayd.fleet",
        "gatewayd.imports.engine",
        "gatewayd.intake",
        "gatewayd.operations",
        "gatewayd.tasks.engine",
        "spool",
        STORE,
    ),
    "gatewayd.control": (*VALUES, "gatewayd.operations"),
    "gatewayd.process.connections": (),
    "gatewayd.process.cycles": (),
    "gatewayd.process.loop": (),
    "gatewayd.process.serving": (*VALUES, "gatewayd.process.connections"),
    "gatewayd.http": (
        *VALUES,
        *PORT,
        "gatewayd.config",
        "gatewayd.process.connections",
        "gatewayd.process.serving",
        "gatewayd.control",
        "gatewayd.operations",
        f"{STORE}.commands",
        f"{STORE}.snapshots",
    ),
    # Longest names first: the first room that fits decides.
    "gatewayd.webhooks.engine": (
        *VALUES,
        *PORT,
        "gatewayd.config",
        "gatewayd.outgoing.inbox_writer",
        "gatewayd.webhooks",
        "spool",
        STORE,
    ),
    "gatewayd.webhooks": VALUES,
    "gatewayd.web.panel": (*VALUES, *PORT, "gatewayd.operations", *WEB),
    "gatewayd.web.v1": (*VALUES, *PORT, "gatewayd.operations", *WEB),
    "gatewayd.web": (
        *VALUES,
        *PORT,
        "gatewayd.config",
        "gatewayd.process.connections",
        "gatewayd.process.cycles",
        "gatewayd.process.loop",
        "gatewayd.process.serving",
        "gatewayd.control",
        "gatewayd.operations",
        STORE,
    ),
}
"""Of each room of the core, what it may import of ours beside itself."""

ROOF: Final = tuple(f"gatewayd.{name}" for name in ["daemon", "cli", "demo", "__main__"])
"""They know everybody and are imported by nobody below."""

LIBRARIES: Final[Mapping[str, tuple[str, ...]]] = {
    "sqlalchemy": (STORE, "gatewayd.workers.feed"),
    "alembic": (STORE,),
    "psycopg": (STORE,),
    "fastapi": ("gatewayd.http",),
    "starlette": ("gatewayd.http", "gatewayd.web"),
}
"""Libraries that only these rooms may import."""
