"""What is said to people of folders that are out of order, in Spanish and English, by the kind of a finding."""

from __future__ import annotations

from typing import Final

CHECKS: Final[dict[str, tuple[str, str]]] = {
    "check_missing": ("La carpeta no existe.", "The folder does not exist."),
    "check_missing_remedy": (
        "Cree una cuenta (gatewayd account create) o arranque el servicio: las carpetas se crean solas.",
        "Create an account (gatewayd account create) or start the service: the folders are made by themselves.",
    ),
    "check_missing_account": (
        "A esta cuenta le faltan carpetas: {folders}.",
        "Folders of this account are missing: {folders}.",
    ),
    "check_account_remedy": ("gatewayd account create {account}", "gatewayd account create {account}"),
    "check_unreachable": ("No se puede llegar a la carpeta: {reason}.", "The folder cannot be reached: {reason}."),
    "check_unreachable_remedy": (
        "Dé permiso de paso al usuario del servicio en cada carpeta del camino.",
        "Let the service's user pass through every folder on the way.",
    ),
    "check_not_folder": ("No es una carpeta.", "It is not a folder."),
    "check_not_folder_remedy": (
        "Quite el archivo o enlace y deje que gatewayd cree la carpeta.",
        "Remove the file or link and let gatewayd make the folder.",
    ),
    "check_device": ("Está en otro sistema de archivos que el resto.", "It is on another file system than the rest."),
    "check_device_remedy": (
        "Monte un solo sistema de archivos para toda la carpeta de intercambio.",
        "Keep the whole spool on one file system.",
    ),
    "check_access": (
        "El usuario actual no puede leer y escribir en la carpeta.",
        "The current user may not read and write in the folder.",
    ),
    "check_access_remedy": (
        "chown al usuario del servicio, o agréguelo al grupo: {path}",
        "chown it to the service's user, or add that user to the group: {path}",
    ),
    "check_world": ("Cualquiera puede escribir en la carpeta.", "Anybody may write in the folder."),
    "check_world_remedy": ("chmod o-w {path}", "chmod o-w {path}"),
    "check_mode": (
        "El modo es {mode}: el grupo no puede usarla, o los archivos no heredan el grupo.",
        "Its mode is {mode}: the group cannot use it, or files do not inherit the group.",
    ),
    "check_mode_remedy": ("chmod u+rwx,g+rwxs {path}", "chmod u+rwx,g+rwxs {path}"),
    "check_name": (
        "No es un nombre de cuenta: no se mira.",
        "It is not an account's name: nobody looks into it.",
    ),
    "check_name_remedy": (
        "Use letras sin acento, dígitos, punto, guion y guion bajo; hasta 64; o quítela.",
        "Use letters without accents, digits, dot, hyphen and underscore; at most 64; or remove it.",
    ),
    "check_stray": (
        "Hay archivos que no son trabajos y que ningún trabajo nombra: {names}.",
        "There are files that are no jobs and that no job names: {names}.",
    ),
    "check_stray_remedy": (
        "Un trabajo se llama NOMBRE.json; corrija el nombre o quite el archivo.",
        "A job is called NAME.json; put the name right or remove the file.",
    ),
}
