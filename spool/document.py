"""The job file as a frozen record: strict JSON in, every fault told with its place.

Parsing is pure: bytes in, `JobDocument` out, `JobFileError` for anything else whatever the bytes are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final, Literal

from spool import callplan, fields
from spool.errors import JobFileError
from spool.folders import is_name
from spool.lists.encoding import canonical
from spool.lists.instructions import AS_IT_SAYS, Instructions
from spool.strict_json import load

JOB_FILE_LIMIT: Final = 64 << 20
"""Bytes of a job file."""

Channel = Literal["sms", "call", "email", "push", "whatsapp"]

CHANNELS: Final = ("sms", "call", "email", "push", "whatsapp")
PRIORITIES: Final = ("urgent", "normal", "bulk")
ENCODINGS: Final = ("auto", "gsm7", "ucs2")
HIDDEN_ROWS: Final = ("send", "skip")
MAX_SEGMENTS: Final = 10
SEGMENTS_LIMIT: Final = 255
"""What a header of concatenation can count."""
RESENDS: Final = ("never", "allow")
CLASSES: Final = ("collections", "notice", "transactional", "reply")
"""Of messages: which rules of contact hold for them."""
GUARDED_CLASSES: Final = frozenset({"transactional", "reply"})
"""With hours and caps of their own, so that not everybody may claim them."""
AREAS: Final = ("all", "tickets", "invoices", "customers")

_CALL_KEYS: Final = frozenset({"call"})
_EMAIL_KEYS: Final = frozenset({"subject", "html", "cc", "attachments", "area"})
_PUSH_KEYS: Final = frozenset({"push"})
_WHATSAPP_KEYS: Final = frozenset({"whatsapp"})
KEYS: Final = (
    frozenset(
        {
            "job",
            "channel",
            "text",
            "template",
            "template_version",
            "values",
            "recipients",
            "recipients_file",
            "recipients_rows",
            "recipients_sha256",
            "columns",
            "sheet",
            "header_row",
            "hidden_rows",
            "recipients_encoding",
            "not_before",
            "not_after",
            "priority",
            "lines",
            "encoding",
            "max_segments",
            "resend",
            "class",
        }
    )
    | _CALL_KEYS
    | _EMAIL_KEYS
    | _PUSH_KEYS
    | _WHATSAPP_KEYS
)

_TEMPLATES: Final = _CALL_KEYS | _EMAIL_KEYS | _PUSH_KEYS | _WHATSAPP_KEYS
"""What a stored template says besides the text."""

_OWNED: Final = (
    (_CALL_KEYS, "call"),
    (_EMAIL_KEYS, "email"),
    (_PUSH_KEYS, "push"),
    (_WHATSAPP_KEYS, "whatsapp"),
)
"""Keys that belong to one channel."""

_NOTHING_SAID: Final = {
    "call": ("call.script", "text_none_call"),
    "email": ("text", "text_none_email"),
    "push": ("text", "text_none_push"),
    "whatsapp": ("whatsapp.template", "text_none_whatsapp"),
}
"""The key that a job without words lacks, by its channel, and the sentence that says so."""

_WITHIN: Final = {
    **dict.fromkeys(("script", "amd", "min_heard_s", "ring_s", "limit_s", "retries"), "call"),
    **dict.fromkeys(("menu", "menu_prompt", "steps", "goodbye", "confirm", "voice"), "call.script"),
    **dict.fromkeys(("title", "data", "ttl"), "push"),
    **dict.fromkeys(("language", "parameters"), "whatsapp"),
}
"""Where keys belong that are easily written one level too high."""


@dataclass(frozen=True, slots=True)
class Email:
    """What an e-mail has beside its text. `attachments` are bare names beside the job file."""

    subject: str | None = None
    html: str | None = None
    cc: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    area: str = "all"


@dataclass(frozen=True, slots=True)
class Push:
    """What a push has beside its text. `data` is for the app that receives it."""

    title: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    ttl_s: int | None = None
    """How long the service may keep it; None leaves it to the line."""


@dataclass(frozen=True, slots=True)
class Whatsapp:
    """A template that Meta has approved, in place of a text of one's own."""

    template: str
    language: str
    """As Meta writes it: `es_AR`."""
    parameters: tuple[str, ...] | Mapping[str, str] = ()
    """Of the template's body, in their order or by their names."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The version of a stored template that a job's words were taken from."""

    name: str
    version: int
    content: Mapping[str, Any]
    """The keys of a job file that it says."""
    said: Mapping[str, Any]
    """What the job itself says in the fields that the template has filled in."""


