"""What an account lets the gateway answer and tell by itself, as it is kept and as people change it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from gatewayd.answers.bodies import AMOUNTS, TELLING, VARIABLES
from gatewayd.answers.keywords import words
from gatewayd.values.storable import wellformed
from gatewayd.values.templates import named_in
from spool.names import variable_name

WORDS_MAX: Final = 40
BODY_MAX: Final = 1_000
SWITCHES: Final = ("debt", "ticket", "payment", "paid", "promise", "wrong_person", "mail_invoice", "mail_payment",
                   "mail_ticket")  # fmt: skip


def _word(value: str) -> str:
    if not words(value):
        raise PydanticCustomError("word_expected", "letters or digits", {})
    return " ".join(value.split())


Word = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(wellformed), AfterValidator(_word)]
Words = Annotated[tuple[Word, ...], Field(max_length=WORDS_MAX)]
Body = Annotated[str, Field(min_length=1, max_length=BODY_MAX), AfterValidator(wellformed)]
Name = Annotated[str, Field(max_length=100), AfterValidator(wellformed)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    on: StrictBool = False

    @model_validator(mode="after")
    def _quiet(self) -> _Part:
        """Only what answers a question about an amount may name one."""
        for kind in type(self).model_fields:
            text = getattr(self, kind)
            if not isinstance(text, str) or kind in {"operator", "category", "template"}:
                continue
            answers = self._answers(kind)
            named = {variable_name(name) for name in named_in(text)}
            if named & AMOUNTS and answers not in TELLING:
                raise PydanticCustomError("answer_amount", "only the answer about a balance or a payment names one", {})
            if foreign := sorted(named - VARIABLES[answers]):
                value = {"value": f"%{foreign[0]}%"}
                raise PydanticCustomError("answer_variable", "no variable of this answer: {value}", value)
        return self

    def _answers(self, key: str) -> str:
        """Returns the kind of the answer whose words stand under a key."""
        return key


class Debt(_Part):
    """What is answered to whoever asks for its balance."""

    words: Words = ("saldo", "deuda", "cuenta", "cuanto debo", "balance")
    body: Body | None = None
    other: Body | None = None
    """To whom no amount is named."""
    confirm: Body | None = None
    """To a number on file that nobody has confirmed: how it confirms itself."""

    def _answers(self, key: str) -> str:
        return "debt" if key == "body" else key


class Ticket(_Part):
    """What a complaint becomes."""

    words: Words = ("reclamo", "soporte", "ayuda", "ticket", "support", "help")
    per_day: Annotated[StrictInt, Field(ge=1, le=50)] = 3
    operator: Name | None = None
    """Name of the user who gets it."""
    category: Name = ""
    body: Body | None = None
    tickets: Body | None = None
    """Above the maximum, once: which ticket is open."""
    change: Body | None = None
    """To the customer when the state changes, where `tell` is on."""
    tell: StrictBool = False

    def _answers(self, key: str) -> str:
        return "ticket" if key == "body" else key


class Payment(_Part):
    """Thanks for a payment."""

    automatic: StrictBool = True
    manual: StrictBool = True
    body: Body | None = None

    def _answers(self, key: str) -> str:
        del key
        return "payment"


class Paid(_Part):
    """Somebody says that it has paid."""

    words: Words = ()
    """Beside those that the gateway knows."""
    days: Annotated[StrictInt, Field(ge=1, le=30)] = 3
    """So long claims rest."""
    body: Body | None = None

    def _answers(self, key: str) -> str:
        del key
        return "paid"


class Promise(_Part):
    """Somebody says until when it pays."""

    days_max: Annotated[StrictInt, Field(ge=1, le=90)] = 15
    """A later day is for a person to judge."""
    key_days: Annotated[StrictInt, Field(ge=1, le=30)] = 3
    """Who promises by a key in a call has so many days."""
    body: Body | None = None
    day: Body | None = None
    """Asks the day back."""

    def _answers(self, key: str) -> str:
        return "promise" if key == "body" else key


class WrongPerson(_Part):
    """Somebody says that the number is not the customer's. No answer is sent."""

    words: Words = ()


class Mail(_Part):
    """A mail about something new."""

    template: Name | None = None
    """Name of a mail template of the account; None: the gateway's own."""


class AnswerSettings(BaseModel):
    """All of an account. What is missing in an older document is as it stands here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    debt: Debt = Debt()
    ticket: Ticket = Ticket()
    payment: Payment = Payment()
    paid: Paid = Paid()
    promise: Promise = Promise()
    wrong_person: WrongPerson = WrongPerson()
    mail_invoice: Mail = Mail()
    mail_payment: Mail = Mail()
    mail_ticket: Mail = Mail()
    per_number: Annotated[StrictInt, Field(ge=1, le=60)] = 5
    """Automatic answers to one number an hour."""
    per_account: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = 10_000
    """Of the account an hour."""

    @property
    def answers(self) -> bool:
        """Whether anything that comes in may be answered, or acted on."""
        parts = (self.debt, self.ticket, self.paid, self.promise, self.wrong_person)
        return any(part.on for part in parts)


def switched(since: Mapping[str, int], was: AnswerSettings, became: AnswerSettings, now: int) -> dict[str, int]:
    """Returns since when each switch that is on has been on (Unix ms)."""
    found: dict[str, int] = {}
    for name in SWITCHES:
        part: _Part = getattr(became, name)
        before: _Part = getattr(was, name)
        if part.on:
            found[name] = since.get(name, now) if before.on else now
    return found


def merged(settings: AnswerSettings, changes: Mapping[str, Any]) -> AnswerSettings:
    """Returns the settings with changes, key by key within each part. ValidationError."""
    document = settings.model_dump(mode="json")
    for key, value in changes.items():
        known = document.get(key)
        document[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, Mapping) else value
    return AnswerSettings.model_validate(document)
