"""How a job leaves `incoming`: taken, accepted, refused, and what a hostile or hasty writer cannot do."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from spool import copies
from spool.document import JobDocument
from spool.errors import JobFileError, SpoolGoneError, SpoolUnsettledError
from spool.folders import Spool
from spool.intake import Taken, commit, discard, read, reject, take, take_files, verify
from spool.recovery import recover

JOB = {"channel": "sms", "text": "hola", "recipients": [{"to": "1159876543"}]}
LISTED = {"channel": "sms", "text": "hola", "recipients_file": "clientes.csv"}
CSV = b"telefono\n1159876543\n"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    return spool


def incoming(spool: Spool, name: str = "") -> Path:
    return spool.path / "incoming" / "norte" / name


def put(spool: Spool, name: str, content: bytes | dict[str, Any]) -> Path:
    path = incoming(spool, name)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def taken_whole(spool: Spool, name: str = "job.json") -> tuple[Taken, JobDocument]:
    taken = take(spool, "norte", name)
    document = read(taken)
    return take_files(spool, taken, document), document


def names(spool: Spool, *folder: str) -> list[str]:
    path = spool.path.joinpath(*folder)
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if not p.is_dir()) if path.exists() else []


def private(spool: Spool) -> list[str]:
    return sorted(path.name for path in (spool.path / ".intake").glob("norte/*"))


# -------------------------------------------------------------------------------------------------------------- taking


def test_a_job_and_its_list_become_accepted(spool: Spool) -> None:
    put(spool, "clientes.csv", CSV)
    put(spool, "job.json", LISTED)
    taken, document = taken_whole(spool)
    assert names(spool, "incoming", "norte") == ["clientes.csv", "job.json"]
    assert taken.hashes == {"clientes.csv": hashlib.sha256(CSV).hexdigest()}
    assert document.content_hash(taken.hashes)
    folder = commit(spool, taken, document.job)
    assert folder == spool.path / "accepted" / "norte" / "job"
    assert names(spool, "accepted", "norte") == ["job/clientes.csv", "job/job.json"]
    assert (folder / "clientes.csv").read_bytes() == CSV
    assert names(spool, "incoming", "norte") == []
    assert private(spool) == []


def test_accepted_files_are_for_the_group(spool: Spool) -> None:
    before = os.umask(0o077)
    try:
        put(spool, "job.json", JOB)
        taken, document = taken_whole(spool)
        folder = commit(spool, taken, document.job)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o2770
    assert stat.S_IMODE((folder / "job.json").stat().st_mode) == 0o660


def test_what_was_taken_is_parsed_whatever_happens_to_the_original(spool: Spool) -> None:
    path = put(spool, "job.json", JOB)
    taken = take(spool, "norte", "job.json")
    path.write_bytes(b"other")
    assert read(taken).text == "hola"


def test_a_newer_file_of_the_same_name_is_not_removed(spool: Spool) -> None:
    put(spool, "clientes.csv", CSV)
    put(spool, "job.json", LISTED)
    taken, document = taken_whole(spool)
    put(spool, ".new.tmp", {**JOB, "job": "second"}).rename(incoming(spool, "job.json"))
    put(spool, "clientes.csv", CSV + b"1155555555\n")
    commit(spool, taken, document.job)
    assert names(spool, "incoming", "norte") == ["clientes.csv", "job.json"]
    assert taken_whole(spool)[1].job == "second"


def test_a_newer_file_that_comes_between_look_and_removal_is_put_back(spool: Spool, mocker: MockerFixture) -> None:
    put(spool, "job.json", JOB)
    taken, document = taken_whole(spool)
    real = os.rename

    def rename(source: Any, target: Any, **handles: Any) -> None:
        if source == target == "job.json":
            put(spool, ".new.tmp", {**JOB, "job": "second"}).replace(incoming(spool, "job.json"))
        real(source, target, **handles)

    mocker.patch("os.rename", rename)
    commit(spool, taken, document.job)
    assert taken_whole(spool)[1].job == "second"
    assert [name for name in private(spool) if "aside" in name] == []


def test_a_job_known_already_is_completed_by_the_same_call(spool: Spool) -> None:
    put(spool, "clientes.csv", CSV)
    put(spool, "job.json", LISTED)
    taken, document = taken_whole(spool)
    commit(spool, taken, document.job)
    put(spool, "clientes.csv", CSV)
    put(spool, "job.json", LISTED)
    again, document = taken_whole(spool)
    assert commit(spool, again, document.job) == spool.path / "accepted" / "norte" / "job"
    assert names(spool, "accepted", "norte") == ["job/clientes.csv", "job/job.json"]
    assert names(spool, "incoming", "norte") == []
    assert private(spool) == []


def test_the_same_job_spelled_otherwise_is_kept_beside_the_first(spool: Spool) -> None:
    put(spool, "job.json", JOB)
    taken, document = taken_whole(spool)
    commit(spool, taken, document.job)
    put(spool, "job.json", json.dumps(JOB, indent=1).encode())
    taken, document = taken_whole(spool)
    assert commit(spool, taken, document.job).name == "job~2"
    assert names(spool, "accepted", "norte") == ["job/job.json", "job~2/job.json"]


@pytest.mark.parametrize("there", ["file", "link", "empty folder", "other files"])
def test_whatever_has_the_accepted_name_is_left_alone_or_filled(spool: Spool, tmp_path: Path, there: str) -> None:
    target = spool.path / "accepted" / "norte" / "job"
    match there:
        case "file":
            target.write_text("x")
        case "link":
            target.symlink_to(tmp_path)
        case "empty folder":
            target.mkdir()
        case _:
            target.mkdir()
            (target / "x").touch()
    put(spool, "job.json", JOB)
    taken, document = taken_whole(spool)
    folder = commit(spool, taken, document.job)
    assert folder.name == ("job" if there == "empty folder" else "job~2")
    assert [p.name for p in folder.iterdir()] == ["job.json"]
    assert names(spool, "incoming", "norte") == []


def test_a_discarded_job_stays_where_it_was(spool: Spool) -> None:
    put(spool, "job.json", JOB)
    taken, _ = taken_whole(spool)
    discard(spool, taken)
    discard(spool, taken)
    assert private(spool) == []
    assert names(spool, "incoming", "norte") == ["job.json"]


def test_a_file_that_went_away_is_forgotten(spool: Spool) -> None:
    with pytest.raises(SpoolGoneError):
        take(spool, "norte", "job.json")
    assert private(spool) == []


def test_what_was_taken_travels_between_processes(spool: Spool) -> None:
    put(spool, "job.json", JOB)
    taken, _ = taken_whole(spool)
    assert pickle.loads(pickle.dumps(taken)) == taken


def test_accounts_and_jobs_are_named_properly(spool: Spool) -> None:
    put(spool, "job.json", JOB)
    with pytest.raises(ValueError, match="account"):
        take(spool, "../x", "job.json")
    taken, _ = taken_whole(spool)
    with pytest.raises(ValueError, match="job"):
        commit(spool, taken, "../x")


# ------------------------------------------------------------------------------------------------- what is not taken


def refused(spool: Spool, name: str = "job.json") -> tuple[Taken, JobFileError]:
    taken = take(spool, "norte", name)
    with pytest.raises(JobFileError) as error:
        take_files(spool, taken, read(taken))
    return taken, error.value


@pytest.mark.parametrize("kind", ["link", "dangling link", "fifo", "folder", "socket", "hard link"])
def test_only_regular_singly_linked_files_are_jobs(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = incoming(spool, "job.json")
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(JOB))
    match kind:
        case "link":
            path.symlink_to(secret)
        case "dangling link":
            path.symlink_to(tmp_path / "none")
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
            (path / "x").touch()
        case "socket":
            with socket.socket(socket.AF_UNIX) as door:
                # A socket's address takes 107 bytes: too few for some folders for temporary files.
                monkeypatch.chdir(path.parent)
                door.bind(path.name)
        case _:
            path.hardlink_to(secret)
    taken, error = refused(spool)
    assert (error.code, error.file) == ("json_invalid", "job.json")
    moved = reject(spool, taken, error)
    assert not os.path.lexists(path)
    assert os.path.lexists(moved)
    assert json.loads(Path(f"{moved}.error.json").read_text())["code"] == "json_invalid"
    assert secret.read_text() == json.dumps(JOB)
    assert private(spool) == []


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "hard link"])
def test_only_regular_singly_linked_files_are_lists(spool: Spool, tmp_path: Path, kind: str) -> None:
    path = incoming(spool, "clientes.csv")
    other = tmp_path / "other.csv"
    other.write_bytes(CSV)
    match kind:
        case "link":
            path.symlink_to(other)
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            path.hardlink_to(other)
    put(spool, "job.json", LISTED)
    taken, error = refused(spool)
    assert (error.code, error.file, error.field) == ("recipients_unreadable", "clientes.csv", "recipients_file")
    reject(spool, taken, error)
    assert names(spool, "rejected", "norte") == ["job.json", "job.json.error.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(spool: Spool) -> None:
    put(spool, "job.json", JOB).chmod(0)
    _, error = refused(spool)
    assert error.kind == "file_denied"


def test_a_file_without_permission_is_refused(spool: Spool, mocker: MockerFixture) -> None:
    put(spool, "job.json", JOB)
    mocker.patch("spool.durable.open_file", side_effect=PermissionError(13, "Permission denied"))
    taken, error = refused(spool)
    mocker.stopall()
    assert (error.code, error.kind) == ("json_invalid", "file_denied")
    assert reject(spool, taken, error).exists()
    assert names(spool, "incoming", "norte") == []


def test_a_link_swapped_in_after_the_look_is_not_followed(spool: Spool, tmp_path: Path, mocker: MockerFixture) -> None:
    (tmp_path / "secret").write_text(json.dumps(JOB))
    path = put(spool, "job.json", JOB)
    real = copies.look

    def status(folder: int, name: str) -> os.stat_result:
        result = real(folder, name)
        path.unlink()
        path.symlink_to(tmp_path / "secret")
        return result

    mocker.patch("spool.intake.look", status)
    _, error = refused(spool)
    assert error.kind == "file_not_regular"
    assert private(spool) == []


def test_files_are_bounded(spool: Spool, mocker: MockerFixture) -> None:
    mocker.patch("spool.intake.JOB_FILE_LIMIT", 1000)
    mocker.patch("spool.intake.DATA_FILE_LIMIT", 1000)
    put(spool, "job.json", {**JOB, "text": "x" * 1000})
    taken, error = refused(spool)
    assert (error.code, error.file) == ("too_large", "job.json")
    assert reject(spool, taken, error).name == "job.json"
    put(spool, "clientes.csv", b"x" * 1001)
    put(spool, "job.json", LISTED)
    _, error = refused(spool)
    assert (error.code, error.file) == ("too_large", "clientes.csv")


@pytest.mark.parametrize(("named", "there"), [("a\u00f1o.csv", "an\u0303o.csv"), ("an\u0303o.csv", "a\u00f1o.csv")])
def test_a_list_is_found_however_its_accents_are_written(spool: Spool, named: str, there: str) -> None:
    put(spool, there, CSV)
    put(spool, "job.json", LISTED | {"recipients_file": named})
    taken, document = taken_whole(spool)
    folder = commit(spool, taken, document.job)
    assert (folder / named).read_bytes() == CSV
    assert names(spool, "incoming", "norte") == []


@pytest.mark.parametrize(
    ("named", "there"),
    [
        ("clientes.csv", "Clientes.CSV"),
        ("clientes.csv", "clientes.csv "),
        ("clientes_a\u00f1o.csv", os.fsdecode(b"clientes_a\xf1o.csv")),
        ("C:\\export\\clientes.csv", "clientes.csv"),
        ("clientes.csv", "clientes.csv.txt"),
    ],
)
def test_a_missing_list_names_the_one_that_looks_like_it(spool: Spool, named: str, there: str) -> None:
    put(spool, there, CSV)
    put(spool, "job.json", LISTED | {"recipients_file": named})
    with pytest.raises(JobFileError) as refused:
        taken_whole(spool)
    assert (refused.value.code, refused.value.kind) == ("recipients_missing", "recipients_near")
    assert refused.value.values["near"] == there


def test_a_missing_list_is_told_by_name_and_may_come(spool: Spool) -> None:
    put(spool, "job.json", LISTED)
    taken, error = refused(spool)
    assert (error.code, error.file, error.field) == ("recipients_missing", "clientes.csv", "recipients_file")
    put(spool, "clientes.csv", CSV)
    assert [copy.name for copy in take_files(spool, taken, read(taken)).files] == ["clientes.csv"]


def test_an_attachment_is_taken_too(spool: Spool) -> None:
    raw = {**LISTED, "channel": "email", "subject": "x", "attachments": ["factura.pdf"]}
    put(spool, "clientes.csv", CSV)
    put(spool, "job.json", raw)
    _, error = refused(spool)
    assert (error.code, error.file, error.field) == ("recipients_missing", "factura.pdf", "attachments")
    put(spool, "factura.pdf", b"%PDF")
    taken, document = taken_whole(spool)
    commit(spool, taken, document.job)
    assert names(spool, "accepted", "norte", "job") == ["clientes.csv", "factura.pdf", "job.json"]


def test_attachments_are_no_larger_than_a_mail_may_be(spool: Spool, mocker: MockerFixture) -> None:
    mocker.patch("spool.intake.ATTACHMENTS_LIMIT", 3 << 20)
    raw = {**LISTED, "channel": "email", "subject": "x", "attachments": ["a.pdf", "b.pdf"]}
    put(spool, "clientes.csv", CSV + b"1159876544\n" * 400_000)  # the list is bound by a limit of its own
    put(spool, "a.pdf", b"x" * (2 << 20))
    put(spool, "b.pdf", b"x" * (2 << 20))
    put(spool, "job.json", raw)
    _, error = refused(spool)
    assert (error.code, error.file, error.field) == ("too_large", "b.pdf", "attachments")
    assert "3 MiB" in error.text("es")
    put(spool, "b.pdf", b"x" * (1 << 20))
    taken_whole(spool)


def test_a_list_with_another_sum_is_refused(spool: Spool) -> None:
    put(spool, "clientes.csv", CSV[:-5])
    put(spool, "job.json", {**LISTED, "recipients_sha256": hashlib.sha256(CSV).hexdigest()})
    taken = take(spool, "norte", "job.json")
    document = read(taken)
    taken = take_files(spool, taken, document)
    with pytest.raises(JobFileError) as error:
        verify(taken, document)
    assert (error.value.code, error.value.file) == ("recipients_mismatch", "clientes.csv")
    reject(spool, taken, error.value)
    assert names(spool, "rejected", "norte") == ["clientes.csv", "job.json", "job.json.error.json"]
    assert names(spool, "incoming", "norte") == []
    put(spool, "clientes.csv", CSV)
    put(spool, "job.json", {**LISTED, "recipients_sha256": hashlib.sha256(CSV).hexdigest()})
    verify(*taken_whole(spool))


def test_a_list_that_is_being_written_is_waited_for(spool: Spool) -> None:
    put(spool, "clientes.csv", CSV)
    put(spool, "job.json", LISTED)
    taken = take(spool, "norte", "job.json")
    with pytest.raises(SpoolUnsettledError) as error:
        take_files(spool, taken, read(taken), lambda account, name: (account, name) != ("norte", "clientes.csv"))
    assert error.value.file == "clientes.csv"


@pytest.mark.parametrize("change", ["grows", "shrinks", "rewritten"])
def test_a_file_that_changes_while_it_is_copied_is_unsettled(spool: Spool, mocker: MockerFixture, change: str) -> None:
    path = put(spool, "job.json", {**JOB, "text": "x" * 5000})
    real, changed = os.pread, False

    def read_slowly(fd: int, count: int, at: int) -> bytes:
        nonlocal changed
        data = real(fd, min(count, 1000), at)
        if not changed:
            changed = True
            match change:
                case "grows":
                    with path.open("ab") as file:
                        file.write(b"more")
                case "shrinks":
                    os.truncate(path, 2000)
                case _:
                    os.utime(path, ns=(1, 1))
        return data

    mocker.patch("os.pread", read_slowly)
    with pytest.raises(SpoolUnsettledError):
        take(spool, "norte", "job.json")
    mocker.stopall()
    assert private(spool) == []
    assert path.exists()


# ------------------------------------------------------------------------------------------------------------ refusing


def test_a_refused_job_has_its_reason_beside_it(spool: Spool) -> None:
    put(spool, "job.json", b'{"channel": "sms",\n  "txt": "hola"}')
    taken, error = refused(spool)
    path = reject(spool, taken, error)
    assert path == spool.path / "rejected" / "norte" / "job.json"
    told = json.loads((path.parent / "job.json.error.json").read_text())
    assert told == {
        "code": "key_unknown",
        "message": "La clave txt no existe. ¿Quiso decir text?",
        "file": "job.json",
        "line": None,
        "column": None,
        "field": "txt",
    }
    assert names(spool, "incoming", "norte") == []
    assert private(spool) == []


def test_the_reason_is_in_the_language_asked_for(spool: Spool) -> None:
    put(spool, "job.json", b"{")
    taken, error = refused(spool)
    path = reject(spool, taken, error, "en")
    assert "ends too early" in json.loads(Path(f"{path}.error.json").read_text())["message"]


def test_the_list_of_a_refused_job_goes_with_it(spool: Spool) -> None:
    put(spool, "clientes.csv", CSV)
    put(spool, "job.json", LISTED)
    taken, _ = taken_whole(spool)
    reject(spool, taken, JobFileError("no_valid_recipient", file="job.json"))
    assert names(spool, "rejected", "norte") == ["clientes.csv", "job.json", "job.json.error.json"]
    assert names(spool, "incoming", "norte") == []


def test_refused_files_of_one_name_are_numbered(spool: Spool) -> None:
    for number in range(3):
        put(spool, "job.json", b"{" * (number + 1))
        taken, error = refused(spool)
        reject(spool, taken, error)
    assert names(spool, "rejected", "norte") == [
        "job.2.json",
        "job.2.json.error.json",
        "job.3.json",
        "job.3.json.error.json",
        "job.json",
        "job.json.error.json",
    ]


def test_the_same_refusal_again_is_the_same_files(spool: Spool) -> None:
    for _ in range(2):
        put(spool, "job.json", b"{")
        taken, error = refused(spool)
        reject(spool, taken, error)
    assert names(spool, "rejected", "norte") == ["job.json", "job.json.error.json"]


def test_a_long_or_odd_name_is_refused_all_the_same(spool: Spool) -> None:
    for name in ("x" * 250 + ".json", "ñ" * 120 + ".json", os.fsdecode(b"a\xff\n.json")):
        put(spool, name, b"{")
        taken, error = refused(spool, name)
        path = reject(spool, taken, error)
        told = json.loads(path.with_name(path.name + ".error.json").read_text())
        assert told["code"] == "json_invalid"
        assert names(spool, "incoming", "norte") == []


def test_a_link_replaced_before_it_is_refused_stays(spool: Spool, tmp_path: Path) -> None:
    incoming(spool, "job.json").symlink_to(tmp_path)
    taken, error = refused(spool)
    put(spool, ".new.tmp", JOB).rename(incoming(spool, "job.json"))
    reject(spool, taken, error)
    assert taken_whole(spool)[1].text == "hola"


# ---------------------------------------------------------------------------------------------------------- recovering


def test_copies_left_by_a_crash_are_cleared(spool: Spool) -> None:
    put(spool, "clientes.csv", CSV)
    put(spool, "job.json", LISTED)
    taken_whole(spool)
    take(spool, "norte", "job.json")
    assert recover(spool).jobs == 2
    assert private(spool) == []
    assert recover(spool).jobs == 0
    assert names(spool, "incoming", "norte") == ["clientes.csv", "job.json"]


def test_what_lay_aside_is_removed_or_put_back(spool: Spool) -> None:
    old = put(spool, "old.json", JOB)
    new = put(spool, "new.json", JOB)
    identity = copies.Identity.of(old.stat())
    for path, mtime in ((old, identity.mtime_ns), (new, 1)):
        folder = spool.path / ".intake" / "norte" / f".aside-{identity.device}-{identity.inode}-{identity.size}-{mtime}"
        folder.mkdir(parents=True)
        path.rename(folder / path.name)
    assert recover(spool).jobs == 0
    assert names(spool, "incoming", "norte") == ["new.json"]
    assert private(spool) == []


def test_a_sparse_file_stays_one_in_accepted_and_in_rejected(spool: Spool) -> None:
    """A file of a few octets that says it is huge takes no room when it is copied or refused."""
    folder = incoming(spool)
    size = 32 << 20
    for name in ("uno.json", "dos.json"):
        put(spool, name, {"channel": "sms", "text": "x", "recipients_file": f"{name}.csv"})
        with (folder / f"{name}.csv").open("wb") as file:
            file.truncate(size)
            file.write(b"to\n1159876543\n")
        if (folder / f"{name}.csv").stat().st_blocks * 512 > size / 2:
            pytest.skip("this file system knows no holes")
    commit(spool, taken_whole(spool, "uno.json")[0], "uno")
    reject(spool, taken_whole(spool, "dos.json")[0], JobFileError("recipients_unreadable", file="dos.json.csv"))
    kept = [path for kind in ("accepted", "rejected") for path in spool.folder(kind, "norte").rglob("*.csv*")]
    large = [path.stat() for path in kept if path.stat().st_size == size]
    assert len(large) == 2, kept
    assert all(each.st_blocks * 512 < 1 << 20 for each in large)
