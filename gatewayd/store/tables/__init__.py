"""The tables, as SQLAlchemy Core sees them; one definition for SQLite and PostgreSQL, a module a wing.

Times are integers, milliseconds of Unix time (UTC). Money is integers, millionths of the currency. States are the words
of `gatewayd.model`. The migrations build exactly this; a test compares the two.
"""

from __future__ import annotations

from gatewayd.store.tables.base import Id, metadata
from gatewayd.store.tables.billing import billing_state, fact_mark, feed, invoice, owed, payment, payment_part
from gatewayd.store.tables.campaigns import (
    approval,
    campaign,
    campaign_event,
    campaign_person,
    campaign_run,
    campaign_slice,
    campaign_step,
    list_member,
    people_list,
)
from gatewayd.store.tables.contacts import blocklist, evidence, register
from gatewayd.store.tables.credit import account, transfer
from gatewayd.store.tables.customers import (
    contact_point,
    customer,
    customer_alias,
    customer_word,
    debt,
    import_mapping,
    import_row,
    sheet_import,
)
from gatewayd.store.tables.elsewhere import elsewhere
from gatewayd.store.tables.inbox import conversation
from gatewayd.store.tables.insight import chosen_columns, process, process_fault, saved_view
from gatewayd.store.tables.people import audit, device, mass_rule, reach, reset, session, token, user
from gatewayd.store.tables.posting import posted
from gatewayd.store.tables.reminders import reminder, reminder_event
from gatewayd.store.tables.sending import (
    attempt,
    early_report,
    inbound,
    inbound_part,
    job,
    line,
    line_count,
    line_recipient,
    message,
    part,
    queue,
    queue_count,
    receipt,
    segment,
    tally,
)
from gatewayd.store.tables.settings import account_settings, added_line, line_secret, logo, node, setting
from gatewayd.store.tables.templates import template, template_version
from gatewayd.store.tables.tickets import (
    answer,
    answer_place,
    answer_settings,
    notice_batch,
    payment_notice,
    ticket,
    ticket_event,
)
from gatewayd.store.tables.webhooks import webhook, webhook_failure, webhook_log

__all__ = [
    "Id",
    "account",
    "account_settings",
    "added_line",
    "answer",
    "answer_place",
    "answer_settings",
    "approval",
    "attempt",
    "audit",
    "billing_state",
    "blocklist",
    "campaign",
    "campaign_event",
    "campaign_person",
    "campaign_run",
    "campaign_slice",
    "campaign_step",
    "chosen_columns",
    "contact_point",
    "conversation",
    "customer",
    "customer_alias",
    "customer_word",
    "debt",
    "device",
    "early_report",
    "elsewhere",
    "evidence",
    "fact_mark",
    "feed",
    "import_mapping",
    "import_row",
    "inbound",
    "inbound_part",
    "invoice",
    "job",
    "line",
    "line_count",
    "line_recipient",
    "line_secret",
    "list_member",
    "logo",
    "mass_rule",
    "message",
    "metadata",
    "node",
    "notice_batch",
    "owed",
    "part",
    "payment",
    "payment_notice",
    "payment_part",
    "people_list",
    "posted",
    "process",
    "process_fault",
    "queue",
    "queue_count",
    "reach",
    "receipt",
    "register",
    "reminder",
    "reminder_event",
    "reset",
    "saved_view",
    "segment",
    "session",
    "setting",
    "sheet_import",
    "tally",
    "template",
    "template_version",
    "ticket",
    "ticket_event",
    "token",
    "transfer",
    "user",
    "webhook",
    "webhook_failure",
    "webhook_log",
]
