"""Lines that people add: what was found, the kinds there are, a form for each, its secrets by themselves, removal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, FaultsError, NotFoundError, UsageError
from gatewayd.web.panel import places
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

RESERVED: Final = frozenset({"agregar"})
"""Names whose address is another page's."""
SIMS: Final = {
    "ready": spoken("SIM ready"),
    "pin": spoken("SIM asks for its PIN"),
    "puk": spoken("SIM asks for its PUK"),
    "missing": spoken("no SIM"),
    "other": spoken("SIM not ready"),
}
_WINDOW: Final = re.compile(r"(\d{1,9})/(\d{1,9}(?:\.\d{1,9})?)h", re.ASCII)


async def _kinds(visit: Visit) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (await visit.ask("line.kinds"))["items"]
    return found


async def _kind(visit: Visit, name: str | None) -> Mapping[str, Any]:
    found = next((one for one in await _kinds(visit) if one["kind"] == name), None)
    if found is None:
        raise NotFoundError(_("there is no such kind of line"))
    return found


@page("/lineas/agregar", operation="line.add")
async def choose(visit: Visit) -> Response:
    """Offers the kinds of lines; what was found is asked for by the page itself, since it takes seconds."""
    look = visit.query.get("buscar") == "1"
    found = await _found(visit) if look or visit.fragment else None
    block = "found" if visit.fragment else None
    return visit.page("line_add.html", block=block, kinds=await _kinds(visit), found=found, groups=_groups())


def _groups() -> list[tuple[str, str]]:
    return [
        ("sms", _("Text messages")),
        ("email", _("Mail")),
        ("whatsapp", _("WhatsApp")),
        ("push", _("Push")),
        ("call", _("Calls")),
    ]


async def _found(visit: Visit) -> list[dict[str, Any]]:
    """Returns the devices that could be added, in words."""
    devices = (await visit.ask("line.discover"))["items"]
    shown = []
    for one in devices:
        detail = one["detail"]
        made = " ".join(filter(None, (detail.get("maker"), detail.get("model"))))
        sim = SIMS.get(detail.get("sim", ""), "")
        free = not one["busy"] and one["line"] is None
        shown.append(
            {
                "port": one["keys"].get("port", ""),
                "title": made or _("Modem"),
                "line": one["line"],
                "busy": one["busy"],
                "free": free,
                "imei": detail.get("imei"),
                "operator": detail.get("operator"),
                "number": detail.get("number"),
                "sim": _(sim) if sim else "",
            }
        )
    return sorted(shown, key=lambda one: not one["free"])


async def _suggested(visit: Visit, base: str) -> str:
    """Returns a name that no line has yet."""
    taken = {one["name"] for one in (await visit.ask("line.list"))["items"]}
    if base not in taken:
        return base
    stem = base.rstrip("0123456789").rstrip("-")
    return next(f"{stem}-{number}" for number in range(2, 1_000) if f"{stem}-{number}" not in taken)


@page("/lineas/agregar/{kind}", operation="line.add")
async def new(visit: Visit) -> Response:
    """Shows the form of a kind."""
    kind = await _kind(visit, visit.request.path_params["kind"])
    values = {one["key"]: one["default"] for one in kind["fields"]}
    values["port"] = visit.query.get("port", "")[:300] if kind["kind"] == "modem" else values.get("port", "")
    operator = re.sub(r"[^a-z0-9]", "", visit.query.get("operadora", "").casefold().split(" ")[0])[:20]
    base = f"{operator}-1" if operator else kind["suggested"]
    return await _form(visit, kind, values, name=await _suggested(visit, base))


