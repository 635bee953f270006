"""What the file boundary says to people, in Spanish and English, by the kinds of `JobFileError` and of findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spool.check_messages import CHECKS
from spool.list_messages import LIST_MESSAGES

DEFAULT_LOCALE: Final = "es"

_CATALOGUE: Final[dict[str, tuple[str, str]]] = {
    # ------------------------------------------------------------------------------------------------ the file itself
    "file_not_regular": (
        "{file} no es un archivo común (es un enlace, una tubería o una carpeta). Copie el archivo mismo.",
        "{file} is not a regular file (it is a link, a pipe or a folder). Put the file itself there.",
    ),
    "file_linked": (
        "{file} tiene otro nombre más en el disco (enlace duro). Copie el archivo en vez de enlazarlo.",
        "{file} has another name on the disk (a hard link). Copy the file instead of linking it.",
    ),
    "file_denied": (
        "No hay permiso para leer {file}. Dé lectura a su grupo (chmod g+r) y vuelva a dejarlo.",
        "{file} may not be read. Let its group read it (chmod g+r) and drop it again.",
    ),
    "job_too_large": (
        "El archivo de trabajo supera {limit}. Ponga los destinatarios en un CSV aparte (recipients_file).",
        "The job file is larger than {limit}. Put the recipients into a CSV of their own (recipients_file).",
    ),
    # ----------------------------------------------------------------------------------------------------------- JSON
    "json_invalid": ("El archivo no es JSON válido.", "The file is not valid JSON."),
    "json_syntax": ("El archivo no es JSON válido: {reason}.", "The file is not valid JSON: {reason}."),
    "json_encoding": (
        "El archivo no está en UTF-8. Guárdelo con codificación UTF-8.",
        "The file is not UTF-8. Save it with UTF-8 encoding.",
    ),
    "json_duplicate": ("La clave {field} está dos veces.", "The key {field} is there twice."),
    "json_constant": (
        "NaN e Infinity no son JSON. Escriba un número o quite la clave.",
        "NaN and Infinity are not JSON. Write a number or leave the key out.",
    ),
    "json_depth": ("El JSON está anidado con demasiada profundidad.", "The JSON is nested too deeply."),
    "json_not_object": (
        "El archivo debe ser un objeto JSON: {{ … }}.",
        "The file must be one JSON object: {{ … }}.",
    ),
    "key_unknown": (
        "La clave {field} no existe. Revise cómo está escrita o quítela.",
        "There is no key {field}. Check its spelling or leave it out.",
    ),
    # --------------------------------------------------------------------------------------------------------- values
    "value_invalid": ("El valor de {field} no sirve.", "The value of {field} will not do."),
    "value_channel": (
        "La clave {field} no corresponde al canal {channel}.",
        "The key {field} does not belong to the channel {channel}.",
    ),
    "value_line": (
        "No hay una línea que se llame {name}. Revise lines; las que hay: {known}.",
        "There is no line called {name}. Check lines; there are: {known}.",
    ),
    "value_line_hint": (
        "No hay una línea que se llame {name}. ¿Quiso decir {hint}?",
        "There is no line called {name}. Did you mean {hint}?",
    ),
    "value_past": (
        "not_after ya pasó: nada de este trabajo podría salir.",
        "not_after has passed: nothing of this job could leave.",
    ),
    "value_times": (
        "not_after debe ser posterior a not_before.",
        "not_after must be later than not_before.",
    ),
    "value_stem": (
        (
            "El nombre del archivo, «{name}», no puede ser el nombre del trabajo. Agregue la clave job (letras sin"
            " acento, dígitos, punto, guion y guion bajo; hasta 64)."
        ),
        (
            "The file's name, \"{name}\", cannot be the job's id. Add the key job (letters without accents, digits,"
            " dot, hyphen and underscore; at most 64)."
        ),
    ),
    "value_file_name": (
        "El nombre del archivo no es texto en UTF-8. Dele otro nombre, con letras sin acento.",
        "The file's name is not UTF-8 text. Give it another name, of letters without accents.",
    ),
    "value_name": (
        "«{name}» no puede ser el nombre de un trabajo: letras sin acento, dígitos, «.», «-» y «_»; hasta 64.",
        '"{name}" cannot be a job\'s id: letters without accents, digits, dot, hyphen and underscore; at most 64.',
    ),
    "value_object": ("{field} debe ser un objeto: {{ … }}.", "{field} must be an object: {{ … }}."),
    "value_string": ("{field} debe ser un texto entre comillas.", "{field} must be a text in quotes."),
    "value_blank": (
        "{field} está vacío. Escriba un valor o quite la clave.",
        "{field} is empty. Give a value or leave it out.",
    ),
    "value_long": ("{field} supera {limit} caracteres.", "{field} is longer than {limit} characters."),
    "value_amount": (
        "{field} no es un importe que se pueda leer de una sola manera: por ejemplo 1.500,50 o USD 12.",
        "{field} is no amount that can be read in one way only: for example 1,500.50 or USD 12.",
    ),
    "value_missing": ("Falta {field}.", "{field} is missing."),
    "value_required": (
        "Falta {field}, que debe ser uno de: {options}.",
        "{field} is missing; it must be one of: {options}.",
    ),
    "value_choice": ("{field} debe ser uno de: {options}.", "{field} must be one of: {options}."),
    "value_list": (
        "{field} debe ser una lista con algún elemento: [ … ].",
        "{field} must be a list with something in it: [ … ].",
    ),
    "value_repeated": ("{field} está repetido.", "{field} is repeated."),
    "value_whole": (
        "{field} debe ser un número entero de {low} a {high}.",
        "{field} must be a whole number from {low} to {high}.",
    ),
    "value_seconds": (
        "{field} debe ser un número de segundos de {low} a {high}.",
        "{field} must be a number of seconds from {low} to {high}.",
    ),
    "value_instant": (
        "{field} debe ser una fecha y hora con su zona, como 2026-11-23T09:00:00-03:00.",
        "{field} must be a date and time with its offset, like 2026-11-23T09:00:00-03:00.",
    ),
    "value_sha256": (
        "{field} debe ser un SHA-256 de 64 cifras hexadecimales.",
        "{field} must be a SHA-256 of 64 hexadecimal digits.",
    ),
    "value_file": (
        (
            "{field} debe ser el nombre de un archivo que está junto al de trabajo: sin carpeta, sin punto inicial, "
            "y que no termine en .json, .tmp ni .part."
        ),
        (
            "{field} must be the name of a file beside the job file: no folder, no leading dot, not ending in .json,"
            " .tmp or .part."
        ),
    ),
    "value_variable": ("{field}: una variable tiene letras.", "{field}: a variable has letters."),
    "value_cell": ("{field} debe ser un texto o un número.", "{field} must be a text or a number."),
    "value_characters": (
        "{field} contiene un carácter que ningún texto puede llevar (NUL o medio par sustituto).",
        "{field} holds a character that no text may hold (NUL or half a surrogate pair).",
    ),
    "value_control": (
        "{field} contiene un carácter de control ({character}) en la posición {place}. Bórrelo.",
        "{field} holds a control character ({character}) at position {place}. Delete it.",
    ),
    "value_duration": (
        "{field} debe ser una duración como 30s, 10m o 2h.",
        "{field} must be a duration like 30s, 10m or 2h.",
    ),
    "value_duration_long": ("{field} va de 1s a {limit}.", "{field} goes from 1s to {limit}."),
    "value_many": ("{field} tiene más de {limit} claves.", "{field} has more than {limit} keys."),
    "value_key": (
        "{field}: una clave tiene letras sin acento, dígitos, «.», «-» y «_»; hasta 64.",
        "{field}: a key has letters without accents, digits, dot, hyphen and underscore; at most 64.",
    ),
    "value_template": (
        "{field} debe ser el nombre de una plantilla aprobada por Meta: minúsculas sin acento, dígitos y «_».",
        "{field} must be the name of a template approved by Meta: lower-case letters, digits and underscores.",
    ),
    "value_language": (
        "{field} debe ser el idioma de la plantilla como lo escribe Meta: es, es_AR, en_US.",
        "{field} must be the template's language as Meta writes it: es, es_AR, en_US.",
    ),
    "value_parameter": (
        "{field}: el nombre de un parámetro tiene minúsculas sin acento, dígitos y «_».",
        "{field}: a parameter's name has lower-case letters, digits and underscores.",
    ),
    "value_action": (
        "{field} debe ser una acción como repeat, promise, opt_out o transfer:ventas.",
        "{field} must be an action like repeat, promise, opt_out or transfer:sales.",
    ),
    "value_message": (
        '{field} debe ser un texto o una lista de pasos {{"say": …}}, {{"play": …}} o {{"amount": …}}.',
        '{field} must be a text or a list of steps {{"say": …}}, {{"play": …}} or {{"amount": …}}.',
    ),
    "value_voice": (
        "{field} debe ser el nombre de una voz: letras sin acento, dígitos, «.», «_», «+» y «-».",
        "{field} must be the name of a voice: letters without accents, digits, dot, underscore, plus and hyphen.",
    ),
    "value_call_language": (
        "{field} debe ser un idioma como es o es-AR.",
        "{field} must be a language like es or es-AR.",
    ),
    "value_left_message": (
        "Falta {field}: con amd leave_message, es lo que se deja en el contestador.",
        "{field} is missing: with amd leave_message it is what is left with the machine.",
    ),
    "value_with_steps": (
        "{field} no va junto con steps: pregunte con un paso ask.",
        "{field} does not go with steps: ask by a step of its own.",
    ),
    "value_steps": ("{field} tiene más de {limit} pasos.", "{field} has more than {limit} steps."),
    "value_step": (
        "{field} debe ser un paso con una sola de estas claves: say, play, amount, spell, ask, if, do, goto.",
        "{field} must be a step with exactly one of these keys: say, play, amount, spell, ask, if, do, goto.",
    ),
    "value_repeat": (
        "{field}: repeat es de los menús; en los pasos, vuelva atrás con goto.",
        "{field}: repeat belongs to menus; among steps, go back by goto.",
    ),
    "value_label_form": (
        "{field} debe ser un nombre: una minúscula y luego minúsculas, dígitos o guiones bajos; hasta 24.",
        "{field} must be a name: a small letter, then small letters, digits or underscores; at most 24.",
    ),
    "value_label": (
        "{field}: ningún paso tiene la etiqueta (label) {name}.",
        "{field}: no step has the label {name}.",
    ),
    "value_asked": (
        "{field}: ningún paso pregunta (ask) por {name}.",
        "{field}: no step asks for {name}.",
    ),
    "value_keys": (
        "{field} debe tener al menos una tecla, y no va junto con digits.",
        "{field} must have a key at least, and does not go with digits.",
    ),
    "value_digits": (
        "{field} debe decir cuántas cifras se piden: 4, o [2, 8] por desde dos hasta ocho.",
        "{field} must say how many digits are asked for: 4, or [2, 8] for two to eight.",
    ),
    "value_address": (
        "{field} no es una dirección de correo: nombre@dominio.",
        "{field} is no e-mail address: name@domain.",
    ),
    "attachment_list": (
        "attachments nombra la lista de destinatarios ({name}): todos la recibirían. Quítela.",
        "attachments names the list of recipients ({name}): everybody would get it. Leave it out.",
    ),
    "attachment_large": (
        "Los adjuntos superan {limit} con {file}: los servidores de correo no los aceptan. Envíe un enlace.",
        "With {file} the attachments are larger than {limit}: mail servers do not take them. Send a link instead.",
    ),
    "text_none": ("Falta el texto: dé text o template.", "There is no text: give text or template."),
    "text_both": ("Dé text o template, no ambos.", "Give text or template, not both."),
    "text_and_approved": (
        "El trabajo tiene texto y una plantilla de WhatsApp; deje uno de los dos.",
        "The job has both a text and a WhatsApp template; leave one of them out.",
    ),
    "text_and_script": (
        "La llamada tiene texto y guion; deje uno de los dos.",
        "The call has both a text and a script; leave one of them out.",
    ),
    "variable_unknown": (
        "El texto usa {names}: ni columna de la lista ni clave de values. Un signo de porcentaje se escribe %%.",
        "The text uses {names}: no column of the list, no key of values. A percent sign is written %%.",
    ),
    "variable_hint": (
        "El texto usa {names}: ni columna de la lista ni clave de values. ¿Quiso decir {hints}?",
        "The text uses {names}: no column of the list, no key of values. Did you mean {hints}?",
    ),
    "variable_foreign": (
        "El texto usa {names}, que es como lo escribe otro programa: aquí se escribe {hints}.",
        "The text uses {names}, which is how another program writes it: here it is written {hints}.",
    ),
    "template_unknown": ("No hay una plantilla «{name}».", 'There is no template "{name}".'),
    # ----------------------------------------------------------------------------------------------------- recipients
    "recipients_none": (
        "Faltan los destinatarios: dé recipients o recipients_file.",
        "There are no recipients: give recipients or recipients_file.",
    ),
    "recipients_both": (
        "Dé recipients o recipients_file, no ambos.",
        "Give recipients or recipients_file, not both.",
    ),
    "recipients_check": (
        "{field} es para recipients_file; con recipients en el mismo archivo no corresponde.",
        "{field} is for recipients_file; it does not go with recipients in the job file.",
    ),
    "recipients_missing": (
        "El trabajo nombra el archivo {file}, que no llegó. Déjelo en la misma carpeta antes que el trabajo.",
        "The job names the file {file}, which did not come. Put it into the same folder before the job.",
    ),
    "recipients_mismatch": (
        "El archivo de destinatarios no es el que el trabajo espera.",
        "The file of recipients is not the one the job expects.",
    ),
    "mismatch_rows": (
        "El trabajo espera {told} destinatarios y hay {found}. ¿Llegó la lista completa?",
        "The job expects {told} recipients and there are {found}. Is the list complete?",
    ),
    "mismatch_sha256": (
        "El contenido de {file} no es el que el trabajo espera (SHA-256 distinto). ¿Llegó completo?",
        "What {file} holds is not what the job expects (another SHA-256). Is it complete?",
    ),
    "recipients_unreadable": ("No se puede leer {file}.", "{file} cannot be read."),
    "recipients_empty": ("{file} está vacío.", "{file} is empty."),
    "recipients_column": (
        (
            "{file} no tiene una columna con el número o la dirección: se buscó el encabezado en las primeras filas."
            " Llame a esa columna to, telefono, celular, email… en la fila 1, o nómbrela en el trabajo con columns."
            " Columnas encontradas en la fila {row}: {columns}."
        ),
        (
            "{file} has no column with the number or address: the header was looked for in the first rows. Call that"
            " column to, telefono, celular, email… in row 1, or name it in the job by columns. Columns found in row"
            " {row}: {columns}."
        ),
    ),
    "recipients_binary": (
        "{file} no es una lista de texto: tiene caracteres de control. Use CSV, XLSX, XLS u ODS.",
        "{file} is no list in text form: it holds control characters. Use CSV, XLSX, XLS or ODS.",
    ),
    "recipients_nul": (
        "{file} contiene bytes nulos: está dañado o no es una lista de texto.",
        "{file} holds NUL bytes: it is damaged, or no list in text form.",
    ),
    "recipients_quote": (
        "En {file}, desde esta línea, las comillas no cierran bien.",
        "In {file}, from this line on, the quotes do not close properly.",
    ),
    "recipients_field": (
        "En {file}, desde esta línea, hay una celda de más de {limit} caracteres: ¿comillas sin cerrar?",
        "In {file}, from this line on, there is a cell of more than {limit} characters: quotes that never close?",
    ),
    "recipients_encoding": (
        "{file} no tiene una codificación de texto reconocible. Guárdelo como CSV UTF-8.",
        "{file} has no text encoding that could be told. Save it as CSV UTF-8.",
    ),
    "recipients_html": (
        "{file} es una página HTML, no una planilla. Ábralo y guárdelo como CSV o XLSX.",
        "{file} is an HTML page, not a sheet. Open it and save it as CSV or XLSX.",
    ),
    "recipients_format": (
        "{file} no es CSV, XLSX, XLS ni ODS.",
        "{file} is none of CSV, XLSX, XLS and ODS.",
    ),
    "recipients_damaged": (
        "{file} está dañado o incompleto: {reason}.",
        "{file} is damaged or incomplete: {reason}.",
    ),
    "recipients_password": (
        "{file} está protegido con contraseña. Guárdelo sin ella.",
        "{file} is protected by a password. Save it without one.",
    ),
    "none_valid": (
        "Ningún destinatario es válido: no habría nada que enviar. El primero (fila {row}): {why}.",
        "No recipient is valid: there would be nothing to send. The first one (row {row}): {why}.",
    ),
    "no_valid_recipient": (
        "Ningún destinatario es válido: no habría nada que enviar.",
        "No recipient is valid: there would be nothing to send.",
    ),
    "too_large": ("{file} es demasiado grande.", "{file} is too large."),
    "too_many_rows": (
        "{file} tiene más de {limit} filas. Divídalo en varios trabajos.",
        "{file} has more than {limit} rows. Split it into several jobs.",
    ),
    "too_many_bytes": (
        "{file} supera {limit}. Divídalo en varios trabajos.",
        "{file} is larger than {limit}. Split it into several jobs.",
    ),
    "too_many_cells": (
        "La planilla {file}, descomprimida, es demasiado grande. Borre filas y columnas vacías o guárdela como CSV.",
        "The sheet {file} is too large when unpacked. Delete empty rows and columns or save it as CSV.",
    ),
    "too_many_columns": ("{file} tiene más de {limit} columnas.", "{file} has more than {limit} columns."),
    "job_conflict": (
        "Ya hay un trabajo «{job}» con otro contenido. Use otro nombre para un trabajo nuevo.",
        'There is a job "{job}" with other content already. Give a new job another id.',
    ),
    "currency_other": (
        (
            "La cuenta {account} se lleva en {other} y la tarifa está en {currency}: avise al operador."
            " Hace falta una cuenta en {currency}, o la tarifa en {other}."
        ),
        (
            "The account {account} is kept in {other}, and the tariff is in {currency}: tell the operator."
            " It takes an account in {currency}, or the tariff in {other}."
        ),
    ),
    "reader_died": (
        "El servicio terminó dos veces mientras leía {file}: no lo lee más. Corríjalo y envíelo de nuevo.",
        "The daemon ended twice while it read {file}: it reads it no more. Put it right and send it again.",
    ),
    "reader_slow": (
        "{file} tarda demasiado en leerse para lo que ocupa. Divídalo, o guárdelo de nuevo como CSV.",
        "{file} takes too long to read for its size. Split it, or save it again as CSV.",
    ),
}

_SENTENCES: Final = _CATALOGUE | CHECKS | LIST_MESSAGES

LOCALES: Final = ("es", "en")


def text(kind: str, locale: str, values: Mapping[str, str]) -> str:
    """The sentence of `kind` in `locale` (Spanish for one that is not known), with `values` filled in."""
    index = LOCALES.index(locale) if locale in LOCALES else 0
    return _SENTENCES[kind][index].format_map(_Blank(values))


def is_kind(kind: str) -> bool:
    """Whether there is a sentence for it."""
    return kind in _SENTENCES


class _Blank(dict[str, str]):
    """An error must never be lost to a second one: what is missing is a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"
