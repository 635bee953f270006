"""Says to people what is wrong with their files, by the kinds of `JobFileError` and of findings.

The sentences stand here in English; `spool.translation` says them in Spanish.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spool.check_messages import CHECKS
from spool.json_messages import JSON_MESSAGES
from spool.list_messages import LIST_MESSAGES
from spool.translation import gettext_in, spoken

_FILE_MESSAGES: Final[dict[str, str]] = {
    # ------------------------------------------------------------------------------------------------ the file itself
    "file_not_regular": spoken(
        "{file} is not a regular file (it is a link, a pipe or a folder). Copy the file itself."
    ),
    "file_linked": spoken("{file} has another name on the disk (a hard link). Copy the file instead of linking it."),
    "file_denied": spoken(
        "There is no permission to read {file}. Let its group read it (chmod g+r) and drop it again."
    ),
    "job_too_large": spoken(
        "The job file is larger than {limit}. Put the recipients into a separate CSV (recipients_file)."
    ),
    # ----------------------------------------------------------------------------------------------------------- keys
    "key_unknown": spoken("There is no key {field}. Check its spelling or remove it."),
    "keys_unknown": spoken("There are no such keys: {names}. Check their spelling or remove them."),
    "key_meant": spoken("There is no key {field}. Did you mean {meant}?"),
    # --------------------------------------------------------------------------------------------------------- values
    "value_invalid": spoken("The value of {field} is not valid."),
    "value_channel": spoken("The key {field} does not belong to the channel {channel}."),
    "value_line": spoken("There is no line called {name}. Check lines; the existing ones are: {known}."),
    "value_line_hint": spoken("There is no line called {name}. Did you mean {hint}?"),
    "value_past": spoken("not_after is in the past: nothing of this job could be sent."),
    "value_class_reply": spoken(
        "Class reply is for what the gateway itself answers. Choose collections, notice or transactional."
    ),
    "value_class_transactional": spoken(
        "Class transactional is for templates that an administrator has approved, and for tokens with the scope"
        " transactional. Choose collections or notice."
    ),
    "value_times": spoken("not_after must be later than not_before."),
    "value_stem": spoken(
        'The file\'s name, "{name}", cannot be the name of the job. Add the key job (up to 64 unaccented '
        "letters, digits, dots, hyphens and underscores)."
    ),
    "value_file_name": spoken("The file's name is not UTF-8 text. Rename the file with unaccented letters."),
    "value_name": spoken(
        '"{name}" cannot be the name of a job: use up to 64 unaccented letters, digits, dots, hyphens and underscores.'
    ),
    "value_object": spoken("{field} must be an object: {{ … }}."),
    "value_string": spoken("{field} must be a text in quotes."),
    "value_blank": spoken("{field} is empty. Give a value or remove the key."),
    "value_long": spoken("{field} is longer than {limit} characters."),
    "value_amount": spoken(
        "{field} is not an amount that can be read in only one way: for example 1,500.50 or USD 12."
    ),
    "value_amount_early": spoken(
        '{field} says an amount before a key has said "it\'s me" (its_me): anybody may be listening, or a machine.'
    ),
    "value_missing": spoken("{field} is missing."),
    "value_required": spoken("{field} is missing; it must be one of: {options}."),
    "value_choice": spoken("{field} must be one of: {options}."),
    "value_list": spoken("{field} must be a list with at least one element: [ … ]."),
    "value_repeated": spoken("{field} is repeated."),
    "value_whole": spoken("{field} must be a whole number from {low} to {high}."),
    "value_seconds": spoken("{field} must be a number of seconds from {low} to {high}."),
    "value_instant": spoken("{field} must be a date and time with its UTC offset, like 2026-11-23T09:00:00-03:00."),
    "value_sha256": spoken("{field} must be a SHA-256 of 64 hexadecimal digits."),
    "value_file": spoken(
        "{field} must be the name of a file beside the job file: no folder, no leading dot, not ending in .json,"
        " .tmp or .part."
    ),
    "value_variable": spoken("{field}: a variable's name must have letters."),
    "value_cell": spoken("{field} must be a text or a number."),
    "value_characters": spoken("{field} contains a character that no text can hold (NUL or half a surrogate pair)."),
    "value_control": spoken("{field} contains a control character ({character}) at position {place}. Delete it."),
    "value_duration": spoken("{field} must be a duration like 30s, 10m or 2h."),
    "value_duration_long": spoken("{field} must be from 1s to {limit}."),
    "value_many": spoken("{field} has more than {limit} keys."),
    "value_key": spoken("{field}: a key has up to 64 unaccented letters, digits, dots, hyphens and underscores."),
    "value_template": spoken(
        "{field} must be the name of a template approved by Meta: lower-case letters, digits and underscores."
    ),
    "value_language": spoken("{field} must be the template's language as Meta writes it: es, es_AR, en_US."),
    "value_parameter": spoken("{field}: a parameter's name has lower-case letters, digits and underscores."),
    "value_action": spoken(
        "{field} must be an action like repeat, promise, paid, wrong_person, its_me, opt_out or transfer:sales."
    ),
    "value_message": spoken(
        '{field} must be a text or a list of steps {{"say": …}}, {{"play": …}} or {{"amount": …}}.'
    ),
    "value_voice": spoken(
        "{field} must be the name of a voice: unaccented letters, digits, dots, underscores, plus signs and hyphens."
    ),
    "value_call_language": spoken("{field} must be a language like es or es-AR."),
    "value_left_message": spoken(
        "{field} is missing: with amd leave_message it is what is left on the answering machine."
    ),
    "value_with_steps": spoken("{field} does not go with steps: ask with an ask step."),
    "value_steps": spoken("{field} has more than {limit} steps."),
    "value_step": spoken(
        "{field} must be a step with exactly one of these keys: say, play, amount, spell, ask, if, do, goto."
    ),
    "value_repeat": spoken("{field}: repeat belongs to menus; in steps, go back with goto."),
    "value_label_form": spoken(
        "{field} must be a name: a lower-case letter, then lower-case letters, digits or underscores; at most 24."
    ),
    "value_label": spoken("{field}: no step has the label {name}."),
    "value_asked": spoken("{field}: no step asks for {name}."),
    "value_keys": spoken("{field} must have at least one key, and does not go with digits."),
    "value_digits": spoken("{field} must say how many digits are asked for: 4, or [2, 8] for two to eight."),
    "value_address": spoken("{field} is not an e-mail address: name@domain."),
    "attachment_list": spoken(
        "attachments names the list of recipients ({name}): everybody would receive it. Remove it."
    ),
    "attachment_large": spoken(
        "With {file} the attachments are larger than {limit}: mail servers do not accept them. Send a link instead."
    ),
    "text_none": spoken("The message has no text: give text."),
    "text_none_call": spoken("The call has nothing to say: give text, or call with its script."),
    "text_none_email": spoken("The mail has no body: give text, html or both."),
    "text_none_push": spoken("The push has no text: give text; its title and data go in push."),
    "text_none_whatsapp": spoken(
        "There is nothing to send: give whatsapp with template and language (Meta's template), or text for "
        "those who wrote today."
    ),
    "text_both": spoken("Give text or template, not both."),
    "template_none": spoken("{field} is the version of a template; the job names none."),
    "template_beside": spoken("The template says {field} itself. Leave it out of the job, or leave out template."),
    "template_unapproved": spoken(
        "This version of the template is transactional and no administrator approved it yet."
    ),
    "template_version": spoken('There is no version {version} of the template "{name}".'),
    "text_and_approved": spoken("The job has both a text and a WhatsApp template; keep only one."),
    "text_and_script": spoken("The call has both a text and a script; keep only one."),
    "variable_unknown": spoken(
        "The text uses {names}, which is neither a column of the list nor a key of values. A percent sign "
        "is written %%."
    ),
    "variable_hint": spoken(
        "The text uses {names}, which is neither a column of the list nor a key of values. Did you mean {hints}?"
    ),
    "variable_foreign": spoken("The text uses {names}, as other programs write it: here it is written {hints}."),
    "template_unknown": spoken('There is no template "{name}".'),
    # ----------------------------------------------------------------------------------------------------- recipients
    "recipients_none": spoken("There are no recipients: give recipients or recipients_file."),
    "recipients_both": spoken("Give recipients or recipients_file, not both."),
    "recipients_check": spoken("{field} is for recipients_file; it does not go with recipients in the job file."),
    "recipients_missing": spoken(
        "The job names the file {file}, which did not arrive. Put it into the same folder before the job."
    ),
    "attachment_gone": spoken("The file {file} is attached, but not kept with the template. Attach it there again."),
    "attachment_single": spoken("A message by itself attaches no files: bring it as a job."),
    "recipients_mismatch": spoken("The list of recipients is not the one that the job expects."),
    "mismatch_rows": spoken("The job expects {told} recipients and there are {found}. Is the list complete?"),
    "mismatch_sha256": spoken("The content of {file} is not what the job expects (different SHA-256). Is it complete?"),
    "recipients_unreadable": spoken("{file} cannot be read."),
    "recipients_empty": spoken("{file} is empty."),
    "recipients_column": spoken(
        "{file} has no column with the number or address in its first rows. Call that column to, telefono, "
        "celular, email… in row 1, or name it in the job with columns. Columns found in row {row}: "
        "{columns}."
    ),
    "recipients_binary": spoken(
        "{file} is not a text list: it contains control characters. Use CSV, XLSX, XLS or ODS."
    ),
    "recipients_nul": spoken("{file} contains NUL bytes: it is damaged, or not a text list."),
    "recipients_quote": spoken("In {file}, from this line on, the quotes do not close properly."),
    "recipients_field": spoken(
        "In {file}, from this line on, there is a cell of more than {limit} characters: quotes that never close?"
    ),
    "recipients_encoding": spoken("The text encoding of {file} cannot be recognised. Save it as CSV UTF-8."),
    "recipients_html": spoken("{file} is an HTML page, not a spreadsheet. Open it and save it as CSV or XLSX."),
    "recipients_format": spoken("{file} is not CSV, XLSX, XLS or ODS."),
    "recipients_damaged": spoken("{file} is damaged or incomplete: {reason}."),
    "recipients_password": spoken("{file} is protected with a password. Save it without one."),
    "none_valid": spoken("No recipient is valid: there would be nothing to send. The first one (row {row}): {why}."),
    "no_valid_recipient": spoken("No recipient is valid: there would be nothing to send."),
    "too_large": spoken("{file} is too large."),
    "too_many_rows": spoken("{file} has more than {limit} rows. Split it into several jobs."),
    "too_many_bytes": spoken("{file} is larger than {limit}. Split it into several jobs."),
    "too_many_cells": spoken(
        "The spreadsheet {file} is too large once unpacked. Delete empty rows and columns or save it as CSV."
    ),
    "too_many_columns": spoken("{file} has more than {limit} columns."),
    "job_conflict": spoken('There already is a job "{job}" with other content. Give the new job another name.'),
    "currency_other": spoken(
        "The account {account} is in {other} and the tariff in {currency}: tell the operator. Either the "
        "account must be in {currency} or the tariff in {other}."
    ),
    "reader_died": spoken(
        "The service crashed twice while reading {file} and will not read it again. Correct the file and send it again."
    ),
    "reader_slow": spoken("{file} takes too long to read for its size. Split it, or save it again as CSV."),
}

_SENTENCES: Final = _FILE_MESSAGES | JSON_MESSAGES | CHECKS | LIST_MESSAGES


def text(kind: str, locale: str, values: Mapping[str, str]) -> str:
    """Returns the sentence of `kind` in `locale` (in Spanish where that is not known), with `values` filled in."""
    return gettext_in(locale, _SENTENCES[kind]).format_map(_Blank(values))


def is_kind(kind: str) -> bool:
    """Returns whether there is a sentence for `kind`."""
    return kind in _SENTENCES


class _Blank(dict[str, str]):
    """An error must never be lost to a second one: what is missing is a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"