@page("/lineas/agregar/{kind}", operation="line.add", method="POST")
async def add(visit: Visit) -> Response:
    """Adds the line, or shows the form again with what is wrong."""
    kind = await _kind(visit, visit.request.path_params["kind"])
    name = str(visit.form.get("name", "")).strip()[:100]
    texts = _texts(visit, kind)
    if name in RESERVED:
        return await _form(visit, kind, texts, name=name, faults={"name": _("choose another name")})
    fixed = {"keys": dict(kind["fixed"])} if kind["fixed"] else {}
    enabled = visit.form.get("enabled") == "1"
    arguments = {"line": name, "driver": kind["driver"], "texts": texts, "enabled": enabled, **fixed}
    try:
        added = await visit.remote.ask(visit.bearer, "line.add", arguments)
    except FaultsError as error:
        return await _form(visit, kind, texts, name=name, faults=_faults(error), enabled=enabled)
    except ConflictError as error:
        return await _form(visit, kind, texts, name=name, faults={"name": str(error)}, enabled=enabled)
    if any(one["required"] for one in kind["secrets"]):
        return visit.go(f"{places.line(name)}/clave", said=_("{line} was added").format(line=name))
    said = _("{line} was added and is starting") if added["enabled"] else _("{line} was added, switched off")
    return visit.go(places.line(name), said=said.format(line=name))


@page("/lineas/{line}/editar", operation="line.set")
async def edit(visit: Visit) -> Response:
    """Shows a line's keys to be changed."""
    line = await visit.ask("line.show", line=visit.request.path_params["line"])
    if line["origin"] == "file":
        return visit.go(places.line(line["name"]))
    kind = await _kind_of(visit, line)
    values = {one["key"]: _text(line["keys"].get(one["key"])) for one in kind["fields"]}
    return await _form(visit, kind, values, line=line, name=line["name"], enabled=line["enabled"])


@page("/lineas/{line}/editar", operation="line.set", method="POST")
async def change(visit: Visit) -> Response:
    """Changes the line, or shows the form again with what is wrong."""
    line = await visit.ask("line.show", line=visit.request.path_params["line"])
    kind = await _kind_of(visit, line)
    texts = _texts(visit, kind)
    version = str(visit.form.get("version", ""))
    enabled = visit.form.get("enabled") == "1"
    arguments: dict[str, Any] = {"line": line["name"], "texts": texts, "enabled": enabled}
    if version.isdecimal() and len(version) < 10:
        arguments["version"] = int(version)
    try:
        await visit.remote.ask(visit.bearer, "line.set", arguments)
    except FaultsError as error:
        return await _form(visit, kind, texts, line=line, name=line["name"], faults=_faults(error), enabled=enabled)
    except ConflictError as error:
        return await _form(visit, kind, texts, line=line, name=line["name"], general=str(error), enabled=enabled)
    return visit.go(
        places.line(line["name"]), said=_("{line} was saved and works so from now on").format(line=line["name"])
    )


