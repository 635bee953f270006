"""Sentences about folders that are out of order, by the kind of a finding."""

from __future__ import annotations

from typing import Final

from spool.translation import spoken

CHECKS: Final[dict[str, str]] = {
    "check_missing": spoken("The folder does not exist."),
    "check_missing_remedy": spoken(
        "Create an account (gatewayd account create) or start the service: it creates the folders."
    ),
    "check_missing_account": spoken("This account lacks folders: {folders}."),
    "check_account_remedy": spoken("gatewayd account create {account}"),
    "check_unreachable": spoken("The folder cannot be reached: {reason}."),
    "check_unreachable_remedy": spoken("Give the service's user execute permission (x) on every folder of the path."),
    "check_not_folder": spoken("It is not a folder."),
    "check_not_folder_remedy": spoken("Remove the file or link and let gatewayd create the folder."),
    "check_device": spoken("It is on another file system than the rest."),
    "check_device_remedy": spoken("Keep the whole spool on one file system."),
    "check_access": spoken("The current user cannot read and write in the folder."),
    "check_access_remedy": spoken("give it to the service's user (chown), or add that user to its group: {path}"),
    "check_world": spoken("Anybody can write to the folder."),
    "check_world_remedy": spoken("chmod o-w {path}"),
    "check_mode": spoken("Its mode is {mode}: the group cannot use it, or files do not inherit the group."),
    "check_mode_remedy": spoken("chmod u+rwx,g+rwxs {path}"),
    "check_name": spoken("This is not an account's name: gatewayd does not look into it."),
    "check_name_remedy": spoken(
        "Use up to 64 unaccented letters, digits, dots, hyphens and underscores; or remove it."
    ),
    "check_stray": spoken("There are files that are not jobs and that no job names: {names}."),
    "check_stray_remedy": spoken("A job file is named NAME.json; correct the name or remove the file."),
}
