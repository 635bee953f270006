"""Why a value of a customer is refused, as codes with their words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drivers.base import spoken
from gatewayd.words.translation import gettext as _

SENTENCES: Final[Mapping[str, str]] = {
    "id_missing": spoken("it has no id, document or telephone by which it could be known"),
    "id_invalid": spoken("an id has at most 200 letters, none of them invisible"),
    "text_too_long": spoken("it is too long"),
    "language_invalid": spoken("a language is es, en or pt"),
    "zone_invalid": spoken("there is no such time zone: write America/Argentina/Buenos_Aires, or leave it empty"),
    "portfolio_invalid": spoken("a portfolio is vigente or castigada"),
    "user_unknown": spoken("there is no such user in this account"),
    "tags_invalid": spoken("at most 50 tags of 60 letters"),
    "columns_too_large": spoken("its further columns are too large together: 64 kB at most"),
    "contacts_too_many": spoken("at most 20 numbers and addresses"),
    "channel_invalid": spoken("a channel is phone, email, push or whatsapp"),
    "state_invalid": spoken("a state is unknown, confirmed or wrong_person"),
    "consent_invalid": spoken("consent is yes or no by class: collections, notice, transactional, reply"),
    "number_missing": spoken("the number is missing"),
    "number_invalid": spoken("it is not a telephone number"),
    "number_junk": spoken("it is a number that nobody has"),
    "number_rounded": spoken("a sheet has rounded the number: format the column as text"),
    "number_not_mobile": spoken("it is not a number that can be reached"),
    "number_toll_free": spoken("it is a toll-free number"),
    "number_premium": spoken("it is a number that one pays for"),
    "number_foreign": spoken("it is a number of another country"),
    "address_missing": spoken("the address is missing"),
    "address_invalid": spoken("it is not an address"),
    "amount_invalid": spoken("it is not an amount"),
    "amount_doubtful": spoken("it can be read as two amounts: write 1500.50 or 1.500,50"),
    "date_invalid": spoken("it is not a date"),
    "currency_invalid": spoken("a currency is three letters, as ARS"),
    "switch_invalid": spoken("it is neither yes nor no"),
    "row_short": spoken("the row has fewer cells than the header, and nobody knows which is missing"),
    "row_ragged": spoken("the row has more cells than the header"),
    "row_same": spoken("an earlier row says the same"),
    "row_repeated": spoken("an earlier row says something else of the same customer"),
    "row_merged": spoken("this customer is part of another one that an earlier row names"),
    "forgotten": spoken("what was known of this person was erased at its wish"),
    "value_invalid": spoken("it is not a value of this field"),
    "customer_missing": spoken("it does not say whose it is"),
    "invoice_amount_missing": spoken("an invoice has a total or a balance"),
    "amount_missing": spoken("the amount is missing"),
    "amount_not_positive": spoken("an amount that was paid or credited is above zero"),
    "currency_missing": spoken("the currency is missing"),
    "parts_over": spoken("more is said to be for invoices than was paid"),
    "bill_state_invalid": spoken("a state is open, paid, cancelled or disputed"),
    "method_invalid": spoken("a method is automatic or manual"),
    "instant_invalid": spoken("it is not a moment: write 2026-11-10T14:30:00-03:00"),
    "instant_to_come": spoken("it is still to come"),
    "link_invalid": spoken("it is not a web address: write https://…"),
    "key_unknown": spoken("there is no such key"),
}
"""By code."""


class FieldError(Exception):
    """A value that is refused: of which field, and why."""

    def __init__(self, field: str, reason: str, value: str = "") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.value = value[:80]


def sentence(reason: str) -> str:
    """Returns a code in the words of the moment's language."""
    return _(SENTENCES[reason]) if reason in SENTENCES else reason
