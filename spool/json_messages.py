"""What is said to people of a job file that is no JSON, in Spanish and English, by the kind of the fault."""

from __future__ import annotations

from typing import Final

JSON_MESSAGES: Final[dict[str, tuple[str, str]]] = {
    "json_invalid": ("El archivo no es JSON válido.", "The file is not valid JSON."),
    "json_empty": ("El archivo está vacío.", "The file is empty."),
    "json_ends": (
        "El archivo termina antes de tiempo: falta cerrar una llave, un corchete o una comilla. ¿Se copió entero?",
        "The file ends too early: a brace, a bracket or a quote is not closed. Was all of it copied?",
    ),
    "json_open": (
        "Aquí empieza un texto al que le falta la comilla final.",
        "Here a text begins whose closing quote is missing.",
    ),
    "json_break": (
        "Dentro de un texto hay un salto de línea o un tabulador. Escríbalo \\n o \\t.",
        "There is a line break or a tab within a text. Write it as \\n or \\t.",
    ),
    "json_escape": (
        "Después de la barra invertida viene algo que no corresponde. Una barra invertida se escribe \\\\.",
        "What follows the backslash does not belong there. A backslash is written \\\\.",
    ),
    "json_trailing": (
        "Sobra la coma que está antes del cierre. Quítela.",
        "There is a comma before the closing brace or bracket. Leave it out.",
    ),
    "json_extra": (
        "Después del final del objeto hay algo más. Quítelo, o revise si una llave se cerró antes de tiempo.",
        "Something follows the end of the object. Leave it out, or see whether a brace was closed too early.",
    ),
    "json_colon": (
        "Después del nombre de la clave van dos puntos (:) y su valor.",
        "After the name of a key comes a colon (:) and its value.",
    ),
    "json_comma": (
        'Aquí falta una coma, o dentro de un texto hay una comilla sin barra invertida delante (\\").',
        'A comma is missing here, or a quote within a text has no backslash before it (\\").',
    ),
    "json_key": (
        "Aquí va el nombre de una clave, entre comillas dobles.",
        "Here the name of a key is expected, in double quotes.",
    ),
    "json_value": (
        "Aquí va un valor: un texto entre comillas dobles, un número, true, false, null, una lista o un objeto.",
        "Here a value is expected: a text in double quotes, a number, true, false, null, a list or an object.",
    ),
    "json_word": (
        "{word} no es JSON: se escribe true, false o null.",
        "{word} is not JSON: write true, false or null.",
    ),
    "json_quotes": (
        'Las comillas de JSON son rectas y dobles ("); aquí hay {character}.',
        'The quotes of JSON are straight and double ("); here is {character}.',
    ),
    "json_comment": (
        "JSON no admite comentarios. Quítelo.",
        "JSON has no comments. Leave it out.",
    ),
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
}
