"""What is wrong and what to do about it, in the languages of the configuration.

Keys are the types of pydantic's errors and those that `values`, `sections` and `reader` raise.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

DEFAULT_LOCALE: Final = "es"

_ES: Final[dict[str, tuple[str, str]]] = {
    "file_missing": ("no existe el archivo", "créelo, o indique otro con --config o $GATEWAYD_CONFIG"),
    "file_unreadable": ("no se puede leer el archivo: {why}", "revise los permisos del archivo y de sus carpetas"),
    "toml_invalid": ("no es TOML válido: {why}", "corrija esa línea"),
    "extra_forbidden": ("clave desconocida", "quítela{hint}"),
    "missing": ("falta la clave", "agréguela"),
    "table_expected": ("debe ser una tabla", "escriba {written} y debajo sus claves"),
    "string_type": ("debe ser un texto", "póngalo entre comillas"),
    "int_type": ("debe ser un número entero", "escríbalo sin comillas ni decimales"),
    "bool_type": ("debe ser true o false", "escríbalo sin comillas"),
    "float_type": ("debe ser un número", "escríbalo sin comillas, con punto decimal"),
    "tuple_type": ("debe ser una lista", 'escríbalo como ["…", "…"]'),
    "list_type": ("debe ser una lista", 'escríbalo como ["…", "…"]'),
    "dict_type": ("debe ser una tabla", 'escríbalo como { clave = "…" }'),
    "path_type": ("debe ser una ruta", "póngala entre comillas"),
    "literal_error": ("valor no admitido: {input}", "use uno de: {expected}"),
    "enum": ("valor no admitido: {input}", "use uno de: {expected}"),
    "greater_than_equal": ("{input} es demasiado pequeño", "el mínimo es {ge}"),
    "greater_than": ("{input} es demasiado pequeño", "debe ser mayor que {gt}"),
    "less_than_equal": ("{input} es demasiado grande", "el máximo es {le}"),
    "less_than": ("{input} es demasiado grande", "debe ser menor que {lt}"),
    "too_short": ("la lista está vacía", "agregue al menos un valor o quite la clave"),
    "duration_invalid": ("«{value}» no es una duración", 'escriba por ejemplo "15s", "10m", "72h" o "2d"'),
    "rate_invalid": ("«{value}» no es un ritmo", 'escriba por ejemplo "10/min", "1/s", "200/h" o "500/day"'),
    "window_invalid": ("«{value}» no es una ventana", 'escriba cantidad y duración, por ejemplo "200/2h"'),
    "money_invalid": ("«{value}» no es un importe", 'escríbalo entre comillas, hasta seis decimales: "0.85"'),
    "zone_unknown": ("zona horaria desconocida: {value}", 'escriba por ejemplo "America/Argentina/Buenos_Aires"'),
    "name_invalid": ("«{value}» no sirve como nombre", "use de 1 a 64 letras, cifras, «.», «_», «-»; sin espacios"),
    "prefix_invalid": ("«{value}» no es un prefijo", 'escriba + y cifras, por ejemplo "+549"'),
    "region_unknown": ("país desconocido: {value}", 'escriba su código de dos letras mayúsculas, por ejemplo "AR"'),
    "currency_invalid": ("«{value}» no es una moneda", 'escriba su código de tres letras mayúsculas, p. ej. "ARS"'),
    "digits_invalid": ("«{value}» no es un código de área", 'escriba solo cifras, sin el 0: "11"'),
    "listen_invalid": ("«{value}» no es dirección:puerto", 'escriba por ejemplo "127.0.0.1:8080", o "" para ninguna'),
    "url_invalid": ("«{value}» no es una dirección web", "debe comenzar con https:// o http://"),
    "store_unknown": ("almacén desconocido: {value}", 'escriba "sqlite:////ruta/gatewayd.db" o "postgresql://…"'),
    "secret_twice": ("está dada dos veces, aquí y en {other}", "quite una de las dos"),
    "secret_unreadable": ("no se puede leer el archivo {path}: {why}", "revise la ruta y los permisos"),
    "secret_blank": ("está vacía", "escriba el secreto, o déjelo en un archivo con la misma clave y _file"),
    "string_pattern_mismatch": ("no tiene la forma debida", "debe cumplir la expresión {pattern}"),
    "retention_short": ("«{value}» borraría lo que aún hace falta", 'el mínimo es un día: "1d"'),
    "secret_empty": ("el archivo {path} está vacío", "escriba en él el secreto, en una línea"),
    "driver_unknown": ("no hay ningún controlador «{value}»", "use uno de los instalados: {expected}"),
    "driver_broken": ("no se puede cargar el controlador «{value}»: {why}", "reinstale el paquete que lo ofrece"),
    "line_repeated": ("hay otra línea con el nombre «{value}»", "dé a cada línea un nombre propio"),
    "path_too_long": ("la ruta tiene más de {limit} octetos", "elija una más corta: los sockets no admiten más"),
    "": ("{reason}", "corrija el valor"),
}

_EN: Final[dict[str, tuple[str, str]]] = {
    "file_missing": ("the file does not exist", "create it, or name another with --config or $GATEWAYD_CONFIG"),
    "file_unreadable": ("the file cannot be read: {why}", "mend the permissions of the file and its folders"),
    "toml_invalid": ("not valid TOML: {why}", "mend that line"),
    "extra_forbidden": ("unknown key", "remove it{hint}"),
    "missing": ("the key is missing", "add it"),
    "table_expected": ("must be a table", "write {written} and its keys below"),
    "string_type": ("must be a text", "put it in quotes"),
    "int_type": ("must be a whole number", "write it without quotes or decimals"),
    "bool_type": ("must be true or false", "write it without quotes"),
    "float_type": ("must be a number", "write it without quotes, with a decimal point"),
    "tuple_type": ("must be a list", 'write it as ["…", "…"]'),
    "list_type": ("must be a list", 'write it as ["…", "…"]'),
    "dict_type": ("must be a table", 'write it as { key = "…" }'),
    "path_type": ("must be a path", "put it in quotes"),
    "literal_error": ("value not allowed: {input}", "use one of: {expected}"),
    "enum": ("value not allowed: {input}", "use one of: {expected}"),
    "greater_than_equal": ("{input} is too small", "the least is {ge}"),
    "greater_than": ("{input} is too small", "it must be above {gt}"),
    "less_than_equal": ("{input} is too large", "the most is {le}"),
    "less_than": ("{input} is too large", "it must be below {lt}"),
    "too_short": ("the list is empty", "add at least one value, or remove the key"),
    "duration_invalid": ("'{value}' is not a duration", 'write for instance "15s", "10m", "72h" or "2d"'),
    "rate_invalid": ("'{value}' is not a rate", 'write for instance "10/min", "1/s", "200/h" or "500/day"'),
    "window_invalid": ("'{value}' is not a window", 'write a count and a duration, for instance "200/2h"'),
    "money_invalid": ("'{value}' is not an amount", 'write it in quotes, with at most six decimals: "0.85"'),
    "zone_unknown": ("unknown time zone: {value}", 'write for instance "America/Argentina/Buenos_Aires"'),
    "name_invalid": ("'{value}' will not do as a name", "use 1 to 64 letters, digits, '.', '_', '-'; no spaces"),
    "prefix_invalid": ("'{value}' is not a prefix", 'write + and digits, for instance "+549"'),
    "region_unknown": ("unknown country: {value}", 'write its code of two capital letters, for instance "AR"'),
    "currency_invalid": ("'{value}' is not a currency", 'write its code of three capital letters, such as "ARS"'),
    "digits_invalid": ("'{value}' is not an area code", 'write digits alone, without the 0: "11"'),
    "listen_invalid": ("'{value}' is not address:port", 'write for instance "127.0.0.1:8080", or "" for none'),
    "url_invalid": ("'{value}' is not a web address", "it must begin with https:// or http://"),
    "store_unknown": ("unknown store: {value}", 'write "sqlite:////path/gatewayd.db" or "postgresql://…"'),
    "secret_twice": ("given twice, here and in {other}", "remove one of the two"),
    "secret_unreadable": ("the file {path} cannot be read: {why}", "mend the path or the permissions"),
    "secret_blank": ("is empty", "write the secret, or keep it in a file, named by the same key and _file"),
    "string_pattern_mismatch": ("has not the right form", "it must match the expression {pattern}"),
    "retention_short": ("'{value}' would remove what is still needed", 'the least is a day: "1d"'),
    "secret_empty": ("the file {path} is empty", "write the secret into it, on one line"),
    "driver_unknown": ("there is no driver '{value}'", "use one of those installed: {expected}"),
    "driver_broken": ("the driver '{value}' cannot be loaded: {why}", "install the package that offers it again"),
    "line_repeated": ("another line has the name '{value}'", "give each line a name of its own"),
    "path_too_long": ("the path is longer than {limit} bytes", "choose a shorter one: sockets take no more"),
    "": ("{reason}", "mend the value"),
}

_LOCALES: Final = {"es": _ES, "en": _EN}
_DID_YOU_MEAN: Final = {"es": ", o escriba «{name}»", "en": ", or write '{name}'"}

_SAME_AS: Final = {
    "int_parsing": "int_type",
    "int_from_float": "int_type",
    "bool_parsing": "bool_type",
    "float_parsing": "float_type",
    "finite_number": "float_type",
    "model_type": "table_expected",
    "mapping_type": "dict_type",
    "is_instance_of": "string_type",
}


def texts(kind: str, locale: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Message and remedy for an error of that kind; an unknown kind says what `values["reason"]` says."""
    entries = _LOCALES.get(locale, _LOCALES[DEFAULT_LOCALE])
    message, remedy = entries.get(_SAME_AS.get(kind, kind), entries[""])
    return message.format_map(values), remedy.format_map(values)


_MAY_SHOW: Final = frozenset(
    {"literal_error", "enum", "greater_than_equal", "greater_than", "less_than_equal", "less_than"}
)


def error_values(error: Any, locale: str, known: Sequence[str] = ()) -> dict[str, Any]:
    """What `texts` fills in for one of pydantic's errors; an unknown key is likened to those that are `known`."""
    given, kind, loc = error["input"], error["type"], error["loc"]
    context = dict(error.get("ctx") or {})
    if "expected" in context:  # pydantic's "'es' or 'en'": a list in any language, quoted as TOML does
        context["expected"] = str(context["expected"]).replace(" or ", ", ").replace("'", '"')
    hint = ""
    if kind == "extra_forbidden" and loc:
        close = difflib.get_close_matches(str(loc[-1]), known, n=1)
        hint = _DID_YOU_MEAN.get(locale, _DID_YOU_MEAN[DEFAULT_LOCALE]).format(name=close[0]) if close else ""
    # What was given is shown only where it is a plain value of ours: it may be a secret everywhere else.
    shown = given if isinstance(given, str | int | float | bool) and kind in _MAY_SHOW else ""
    reason = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return {"input": shown, "hint": hint, "reason": reason, "written": "", **context}
