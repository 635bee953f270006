"""Sentences about lists of recipients that can be read in several ways, or not at all, by the kind of the fault."""

from __future__ import annotations

from typing import Final

from spool.translation import spoken

LIST_MESSAGES: Final[dict[str, str]] = {
    # --------------------------------------------------------------------------------------------- what may be meant
    "recipients_ambiguous": spoken("{file} may be read in more than one way. Say in the job how."),
    "columns_several": spoken(
        "In {file} it is not sure which column is the telephone number: {columns}. Write in the job which it is:"
        ' "columns": {{"to": "…"}}.'
    ),
    "columns_alien": spoken(
        "In {file} the only number is another person's: {columns}. If the message is for that person, say so in the"
        ' job: "columns": {{"to": "{first}"}}.'
    ),
    "columns_area": spoken(
        'In {file} the number stands in two columns: its area code in "{area}" and the rest in "{name}". Join them'
        ' in one column, or write "columns": {{"to": "{name}"}} in the job if "{name}" is complete.'
    ),
    "column_missing": spoken('{file} has no column "{name}". Columns found: {columns}.'),
    "header_several": spoken(
        "In {file} it is not sure which row is the header: {rows}. Leave one only, in row 1, or write in the job"
        ' "header_row": ….'
    ),
    "header_missing": spoken(
        "{file} has no header, and it is not sure which column is the number: {columns}. Add a first row of names"
        ' (telefono, nombre…), or write in the job "header_row": 0 and "columns": {{"to": "…"}}.'
    ),
    "header_row_missing": spoken("{file} has no row {row} with something in it among its first rows."),
    "sheets_several": spoken(
        '{file} has more than one sheet with a list: {sheets}. Leave one only, or write in the job "sheet": "…".'
    ),
    "sheets_none": spoken(
        "No sheet of {file} ({sheets}) has a column with the number or address. Found in the sheet"
        ' "{sheet}": {columns}.'
    ),
    "sheet_missing": spoken('{file} has no visible sheet "{name}". Sheets found: {sheets}.'),
    "rows_hidden": spoken(
        'The sheet "{sheet}" of {file} has rows that are hidden or filtered out: {count}. Show or delete them, or'
        ' write in the job "hidden_rows": "skip" to leave them out, or "send" to send to them as well.'
    ),
    "cells_too_many": spoken(
        "In {file} the header has {width} cells and the rows have {found}: a delimiter within a value moves the"
        " cells. Put values that hold one into quotes, or make the header as wide."
    ),
    "encoding_mixed": spoken(
        "{file} mixes encodings: it is UTF-8, and from this line on there are letters that are not. Save all of it"
        " as CSV UTF-8."
    ),
    "encoding_several": spoken(
        "It is not sure which encoding {file} has ({encodings}): look at the accented letters of this line. Save it"
        ' as CSV UTF-8, or write in the job "recipients_encoding": "cp1252", "cp850" or what it is.'
    ),
    # -------------------------------------------------------------------------------------------- what cannot be read
    "encoding_other": spoken("{file} is not in {encoding}, as the job says: see this line."),
    "value_encoding": spoken("{field} must be an encoding like utf-8, utf-16, cp1252, cp850 or mac-roman."),
    "key_of_sheets": spoken("{field} is for sheets (XLSX, XLS or ODS), and {file} is text."),
    "key_of_texts": spoken("{field} is for lists as text (CSV), and {file} is a sheet."),
    "recipients_truncated": spoken("{file} is cut off: it ends in the middle of a letter. Export it again."),
    "recipients_cut": spoken(
        "{file} seems to be cut off: its last line has no end, and its number is shorter than the others. Export it"
        " again."
    ),
    "recipients_interrupted": spoken(
        '{file} is cut off: this line holds a message and no recipient: "{text}". Export it again.'
    ),
    "recipients_swallowed": spoken(
        "In {file}, from this line on, a quote opens in one row and closes in another, with whole rows in between."
        " Take that quote out."
    ),
    "recipients_xml": spoken("{file} is a sheet in XML. Open it with Excel or LibreOffice and save it as XLSX."),
    "recipients_repair": spoken(
        "{file} is a sheet, but not put together well. Open it with Excel and save it again as XLSX."
    ),
    "recipients_near": spoken(
        'The job names the file {file}, which did not come; "{near}" is in the folder. Use one name on both sides.'
    ),
}
"""The sentences by kind, as in `spool.messages`."""
