"""The words of headers: which column holds a telephone, whose and of what kind. Pure.

Programs and people name the same column in a hundred ways (`Cel.`, `Nº de celular`, `Phone 1 - Value`), so a header is
read word by word. What a header does not say is not guessed here.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from spool.lists.cells import digits, folded, without_invisible

Kind = Literal["to", "mobile", "whatsapp", "phone", "landline", "bare", "mail", "token", ""]
"""What a header says its column is; empty: nothing about an address."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MOBILE: Final = _set(
    "cel cels celu celus cell cells cellular cellphone celular celulares celullar movil moviles mobile mobiles mobil"
    " mob sms gsm telcel smartphone msisdn telemovel telemoveis"
)
_WHATSAPP: Final = _set("whatsapp whatsap whats wasap wapp wsp wpp watsap")
_PHONE: Final = _set("tel tels telf telfs tlf tlfn tlfno tfno tfn fono fonos phone phones telephone")
_NO_PHONE: Final = _set("telefonia telefonica audifono microfono interfono automovil")
_LANDLINE: Final = _set(
    "fijo fija fijos fijas casa home landline hogar particular domicilio residencial residencia oficina office work"
    " trabajo laboral conmutador pbx central"
)
_MAIL: Final = _set("e mail mails email emails correo correos")
_TOKENS: Final = _set("token push_token fcm_token subscription suscripcion topic tema")
_BARE: Final = _set("numero number")

_ABOUT: Final = _set(
    "tipo tipos type label etiqueta operador operadora compania carrier empresa modelo model marca equipo imei fecha"
    " date hora verificado valido validado estado status cantidad plan deuda saldo monto importe costo precio area"
    " prefijo prefix interno extension ext pais country tiene obs observacion observaciones nota notas comentario"
    " comentarios resultado respuesta fax texto text mensaje message postal servicio consumo abono factura llamadas"
    " llamados caracteristica acepta permite cobertura motivo serie serial sim icc pin puk patente matricula garantia"
)
"""Words of columns that speak of a telephone or a mail, and hold none."""
_AREA: Final = _set(
    "area prefijo prefix prefixo caracteristica caract carac ddd ddn lada interurbano discado indicativo"
)
"""How the code before a subscriber's number is called, from Argentina to Mexico."""
_OTHER_NUMBERS: Final = _set(
    "id ids codigo cod cuenta cedula dni documento doc cuit cuil rut nit contrato clave uuid imsi iccid chip"
)
"""Words of numbers that are no telephones, though they belong to one: `id_celular`, `Cuenta móvil`."""
_OTHERS: Final = _set(
    "garante garantes codeudor codeudora aval fiador conyuge esposo esposa pareja familiar referencia referencias"
    " padre madre papa mama tutor tutora hijo hija hermano hermana vecino vendedor vendedora cobrador cobradora asesor"
    " asesora agente ejecutivo sucursal tecnico instalador proveedor comercio emergencia emergencias emisor remitente"
    " guarantor spouse father mother parent relative reference emergency seller agent branch sender soporte ventas"
    " abuelo abuela tio tia primo prima sobrino sobrina nieto nieta suegro suegra cunado cunada yerno nuera novio novia"
    " concubino concubina amigo amiga companero companera apoderado apoderada encargado encargada inquilino inquilina"
    " portero portera empleador jefe jefa abogado abogada contador contadora gestor gestora representante avalista"
    " mae pai irmao irma filho filha conjuge vizinho vizinha"
)
"""Words of another person than the one the row is about."""
_CONTACT: Final = _set("contacto contact contato")
_OUT_OF_USE: Final = _set(
    "viejo vieja anterior baja incorrecto incorrecta erroneo erronea equivocado equivocada inactivo inactiva"
    " invalido invalida old previous former wrong inactive antigo antiguo antigua bloqueado bloqueada robado robada"
    " perdido perdida suspendido suspendida cortado desactivado desactivada inexistente ajeno blocked disabled stolen"
)
"""Words of a number that reaches the person no more; they count in brackets as well: `Celular (viejo)`."""
_LEAVE_ALONE: Final = {
    "no": _set("contactar llamar molestar enviar escribir mandar notificar avisar usar"),
    "not": _set("call contact disturb text use write send"),
    "sin": _set("sms servicio uso linea"),
}
"""What says no with the word before it: `Celular (no contactar)`; `No. contact` is a contact's number."""
_SPARE: Final = _set(
    "alternativo alternativa alterno alterna alt secundario secundaria secondary adicional additional otro otra other"
    " opcional optional respaldo backup extra"
)
_NEUTRAL: Final = _set(
    "de del el la los las of the no nro nros num n numero numeros number numbers titular cliente clientes abonado"
    " contacto contact principal main primary personal value valor usuario socio suscriptor deudor destino destinatario"
    " customer client user para con sin es su your my mi nuevo actual actualizado y o"
)

_LONGEST: Final = 300
"""Characters of a header."""
_MOST_DIGITS: Final = 6
"""Digits of a header, which may be of a month; what has more is a number with a word before it: `Tel: 4321-0000`."""
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPLIT: Final = re.compile(r"[^a-z0-9]+")
_LETTERS_DIGITS: Final = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")


