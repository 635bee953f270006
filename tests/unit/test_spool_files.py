"""Files out: receipts and inbox; files in by our own hand: submit."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from spool.document import parse
from spool.errors import JobFileError, SpoolConflictError, SpoolUnavailableError
from spool.folders import Spool
from spool.inbox import write_inbox
from spool.receipts import json_line, write_segment, write_summary
from spool.submit import deposit, submit


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    return spool


def files(spool: Spool, *folder: str) -> list[str]:
    path = spool.path.joinpath(*folder)
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if not p.is_dir())


# ------------------------------------------------------------------------------------------------------------ receipts


def test_a_segment_is_named_by_its_first_seq(spool: Spool) -> None:
    lines = [json_line({"seq": seq, "ref": "ñ"}) for seq in (17, 18)]
    path = write_segment(spool, "norte", "job", 17, iter(lines))
    assert path == spool.path / "receipts" / "norte" / "job" / "0000000017.jsonl"
    assert path.read_bytes() == '{"seq":17,"ref":"ñ"}\n{"seq":18,"ref":"ñ"}\n'.encode()
    assert files(spool, "receipts") == ["norte/job/0000000017.jsonl"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o2770
    assert path.stat().st_nlink == 1


def test_a_line_is_one_line_for_everybody() -> None:
    document = {"ref": "Ana\u2028Beto\u2029\x85\r\n\x1c"}
    line = json_line(document)
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == document


def test_a_segment_is_written_again_only_as_it_was(spool: Spool) -> None:
    path = write_segment(spool, "norte", "job", 1, [b"a\n", b"b\n"])
    inode = path.stat().st_ino
    assert write_segment(spool, "norte", "job", 1, [b"a\nb\n"]) == path
    assert path.stat().st_ino == inode
    for other in (b"a\nc\n", b"a\n", b"a\nb\nc\n", b""):
        with pytest.raises(SpoolConflictError):
            write_segment(spool, "norte", "job", 1, [other])
    assert files(spool, "receipts") == ["norte/job/0000000001.jsonl"]
    for _ in range(2):
        beside = write_segment(spool, "norte", "job", 1, [b"a\nc\n"], beside=True)
        assert beside == path.with_name("0000000001.2.jsonl")
    assert path.read_bytes() == b"a\nb\n"
    assert files(spool, "receipts") == ["norte/job/0000000001.2.jsonl", "norte/job/0000000001.jsonl"]


@pytest.mark.parametrize("stray", ["folder", "pipe", "denied"])
def test_what_has_a_segments_name_keeps_it(spool: Spool, stray: str) -> None:
    folder = spool.path / "receipts" / "norte" / "job"
    folder.mkdir()
    there = folder / "0000000001.jsonl"
    match stray:
        case "folder":
            there.mkdir()
        case "pipe":
            os.mkfifo(there)
        case _:
            there.write_bytes(b"x")
            there.chmod(0)
    assert write_segment(spool, "norte", "job", 1, [b"a\n"], beside=True).read_bytes() == b"a\n"
    assert there.exists()


def test_folders_with_our_names_are_moved_beside(spool: Spool) -> None:
    folder = spool.path / "receipts" / "norte" / "job"
    for name in ("summary.json", ".summary.json.tmp"):
        (folder / name).mkdir(parents=True)
    assert json.loads(write_summary(spool, "norte", "job", {"job": "job"}).read_bytes()) == {"job": "job"}
    assert len([path for path in folder.iterdir() if path.name.startswith("summary.json~")]) == 1


def test_many_strays_are_a_conflict(spool: Spool) -> None:
    for number in range(9):
        write_segment(spool, "norte", "job", 1, [b"%d\n" % number], beside=True)
    with pytest.raises(SpoolConflictError):
        write_segment(spool, "norte", "job", 1, [b"x\n"], beside=True)


def test_what_a_crash_left_under_the_hidden_name_is_written_over(spool: Spool) -> None:
    folder = spool.path / "receipts" / "norte" / "job"
    folder.mkdir()
    (folder / ".0000000001.jsonl.tmp").write_bytes(b"half a li")
    path = write_segment(spool, "norte", "job", 1, [b"a\n"])
    assert path.read_bytes() == b"a\n"
    assert files(spool, "receipts") == ["norte/job/0000000001.jsonl"]


def test_a_planted_link_leads_nowhere(spool: Spool, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("x")
    folder = spool.path / "receipts" / "norte" / "job"
    folder.mkdir()
    (folder / ".0000000001.jsonl.tmp").symlink_to(victim)
    (folder / "0000000002.jsonl").symlink_to(victim)
    write_segment(spool, "norte", "job", 1, [b"a\n"])
    with pytest.raises(SpoolConflictError):
        write_segment(spool, "norte", "job", 2, [b"x"])
    assert write_segment(spool, "norte", "job", 2, [b"x"], beside=True).name == "0000000002.2.jsonl"
    (spool.path / "receipts" / "norte" / "other").symlink_to(tmp_path)
    with pytest.raises(SpoolUnavailableError):
        write_segment(spool, "norte", "other", 1, [b"a\n"])
    assert victim.read_text() == "x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spool", "victim"]


def test_a_summary_is_replaced_whole(spool: Spool) -> None:
    path = write_summary(spool, "norte", "job", {"state": "running", "seq": 1})
    with path.open() as reader:
        write_summary(spool, "norte", "job", {"state": "done", "seq": 2})
        assert json.load(reader) == {"state": "running", "seq": 1}
    assert json.loads(path.read_text()) == {"state": "done", "seq": 2}
    assert files(spool, "receipts") == ["norte/job/summary.json"]


# --------------------------------------------------------------------------------------------------------------- inbox

MESSAGE = {"v": 1, "id": "01JD", "text": "Baja ñ"}


@pytest.mark.parametrize(("account", "folder"), [("norte", "norte"), (None, "_unmatched")])
def test_a_message_received_is_one_immutable_file(spool: Spool, account: str | None, folder: str) -> None:
    path = write_inbox(spool, account, "01JD", MESSAGE)
    assert path == spool.path / "inbox" / folder / "01JD.json"
    assert json.loads(path.read_bytes()) == MESSAGE
    assert write_inbox(spool, account, "01JD", MESSAGE) == path
    with pytest.raises(SpoolConflictError):
        write_inbox(spool, account, "01JD", {**MESSAGE, "text": "otro"})
    beside = write_inbox(spool, account, "01JD", {**MESSAGE, "text": "otro"}, beside=True)
    assert beside == path.with_name("01JD.2.json")
    assert json.loads(path.read_bytes()) == MESSAGE


@pytest.mark.parametrize("bad", ["../x", "", ".x", "a/b"])
def test_a_messages_id_is_a_name(spool: Spool, bad: str) -> None:
    with pytest.raises(ValueError, match="id"):
        write_inbox(spool, "norte", bad, MESSAGE)


# -------------------------------------------------------------------------------------------------------------- submit


def written(path: Path, raw: Any) -> Path:
    path.write_text(json.dumps(raw))
    return path


INLINE = {"channel": "sms", "text": "hola", "recipients": [{"to": "1159876543"}]}
LISTED = {"job": "nov", "channel": "sms", "text": "hola", "recipients_file": "clientes.csv"}


def test_a_job_is_submitted_under_its_id(spool: Spool, tmp_path: Path) -> None:
    assert submit(spool, written(tmp_path / "campaña.txt", {**INLINE, "job": "nov"}), "norte") == "nov"
    assert submit(spool, written(tmp_path / "dic.json", INLINE), "norte") == "dic"
    assert files(spool, "incoming") == ["norte/dic.json", "norte/nov.json"]


def test_the_list_goes_first_and_neither_is_seen_half_written(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clientes.csv").write_bytes(b"telefono\n1159876543\n")
    seen: list[str] = []
    real = os.rename

    def rename(source: str, target: str, **handles: int) -> None:
        assert source.startswith(".")
        seen.append(target)
        real(source, target, **handles)

    monkeypatch.setattr("spool.submit.os.rename", rename)
    submit(spool, written(tmp_path / "x.json", LISTED), "norte")
    assert seen == ["clientes.csv", "nov.json"]
    assert files(spool, "incoming") == ["norte/clientes.csv", "norte/nov.json"]
    assert (spool.path / "incoming/norte/clientes.csv").read_bytes() == b"telefono\n1159876543\n"


def test_a_bad_job_is_told_before_anything_is_put(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(JobFileError, match="txt"):
        submit(spool, written(tmp_path / "x.json", {**INLINE, "txt": 1}), "norte")
    with pytest.raises(JobFileError) as missing:
        submit(spool, written(tmp_path / "x.json", LISTED), "norte")
    assert (missing.value.code, missing.value.file) == ("recipients_missing", "clientes.csv")
    assert files(spool, "incoming") == []


def test_a_file_that_waits_there_is_not_replaced(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "clientes.csv").write_bytes(b"telefono\n1\n")
    waiting = spool.path / "incoming" / "norte" / "clientes.csv"
    waiting.write_bytes(b"telefono\n2\n")
    with pytest.raises(SpoolConflictError, match="clientes"):
        submit(spool, written(tmp_path / "x.json", LISTED), "norte")
    assert files(spool, "incoming") == ["norte/clientes.csv"]
    assert waiting.read_bytes() == b"telefono\n2\n"
    waiting.write_bytes(b"telefono\n1\n")
    submit(spool, written(tmp_path / "x.json", LISTED), "norte")
    assert files(spool, "incoming") == ["norte/clientes.csv", "norte/nov.json"]


def test_an_account_must_exist(spool: Spool, tmp_path: Path) -> None:
    job = written(tmp_path / "x.json", INLINE)
    with pytest.raises(SpoolUnavailableError):
        submit(spool, job, "sur")
    with pytest.raises(ValueError, match="account"):
        submit(spool, job, "../norte")
    with pytest.raises(SpoolUnavailableError, match=r"none\.json"):
        submit(spool, tmp_path / "none.json", "norte")


def test_a_body_is_deposited_as_bytes(spool: Spool) -> None:
    data = json.dumps(LISTED).encode()
    deposit(spool, "norte", parse(data), data, {"clientes.csv": b"telefono\n1\n"})
    assert (spool.path / "incoming/norte/nov.json").read_bytes() == data
    assert (spool.path / "incoming/norte/clientes.csv").read_bytes() == b"telefono\n1\n"