@dataclass(frozen=True, slots=True)
class JobDocument:
    """One job file, checked for shape; times are aware, recipients' keys are column names as in a sheet's header."""

    file: str
    """Name of the job file, for errors."""
    job: str
    channel: Channel
    text: str | None = None
    template: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    """By lower-case variable name."""
    recipients: tuple[Mapping[str, str], ...] | None = None
    """Inline recipients, cells as text (numbers as they were written); None when they are in `recipients_file`."""
    recipients_file: str | None = None
    recipients_rows: int | None = None
    recipients_sha256: str | None = None
    reading: Instructions = AS_IT_SAYS
    """How the list is to be read, where it does not say so itself."""
    not_before: datetime | None = None
    not_after: datetime | None = None
    priority: Literal["urgent", "normal", "bulk"] = "normal"
    lines: tuple[str, ...] = ()
    """Empty: any line of the channel."""
    encoding: Literal["auto", "gsm7", "ucs2"] = "auto"
    max_segments: int = MAX_SEGMENTS
    """Most segments of one message."""
    resend: Literal["never", "allow"] = "never"
    klass: Literal["collections", "notice", "transactional", "reply"] | None = None
    """Key `class`; None: the account's own."""
    call: Mapping[str, Any] | None = None
    """The call's plan: keys and shapes as in the job file, defaults filled in, durations in seconds."""
    email: Email | None = None
    push: Push | None = None
    whatsapp: Whatsapp | None = None
    template_version: int | None = None
    """None: the newest when the job is recorded."""
    stored: Stored | None = None
    """None: the words are the job's own, or the template has not been looked up yet."""

    @property
    def files(self) -> tuple[str, ...]:
        """Returns bare names of the files beside the job file that belong to it, the recipients' first."""
        named = (self.recipients_file,) if self.recipients_file else ()
        return named + tuple(n for n in (self.email.attachments if self.email else ()) if n not in named)

    def content_hash(self, files: Mapping[str, str] | None = None) -> str:
        """Returns SHA-256 (hex) of what the job says; `files` maps each of `self.files` to that of its bytes.

        Two jobs of one id with equal hashes are the same job. Spelling does not count: order of keys, white space,
        defaults written out, an instant's offset, the name of the recipients' file, the checks on its size.
        """
        if self.stored is not None:
            # A template that was changed meanwhile does not make another job of the same file.
            return replace(self, **self.stored.said, stored=None).content_hash(files)
        given = dict(files or {})
        if missing := [name for name in self.files if name not in given]:
            raise ValueError(f"no hash of {missing[0]}")
        content = {
            "v": 1,
            "channel": self.channel,
            "text": self.text,
            "template": self.template,
            "values": dict(self.values),
            "recipients": self.recipients,
            "recipients_file": given[self.recipients_file] if self.recipients_file else None,
            "not_before": self.not_before.timestamp() if self.not_before else None,
            "not_after": self.not_after.timestamp() if self.not_after else None,
            "priority": self.priority,
            "lines": sorted(self.lines),
            "encoding": self.encoding,
            "resend": self.resend,
            "call": self.call,
            "email": self._email_content(given),
        }
        # Later keys count only where they are given: a job recorded before they existed keeps its hash.
        content |= {} if self.max_segments == MAX_SEGMENTS else {"max_segments": self.max_segments}
        content |= {} if self.klass is None else {"class": self.klass}
        parts = (("push", self.push), ("whatsapp", self.whatsapp), ("reading", self.reading))
        content |= {key: asdict(part) for key, part in parts if part}
        content |= {} if self.template_version is None else {"template_version": self.template_version}
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def _email_content(self, files: Mapping[str, str]) -> dict[str, Any] | None:
        if self.email is None:
            return None
        email = self.email
        attached = [[name, files[name]] for name in email.attachments]
        return {"subject": email.subject, "html": email.html, "cc": email.cc, "area": email.area, "files": attached}


