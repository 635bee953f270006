"""Sentences about lists of recipients that can be read in several ways, or not at all, by the kind of the fault."""

from __future__ import annotations

from typing import Final

from spool.translation import spoken

LIST_MESSAGES: Final[dict[str, str]] = {
    # --------------------------------------------------------------------------------------------- what may be meant
    "recipients_ambiguous": spoken("{file} can be read in more than one way. Say in the job which one."),
    "sheet_refused": spoken("{file} cannot be imported: {reason}"),
    "columns_several": spoken(
        "In {file} it is not clear which column is the telephone number: {columns}. Name it in the job: "
        '"columns": {{"to": "…"}}.'
    ),
    "columns_doubled": spoken(
        'In {file} more than one column is called "{name}", and in row {row} they say different things. Give them '
        "names of their own, or say in the text which one is meant: {columns}."
    ),
    "column_doubled": spoken(
        'In {file} more than one column is called "{name}". Give them names of their own, or say in {field} '
        "which one is meant: {columns}."
    ),
    "columns_alien": spoken(
        "In {file} the only number belongs to another person or is out of use, as its header says: {columns}. If the "
        'message is for that number, say so in the job: "columns": {{"to": "{first}"}}.'
    ),
    "columns_area": spoken(
        'In {file} the number is split over two columns: the area code in "{area}" and the rest in '
        '"{name}". Join them in one column or, if "{name}" is complete, write "columns": {{"to": '
        '"{name}"}} in the job.'
    ),
    "column_missing": spoken('{file} has no column "{name}". Columns found: {columns}.'),
    "header_several": spoken(
        "In {file} it is not clear which row is the header: {rows}. Keep only one, in row 1, or write "
        '"header_row": … in the job.'
    ),
    "header_missing": spoken(
        "{file} has no header, and it is not clear which column is the number: {columns}. Add a first row "
        'with the names (telefono, nombre…), or write "header_row": 0 and "columns": {{"to": "…"}} in the '
        "job."
    ),
    "header_row_missing": spoken("Among the first rows of {file} there is no row {row} with something in it."),
    "sheets_several": spoken(
        '{file} has more than one sheet with a list: {sheets}. Keep only one, or write "sheet": "…" in the job.'
    ),
    "sheets_none": spoken(
        "No sheet of {file} ({sheets}) has a column with the number or address. Found in the sheet"
        ' "{sheet}": {columns}.'
    ),
    "sheet_missing": spoken('{file} has no visible sheet "{name}". Sheets found: {sheets}.'),
    "rows_hidden": spoken(
        'The sheet "{sheet}" of {file} has hidden or filtered rows: {count}. Show or delete them, or write '
        '"hidden_rows" in the job: "skip" to leave them out, or "send" to send to them as well.'
    ),
    "cells_too_many": spoken(
        "In {file} the header has {width} cells and the rows have {found}: a delimiter within a value "
        "shifts the cells. Put such values in quotes, or give the header as many cells."
    ),
    "cells_uneven": spoken(
        "In {file} row {line} has {found} cells and others have {width}: a delimiter within a value shifts the cells, "
        "and without a header nobody knows in which. Put such values in quotes, or give the list a header."
    ),
    "encoding_mixed": spoken(
        "{file} mixes encodings: it is UTF-8, but from this line on there are letters that are not. Save "
        "the whole file as CSV UTF-8."
    ),
    "encoding_doubled": spoken(
        '{file} was encoded twice: this line has "{found}" where "{meant}" is meant. Export it again as CSV UTF-8, or '
        'write "recipients_encoding": "utf-8" in the job if those are the letters.'
    ),
    "sheet_doubled": spoken(
        'In {file} row {line} has "{found}" where "{meant}" is meant: the list was read in a wrong encoding before it '
        "became a sheet. Import it into the sheet again, as UTF-8."
    ),
    "encoding_several": spoken(
        "It is not clear which encoding {file} has ({encodings}): look at the accented letters of this "
        'line. Save it as CSV UTF-8, or write "recipients_encoding" in the job: "cp1252", "cp850" or '
        "whatever it is."
    ),
    # -------------------------------------------------------------------------------------------- what cannot be read
    "encoding_other": spoken("{file} is not in {encoding}, although the job says so: see this line."),
    "value_encoding": spoken("{field} must be an encoding like utf-8, utf-16, cp1252, cp850 or mac-roman."),
    "key_of_sheets": spoken("{field} is for spreadsheets (XLSX, XLS or ODS), and {file} is text."),
    "key_of_texts": spoken("{field} is for text lists (CSV), and {file} is a spreadsheet."),
    "recipients_truncated": spoken("{file} is cut off: it ends in the middle of a letter. Export it again."),
    "recipients_cut": spoken(
        "{file} seems to be cut off: its last line does not end, and the number there is shorter than it "
        "should be. Export it again, or end the last line."
    ),
    "recipients_interrupted": spoken(
        '{file} is cut off: this line holds an error message instead of a recipient: "{text}". Export it again.'
    ),
    "recipients_swallowed": spoken(
        "In {file}, from this line on, a quote opens in one row and closes in another, with whole rows in "
        "between. Remove that quote."
    ),
    "recipients_xml": spoken("{file} is a spreadsheet in XML. Open it with Excel or LibreOffice and save it as XLSX."),
    "recipients_repair": spoken("{file} is a malformed spreadsheet. Open it with Excel and save it again as XLSX."),
    "recipients_near": spoken(
        'The job names the file {file}, which did not arrive; "{near}" is in the folder. Use the same name '
        "in both places."
    ),
}
"""The sentences by kind, as in `spool.messages`."""
