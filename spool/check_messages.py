"""Sentences about folders that are out of order, by the kind of a finding."""

from __future__ import annotations

from typing import Final

from spool.translation import spoken

CHECKS: Final[dict[str, str]] = {
    "check_missing": spoken("The folder does not exist."),
    "check_missing_remedy": spoken(
        "Create an account (gatewayd account create) or start the service: the folders are made by themselves."
    ),
    "check_missing_account": spoken("Folders of this account are missing: {folders}."),
    "check_account_remedy": spoken("gatewayd account create {account}"),
    "check_unreachable": spoken("The folder cannot be reached: {reason}."),
    "check_unreachable_remedy": spoken("Let the service's user pass through every folder on the way."),
    "check_not_folder": spoken("It is not a folder."),
    "check_not_folder_remedy": spoken("Remove the file or link and let gatewayd make the folder."),
    "check_device": spoken("It is on another file system than the rest."),
    "check_device_remedy": spoken("Keep the whole spool on one file system."),
    "check_access": spoken("The current user may not read and write in the folder."),
    "check_access_remedy": spoken("chown it to the service's user, or add that user to the group: {path}"),
    "check_world": spoken("Anybody may write in the folder."),
    "check_world_remedy": spoken("chmod o-w {path}"),
    "check_mode": spoken("Its mode is {mode}: the group cannot use it, or files do not inherit the group."),
    "check_mode_remedy": spoken("chmod u+rwx,g+rwxs {path}"),
    "check_name": spoken("It is not an account's name: nobody looks into it."),
    "check_name_remedy": spoken(
        "Use letters without accents, digits, dot, hyphen and underscore; at most 64; or remove it."
    ),
    "check_stray": spoken("There are files that are no jobs and that no job names: {names}."),
    "check_stray_remedy": spoken("A job is called NAME.json; put the name right or remove the file."),
}