def parse(data: bytes, file: str = "job.json") -> JobDocument:
    """Returns a job file's bytes as a document. `file` is its name: for errors, and its stem is the default job id.

    JobFileError is the only error, whatever the bytes are.
    """
    if len(data) > JOB_FILE_LIMIT:
        raise JobFileError("too_large", "job_too_large", file=file, limit=f"{JOB_FILE_LIMIT >> 20} MiB")
    try:
        return document_of(load(data), file)
    except JobFileError as error:
        error.file = error.file or file
        raise


def document_of(raw: Any, file: str) -> JobDocument:
    """Returns a job that is parsed already, as a document; JobFileError, without the file's name."""
    if not isinstance(raw, dict):
        raise JobFileError("json_invalid", "json_not_object", line=1, column=1)
    fields.known(raw, KEYS, "", _WITHIN)
    channel = fields.choice(raw, "channel", CHANNELS, None)
    for keys, owner in _OWNED:
        if channel != owner and (alien := sorted(keys & raw.keys())):
            raise JobFileError("value_invalid", "value_channel", field=alien[0], channel=channel)
    template, template_version = fields.template(raw, _TEMPLATES)
    recipients, recipients_file = _recipients(raw)
    not_before, not_after = fields.instant(raw, "not_before"), fields.instant(raw, "not_after")
    if not_before and not_after and not_after <= not_before:
        raise JobFileError("value_invalid", "value_times", field="not_after")
    document = JobDocument(
        file=file,
        job=_job(raw, file),
        channel=channel,  # type: ignore[arg-type] # `choice` has checked it, here and below
        text=fields.string(raw, "text", None, limit=fields.TEXT_LIMIT),
        template=template,
        template_version=template_version,
        values=fields.variables(raw, "values"),
        recipients=recipients,
        recipients_file=recipients_file,
        recipients_rows=fields.whole(raw, "recipients_rows", None, low=0, high=10_000_000),
        recipients_sha256=fields.sha256(raw, "recipients_sha256"),
        reading=_reading(raw),
        not_before=not_before,
        not_after=not_after,
        priority=fields.choice(raw, "priority", PRIORITIES, "normal"),  # type: ignore[arg-type]
        lines=fields.strings(raw, "lines"),
        encoding=fields.choice(raw, "encoding", ENCODINGS, "auto"),  # type: ignore[arg-type]
        max_segments=fields.whole(raw, "max_segments", MAX_SEGMENTS, low=1, high=SEGMENTS_LIMIT) or MAX_SEGMENTS,
        resend=fields.choice(raw, "resend", RESENDS, "never"),  # type: ignore[arg-type]
        klass=None if raw.get("class") is None else fields.choice(raw, "class", CLASSES, None),  # type: ignore[arg-type]
        call=callplan.call(raw, "call"),
        email=_email(raw) if channel == "email" and template is None else None,
        push=_push(raw),
        whatsapp=_whatsapp(raw),
    )
    _words(document)
    if document.email is not None and document.recipients_file in document.email.attachments:
        raise JobFileError("value_invalid", "attachment_list", field="attachments", name=document.recipients_file)
    return document


def _job(raw: dict[str, Any], file: str) -> str:
    try:
        file.encode()
    except UnicodeEncodeError:  # names are bytes to the kernel; what nothing can store or show is no name
        raise JobFileError("value_invalid", "value_file_name") from None
    job = fields.string(raw, "job", None)
    if job is None:
        job = PurePosixPath(file).stem
        if not is_name(job):
            raise JobFileError("value_invalid", "value_stem", field="job", name=job)
    elif not is_name(job):
        raise JobFileError("value_invalid", "value_name", field="job", name=job)
    return job