@dataclass(frozen=True, slots=True)
class Sense:
    """What one header says of its column."""

    kind: Kind = ""
    base: frozenset[str] = frozenset()
    """Its words for a telephone."""
    words: frozenset[str] = frozenset()
    """Words that tell this column from its like: neither a telephone's, nor neutral, nor a number."""
    place: int = 0
    """Its number in a series: 2 of `Celular 2`; 0 for none."""
    spare: bool = False
    """It says of itself that it is the second choice."""
    other: bool = False
    """It belongs to another person than the row, or is out of use."""
    contact: bool = False
    """It is called a contact's: the row's own person, unless another column has the name of one."""

    @property
    def plain(self) -> bool:
        return not (self.words or self.place or self.spare or self.other)


def sense(header: str) -> Sense:
    """Reads one header; one that is longer than any says nothing."""
    return Sense() if len(header) > _LONGEST else _sense(header)


@lru_cache(maxsize=1024)
def _sense(header: str) -> Sense:
    text = without_invisible(header)
    if digits(text) > _MOST_DIGITS:
        return Sense()
    name = "_".join(folded(text).split())
    if name == "to":
        return Sense("to")
    if name in _TOKENS:
        return Sense("token")
    every = _tokens(text)
    # What stands in brackets explains ("sin 0 ni 15"); only the words of kinds count there.
    outside = _tokens(_without_brackets(text))
    if _is_mail(every):
        if _ABOUT.intersection(outside):
            return Sense()
        return Sense("mail", frozenset(), _distinct(outside), contact=says_contact(text))
    kind = _kind(every)
    if not kind or (_ABOUT | _OTHER_NUMBERS).intersection(outside):
        return Sense()
    place = next((int(token) for token in outside if token.isdigit() and len(token) == 1), 0)
    other = not (_OTHERS | _OUT_OF_USE).isdisjoint(every) or _is_left_alone(every)
    base = frozenset(filter(_says_any, every))
    words = _distinct(outside)
    return Sense(kind, base, words, place, bool(_SPARE.intersection(outside)), other, says_contact(text))


def _is_left_alone(tokens: tuple[str, ...]) -> bool:
    """Returns whether a header says that its number is not to be used."""
    return any(word in _LEAVE_ALONE.get(before, ()) for before, word in itertools.pairwise(tokens))


def says_contact(header: str) -> bool:
    """Returns whether a header speaks of a contact, which may be another person than the row's."""
    return len(header) <= _LONGEST and not _CONTACT.isdisjoint(_tokens(header))


def is_area(header: str) -> bool:
    """Returns whether a header names the area code of a telephone that stands in another column."""
    if len(header) > _LONGEST:
        return False
    tokens = frozenset(_tokens(header))
    if not tokens & _AREA:
        return False
    rest = tokens - _AREA - {"cod", "codigo", "code", "clave", "larga", "distancia"}
    return all(_kind((token,)) or token in _NEUTRAL for token in rest)


def _kind(tokens: tuple[str, ...]) -> Kind:
    mobile = any(map(_says_mobile, tokens))
    whatsapp = bool(_WHATSAPP.intersection(tokens)) or any("whatsapp" in token for token in tokens)
    phone = any(map(_says_phone, tokens))
    if mobile:
        return "mobile"
    if whatsapp:
        return "whatsapp"
    if phone:
        return "landline" if _LANDLINE.intersection(tokens) or any("fijo" in token for token in tokens) else "phone"
    return "bare" if len(tokens) == 1 and tokens[0] in _BARE else ""


def _says_mobile(token: str) -> bool:
    return (
        token in _MOBILE
        or "celular" in token
        or "cellphone" in token
        or token.startswith("mobile")
        or (token.endswith("movil") and token not in _NO_PHONE)
        or (token.startswith(("tel", "nro", "num")) and token.endswith(("cel", "celu")))
    )


def _says_phone(token: str) -> bool:
    if token in _NO_PHONE:
        return False
    return (
        token in _PHONE
        or token.startswith(("telef", "telf", "phone"))
        or token.endswith(("phone", "fono"))
        or (token.startswith(("nro", "num", "no")) and token.endswith("tel"))
    )


def _says_any(token: str) -> bool:
    return _says_mobile(token) or _says_phone(token) or token in _WHATSAPP or "whatsapp" in token


def _is_mail(tokens: tuple[str, ...]) -> bool:
    says = any((token in _MAIL and len(token) > 1) or token.startswith("email") for token in tokens)
    return says and not _kind(tokens)


def _distinct(tokens: tuple[str, ...]) -> frozenset[str]:
    return frozenset(
        token
        for token in tokens
        if not (
            token.isdigit()
            or token in _NEUTRAL
            or token in _SPARE
            or token in _LANDLINE
            or token in _MAIL
            or _says_any(token)
        )
    )


def _tokens(text: str) -> tuple[str, ...]:
    """Words in lower case without accents; `telefonoMovil2` has three."""
    camel = text if "hatsApp" in text else _CAMEL.sub(" ", text)
    spaced = _LETTERS_DIGITS.sub(" ", folded(camel).replace("\u00ba", " "))
    return tuple(token for token in _SPLIT.split(spaced) if token)


def _without_brackets(text: str) -> str:
    depth, kept = 0, []
    for letter in text:
        if letter in "([":
            depth += 1
        elif letter in ")]":
            depth = max(depth - 1, 0)
        elif not depth:
            kept.append(letter)
    return "".join(kept)