async def _kind_of(visit: Visit, line: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the line's kind; for one that the command line made otherwise, one whose fields are its keys."""
    if line["kind"] is not None:
        return await _kind(visit, line["kind"])
    plain = [key for key, value in line["keys"].items() if not isinstance(value, Mapping)]
    fields = [
        {"key": key, "label": key, "type": "text", "hint": "", "required": False, "default": "", "example": "",
         "choices": [], "more": False}
        for key in plain
    ]  # fmt: skip
    secrets = [{"key": key, "label": key, "required": False, "hint": "", "long": False} for key in line["secrets"]]
    return {"kind": "", "title": line["driver"], "lead": "", "driver": line["driver"], "fixed": {}, "fields": fields,
            "secrets": secrets, "suggested": ""}  # fmt: skip


def _texts(visit: Visit, kind: Mapping[str, Any]) -> dict[str, str]:
    """Returns what the form says of each field of the kind."""
    texts = {}
    for one in kind["fields"]:
        key = one["key"]
        if one["type"] == "frequency":
            count, hours = (str(visit.form.get(f"{key}_{part}", "")).strip()[:20] for part in ("count", "hours"))
            texts[key] = f"{count}/{hours}h" if count or hours else ""
        elif one["type"] == "switch":
            texts[key] = "true" if visit.form.get(key) == "1" else ""
        else:
            texts[key] = str(visit.form.get(key, "")).strip()[:8000]
    return texts


def _text(value: Any) -> str:
    """Returns a key's value as a form shows it."""
    if value is None or value is False:
        return ""
    if value is True:
        return "true"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _faults(error: FaultsError) -> dict[str, str]:
    """Returns what is wrong, by field."""
    return {
        (
            "name" if one["key"] in {"line", "name"} else one["key"].partition(".")[0]
        ): f"{one['message']}; {one['remedy']}"
        for one in error.faults
    }


def _with_options(field: Mapping[str, Any]) -> dict[str, Any]:
    return {**field, "options": [(one["value"], one["label"]) for one in field["choices"]]}


async def _form(
    visit: Visit,
    kind: Mapping[str, Any],
    values: Mapping[str, str],
    *,
    name: str,
    line: Mapping[str, Any] | None = None,
    faults: Mapping[str, str] | None = None,
    general: str = "",
    enabled: bool = True,
) -> Response:
    wrong = dict(faults or {})
    shown = {one["key"] for one in kind["fields"]} | {"name"}
    # What is wrong with a key that this form does not ask for.
    general = "; ".join([general, *(f"{key}: {text}" for key, text in wrong.items() if key not in shown)]).strip("; ")
    accounts = (await visit.ask("account.list"))["items"]
    window = _WINDOW.fullmatch(values.get("window", "")) or None
    return visit.page(
        "line_form.html",
        status=422 if wrong or general else 200,
        kind={**kind, "fields": [_with_options(one) for one in kind["fields"]]},
        line=line,
        name=name,
        values=values,
        window=window.groups() if window else tuple(values.get("window", "").removesuffix("h").partition("/")[::2]),
        faults={key: text for key, text in wrong.items() if key in shown},
        general=general,
        enabled=enabled,
        accounts=[("", _("nobody in particular")), *((one["name"], one["name"]) for one in accounts)],
        open_more=any(one["more"] and one["key"] in wrong for one in kind["fields"]),
    )


@page("/lineas/{line}/clave", operation="line.secret")
async def secrets(visit: Visit) -> Response:
    """Shows a form for each secret; none is ever shown."""
    return await _secrets(visit)


async def _secrets(visit: Visit, fault: str = "", key: str = "") -> Response:
    line = await visit.ask("line.show", line=visit.request.path_params["line"])
    if line["origin"] == "file":
        return visit.go(places.line(line["name"]))
    kind = await _kind_of(visit, line)
    shown = [{**one, "there": line["secrets"].get(one["key"], False)} for one in kind["secrets"]]
    status = 422 if fault else 200
    return visit.page("line_secrets.html", status=status, line=line, kind=kind, secrets=shown, fault=fault, key=key)


@page("/lineas/{line}/clave", operation="line.secret", method="POST")
async def keep_secret(visit: Visit) -> Response:
    """Keeps a secret."""
    name, key = visit.request.path_params["line"], str(visit.form.get("key", ""))[:64]
    secret = str(visit.form.get("secret", ""))
    if not secret.strip():
        return await _secrets(visit, _("It is empty: write it, or go back"), key)
    try:
        line = await visit.ask("line.secret", line=name, key=key, secret=secret.strip("\r\n"))
    except FaultsError as error:
        return await _secrets(visit, "; ".join(_faults(error).values()), key)
    except UsageError as error:
        return await _secrets(visit, str(error), key)
    if line["faults"]:
        return visit.go(f"{places.line(name)}/clave", said=_("Kept. Something is still missing"))
    return visit.go(places.line(name), said=_("Kept, and never shown again"))


@page("/lineas/{line}/quitar", operation="line.remove")
async def ask_to_remove(visit: Visit) -> Response:
    """Asks for the name before a line is removed."""
    line = await visit.ask("line.show", line=visit.request.path_params["line"])
    return visit.page("line_remove.html", line=line, fault="")


@page("/lineas/{line}/quitar", operation="line.remove", method="POST")
async def remove(visit: Visit) -> Response:
    """Removes a line whose name was typed."""
    name = visit.request.path_params["line"]
    if str(visit.form.get("name", "")).strip() != name:
        line = await visit.ask("line.show", line=name)
        return visit.page(
            "line_remove.html", status=422, line=line, fault=_("Write its name as it is: {line}").format(line=name)
        )
    await visit.ask("line.remove", line=name)
    return visit.go("/lineas", said=_("{line} was removed; what was sent over it stays in the log").format(line=name))