def _recipients(raw: dict[str, Any]) -> tuple[tuple[Mapping[str, str], ...] | None, str | None]:
    inline, name = raw.get("recipients"), fields.file_name(raw, "recipients_file")
    if (inline is None) == (name is None):
        kind = "recipients_none" if name is None else "recipients_both"
        raise JobFileError("value_invalid", kind, field="recipients")
    if inline is None:
        return None, name
    for key in ("recipients_sha256", "sheet", "header_row", "hidden_rows", "recipients_encoding"):
        if raw.get(key) is not None:
            raise JobFileError("value_invalid", "recipients_check", field=key)
    recipients = fields.recipients(inline, "recipients")
    told = fields.whole(raw, "recipients_rows", None, low=0, high=10_000_000)
    if told is not None and told != len(recipients):
        raise JobFileError(
            "recipients_mismatch", "mismatch_rows", field="recipients_rows", told=told, found=len(recipients)
        )
    return recipients, None


def _reading(raw: dict[str, Any]) -> Instructions:
    columns = fields.table(raw, "columns", {"to", "ref"}) or {}
    to = columns.get("to")
    named = fields.strings(columns, "to", "columns.") if isinstance(to, list) else ()
    if isinstance(to, str):
        named = (fields.text(to, "columns.to"),)
    elif to is not None and not named:
        raise JobFileError("value_invalid", "value_string", field="columns.to")
    encoding = fields.string(raw, "recipients_encoding", None)
    if encoding is not None and canonical(encoding) is None:
        raise JobFileError("value_invalid", "value_encoding", field="recipients_encoding")
    hidden = None if raw.get("hidden_rows") is None else fields.choice(raw, "hidden_rows", HIDDEN_ROWS, None)
    return Instructions(
        to=named,
        ref=fields.string(columns, "ref", None, "columns."),
        sheet=fields.string(raw, "sheet", None),
        header_row=fields.whole(raw, "header_row", None, low=0, high=1_048_576),
        hidden_rows=hidden,  # type: ignore[arg-type] # `choice` has checked it
        encoding=encoding,
    )


def _email(raw: dict[str, Any]) -> Email:
    subject = fields.string(raw, "subject", None)
    if subject is None or not subject.strip():
        # A mail without one is taken for spam, by servers and by people.
        raise JobFileError("value_invalid", "value_missing", field="subject")
    return Email(
        subject=subject,
        html=fields.string(raw, "html", None, limit=fields.HTML_LIMIT),
        cc=fields.addresses(raw, "cc"),
        attachments=fields.file_names(raw, "attachments"),
        area=fields.choice(raw, "area", AREAS, "all"),
    )


def _push(raw: dict[str, Any]) -> Push | None:
    push = fields.table(raw, "push", {"title", "data", "ttl"})
    if push is None:
        return None
    return Push(
        title=fields.string(push, "title", None, "push."),
        data=fields.data(push, "data", "push."),
        ttl_s=fields.duration(push, "ttl", None, high=28 * 86_400, path="push."),
    )


def _whatsapp(raw: dict[str, Any]) -> Whatsapp | None:
    whatsapp = fields.table(raw, "whatsapp", {"template", "language", "parameters"})
    if whatsapp is None:
        return None
    return Whatsapp(
        template=fields.word(whatsapp, "template", fields.TEMPLATE, "value_template", "whatsapp."),
        language=fields.word(whatsapp, "language", fields.LANGUAGE, "value_language", "whatsapp."),
        parameters=fields.parameters(whatsapp, "parameters", "whatsapp."),
    )


def _words(document: JobDocument) -> None:
    """A job says something: a text or a template, but for a call its script, for an e-mail its HTML, for WhatsApp a
    template of Meta's."""
    scripted = document.call is not None and document.call.get("script") is not None
    if scripted and document.text is not None:
        raise JobFileError("value_invalid", "text_and_script", field="call.script")
    approved = document.whatsapp is not None
    if approved and document.text is not None:
        raise JobFileError("value_invalid", "text_and_approved", field="whatsapp.template")
    written = document.email is not None and document.email.html is not None
    if document.text is None and document.template is None and not scripted and not written and not approved:
        field, kind = _NOTHING_SAID.get(document.channel, ("text", "text_none"))
        raise JobFileError("value_invalid", kind, field=field)
