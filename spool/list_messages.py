"""What is said of lists of recipients that could be read in several ways, or not at all, in Spanish and English."""

from __future__ import annotations

from typing import Final

LIST_MESSAGES: Final[dict[str, tuple[str, str]]] = {
    # --------------------------------------------------------------------------------------------- what may be meant
    "recipients_ambiguous": (
        "{file} se puede leer de más de una manera. Diga en el trabajo cómo.",
        "{file} may be read in more than one way. Say in the job how.",
    ),
    "columns_several": (
        (
            "En {file} no es seguro qué columna es el número de teléfono: {columns}. Escriba en el trabajo cuál es:"
            ' "columns": {{"to": "…"}}.'
        ),
        (
            "In {file} it is not sure which column is the telephone number: {columns}. Write in the job which it is:"
            ' "columns": {{"to": "…"}}.'
        ),
    ),
    "columns_alien": (
        (
            "En {file} el único número es de otra persona: {columns}. Si es a quien hay que escribirle, dígalo en el"
            ' trabajo: "columns": {{"to": "{first}"}}.'
        ),
        (
            "In {file} the only number is another person's: {columns}. If the message is for that person, say so in the"
            ' job: "columns": {{"to": "{first}"}}.'
        ),
    ),
    "columns_area": (
        (
            "En {file} el número está en dos columnas: el código de área en «{area}» y el resto en «{name}». Únalos en"
            ' una sola columna, o escriba en el trabajo "columns": {{"to": "{name}"}} si «{name}» está completo.'
        ),
        (
            'In {file} the number stands in two columns: its area code in "{area}" and the rest in "{name}". Join them'
            ' in one column, or write "columns": {{"to": "{name}"}} in the job if "{name}" is complete.'
        ),
    ),
    "column_missing": (
        "{file} no tiene una columna «{name}». Columnas encontradas: {columns}.",
        '{file} has no column "{name}". Columns found: {columns}.',
    ),
    "header_several": (
        (
            "En {file} no es seguro cuál es la fila del encabezado: {rows}. Deje una sola, en la fila 1, o escriba en"
            ' el trabajo "header_row": ….'
        ),
        (
            "In {file} it is not sure which row is the header: {rows}. Leave one only, in row 1, or write in the job"
            ' "header_row": ….'
        ),
    ),
    "header_missing": (
        (
            "{file} no tiene encabezado y no es seguro qué columna es el número: {columns}. Agregue una primera fila"
            ' con los nombres (telefono, nombre…), o escriba en el trabajo "header_row": 0 y'
            ' "columns": {{"to": "…"}}.'
        ),
        (
            "{file} has no header, and it is not sure which column is the number: {columns}. Add a first row of names"
            ' (telefono, nombre…), or write in the job "header_row": 0 and "columns": {{"to": "…"}}.'
        ),
    ),
    "header_row_missing": (
        "{file} no tiene entre sus primeras filas una fila {row} con algo escrito.",
        "{file} has no row {row} with something in it among its first rows.",
    ),
    "sheets_several": (
        ('{file} tiene más de una hoja con una lista: {sheets}. Deje una sola, o escriba en el trabajo "sheet": "…".'),
        '{file} has more than one sheet with a list: {sheets}. Leave one only, or write in the job "sheet": "…".',
    ),
    "sheets_none": (
        (
            "Ninguna hoja de {file} ({sheets}) tiene una columna con el número o la dirección. En la hoja «{sheet}» se"
            " encontraron: {columns}."
        ),
        (
            "No sheet of {file} ({sheets}) has a column with the number or address. Found in the sheet"
            ' "{sheet}": {columns}.'
        ),
    ),
    "sheet_missing": (
        "{file} no tiene una hoja «{name}» a la vista. Hojas encontradas: {sheets}.",
        '{file} has no visible sheet "{name}". Sheets found: {sheets}.',
    ),
    "rows_hidden": (
        (
            "La hoja «{sheet}» de {file} tiene filas ocultas o filtradas: {count}. Muéstrelas o bórrelas, o escriba en"
            ' el trabajo "hidden_rows": "skip" para no enviarles, o "send" para enviarles también.'
        ),
        (
            'The sheet "{sheet}" of {file} has rows that are hidden or filtered out: {count}. Show or delete them, or'
            ' write in the job "hidden_rows": "skip" to leave them out, or "send" to send to them as well.'
        ),
    ),
    "cells_too_many": (
        (
            "En {file} el encabezado tiene {width} celdas y las filas {found}: un separador dentro de un valor corre"
            " las celdas. Ponga entre comillas los valores que lo llevan, o iguale el encabezado."
        ),
        (
            "In {file} the header has {width} cells and the rows have {found}: a delimiter within a value moves the"
            " cells. Put values that hold one into quotes, or make the header as wide."
        ),
    ),
    "encoding_mixed": (
        (
            "{file} mezcla codificaciones: es UTF-8, y desde esta línea hay letras que no lo son. Guárdelo entero como"
            " CSV UTF-8."
        ),
        (
            "{file} mixes encodings: it is UTF-8, and from this line on there are letters that are not. Save all of it"
            " as CSV UTF-8."
        ),
    ),
    "encoding_several": (
        (
            "No es seguro en qué codificación está {file} ({encodings}): mire las letras con acento de esta línea."
            ' Guárdelo como CSV UTF-8, o escriba en el trabajo "recipients_encoding": "cp1252", "cp850" o la que sea.'
        ),
        (
            "It is not sure which encoding {file} has ({encodings}): look at the accented letters of this line. Save it"
            ' as CSV UTF-8, or write in the job "recipients_encoding": "cp1252", "cp850" or what it is.'
        ),
    ),
    # -------------------------------------------------------------------------------------------- what cannot be read
    "encoding_other": (
        "{file} no está en {encoding}, como dice el trabajo: vea esta línea.",
        "{file} is not in {encoding}, as the job says: see this line.",
    ),
    "value_encoding": (
        "{field} debe ser una codificación como utf-8, utf-16, cp1252, cp850 o mac-roman.",
        "{field} must be an encoding like utf-8, utf-16, cp1252, cp850 or mac-roman.",
    ),
    "key_of_sheets": (
        "{field} es para planillas (XLSX, XLS u ODS), y {file} es texto.",
        "{field} is for sheets (XLSX, XLS or ODS), and {file} is text.",
    ),
    "key_of_texts": (
        "{field} es para listas de texto (CSV), y {file} es una planilla.",
        "{field} is for lists as text (CSV), and {file} is a sheet.",
    ),
    "recipients_truncated": (
        "{file} está cortado: termina en la mitad de una letra. Expórtelo de nuevo.",
        "{file} is cut off: it ends in the middle of a letter. Export it again.",
    ),
    "recipients_cut": (
        (
            "{file} parece cortado: la última línea no termina, y su número es más corto que los demás. Expórtelo de"
            " nuevo."
        ),
        (
            "{file} seems to be cut off: its last line has no end, and its number is shorter than the others. Export it"
            " again."
        ),
    ),
    "recipients_interrupted": (
        "{file} está cortado: en esta línea hay un mensaje y no un destinatario: «{text}». Expórtelo de nuevo.",
        '{file} is cut off: this line holds a message and no recipient: "{text}". Export it again.',
    ),
    "recipients_swallowed": (
        (
            "En {file}, desde esta línea, unas comillas abren en una fila y cierran en otra, con filas enteras en"
            " medio. Quite esas comillas."
        ),
        (
            "In {file}, from this line on, a quote opens in one row and closes in another, with whole rows in between."
            " Take that quote out."
        ),
    ),
    "recipients_xml": (
        "{file} es una planilla en XML. Ábrala con Excel o LibreOffice y guárdela como XLSX.",
        "{file} is a sheet in XML. Open it with Excel or LibreOffice and save it as XLSX.",
    ),
    "recipients_repair": (
        "{file} es una planilla, pero está mal armada. Ábrala con Excel y guárdela de nuevo como XLSX.",
        "{file} is a sheet, but not put together well. Open it with Excel and save it again as XLSX.",
    ),
    "recipients_near": (
        (
            "El trabajo nombra el archivo {file}, que no llegó; en la carpeta está «{near}». Dele el mismo nombre en"
            " los dos lados."
        ),
        ('The job names the file {file}, which did not come; "{near}" is in the folder. Use one name on both sides.'),
    ),
}
"""The sentences by kind, as in `spool.messages`."""
