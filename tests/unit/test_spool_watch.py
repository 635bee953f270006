"""Watching `incoming`: what is told, when, and how often. Nothing here sleeps: every wait is for an arrival."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from spool.errors import SpoolUnavailableError
from spool.folders import Spool
from spool.listing import ends_within_a_line, listing
from spool.watch import Arrival, Watcher

SETTLE_S = 0.08
LONG_S = 30.0
"""A time that no test lives through: what it would cause does not happen."""


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    return spool


def at(spool: Spool, name: str, account: str = "norte") -> Path:
    return spool.path / "incoming" / account / name


def rename(spool: Spool, name: str, account: str = "norte") -> None:
    aside = at(spool, f".{name}.tmp", account)
    aside.write_text("{}")
    aside.rename(at(spool, name, account))


def aged(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


async def following(watcher: Watcher) -> Arrival:
    async with asyncio.timeout(10):
        return await anext(watcher)


def watcher_of(
    spool: Spool, settle_s: float = SETTLE_S, rescan_s: float = LONG_S, data_wait_s: float = LONG_S
) -> Watcher:
    return Watcher(spool, settle_s=settle_s, rescan_s=rescan_s, data_wait_s=data_wait_s)


async def test_a_renamed_job_is_told_at_once(spool: Spool) -> None:
    async with watcher_of(spool, settle_s=LONG_S) as watcher:
        rename(spool, "job.json")
        assert await following(watcher) == Arrival("norte", "job.json")


async def test_a_job_moved_in_from_elsewhere_is_told_at_once(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    async with watcher_of(spool, settle_s=LONG_S) as watcher:
        (tmp_path / "x.json").rename(at(spool, "job.json"))
        assert await following(watcher) == Arrival("norte", "job.json")


async def test_hidden_unfinished_and_other_files_are_no_jobs(spool: Spool) -> None:
    async with watcher_of(spool, settle_s=0.001) as watcher:
        for name in (".job.json", "job.json.tmp", "job.json.part", "clientes.csv", "job.JSON.bak"):
            at(spool, f"_{name}").write_text("{}")
            at(spool, f"_{name}").rename(at(spool, name))
        at(spool, "folder.json").mkdir()
        rename(spool, "job.json")
        assert await following(watcher) == Arrival("norte", "job.json")
        watcher.done(Arrival("norte", "job.json"))
        rename(spool, "last.json")
        assert await following(watcher) == Arrival("norte", "last.json")


async def test_a_job_written_in_place_is_told_once_it_is_quiet(spool: Spool) -> None:
    async with watcher_of(spool) as watcher:
        begun = time.monotonic()
        at(spool, "job.json").write_text("{}")
        assert await following(watcher) == Arrival("norte", "job.json")
        assert time.monotonic() - begun >= SETTLE_S
        watcher.done(Arrival("norte", "job.json"))
        rename(spool, "other.json")
        assert (await following(watcher)).name == "other.json"


@pytest.mark.parametrize("lease", [True, False], ids=["the system says so", "its events say so"])
@pytest.mark.parametrize("name", ["job.json", "clientes.csv"])
async def test_a_file_that_its_writer_holds_open_is_waited_for(
    spool: Spool, mocker: MockerFixture, name: str, lease: bool
) -> None:
    """However long it has been quiet."""
    if not lease:
        mocker.patch("spool.watch.is_held", return_value=None)
    quiet = asyncio.Event()
    async with watcher_of(spool, settle_s=0.01) as watcher:
        looks = mocker.spy(watcher, "_look_again")
        offered = mocker.spy(watcher, "_complete")

        settle = watcher._settle

        def settled(key: tuple[str, str], *, patient: bool = False) -> None:
            settle(key, patient=patient)
            if looks.call_count >= 4:
                quiet.set()

        mocker.patch.object(watcher, "_settle", settled)
        with at(spool, name).open("wb") as file:
            file.write(b"{}\n")
            file.flush()
            async with asyncio.timeout(10):
                await quiet.wait()
            offered.assert_not_called()
            assert not watcher.settled("norte", name)
        rename(spool, "other.json")
        arrivals = {(await following(watcher)).name}
        if name == "job.json":
            arrivals.add((await following(watcher)).name)
        assert arrivals == {"other.json"} | ({name} if name == "job.json" else set())


async def test_a_file_that_is_linked_into_place_has_no_writer_to_wait_for(spool: Spool, mocker: MockerFixture) -> None:
    mocker.patch("spool.watch.is_held", return_value=None)
    at(spool, ".aside").write_text("{}")
    async with watcher_of(spool) as watcher:
        os.link(at(spool, ".aside"), at(spool, "job.json"))
        at(spool, ".aside").unlink()
        assert await following(watcher) == Arrival("norte", "job.json")


async def test_a_list_that_ends_within_a_line_is_waited_for_once_more(spool: Spool, mocker: MockerFixture) -> None:
    async with watcher_of(spool) as watcher:
        looks = mocker.spy(watcher, "_look_again")
        rename(spool, "job.json")
        arrival = await following(watcher)
        at(spool, "clientes.csv").write_text("telefono;nombre\n1159876543;An")
        watcher.postpone(arrival, "clientes.csv")
        assert await following(watcher) == arrival
        assert looks.call_count == 2


@pytest.mark.parametrize("name", ["JOB.JSON", "Job.Json"])
async def test_a_job_may_be_called_in_capitals(spool: Spool, name: str) -> None:
    async with watcher_of(spool, settle_s=LONG_S) as watcher:
        rename(spool, name)
        assert await following(watcher) == Arrival("norte", name)


async def test_a_list_whose_accents_are_written_otherwise_ends_the_wait(spool: Spool) -> None:
    async with watcher_of(spool, settle_s=LONG_S) as watcher:
        rename(spool, "job.json")
        arrival = await following(watcher)
        watcher.postpone(arrival, "a\u00f1o.csv")
        rename(spool, "an\u0303o.csv")
        assert await following(watcher) == arrival


async def test_what_lies_there_for_nothing_is_named_once(spool: Spool, mocker: MockerFixture) -> None:
    mocker.patch("spool.listing.STRAY_S", 0.0)
    named: list[tuple[str, str]] = []

    def stray(key: tuple[str, str], reason: str) -> None:
        assert reason == "stray"
        named.append(key)

    at(spool, "clientes.csv").write_text("telefono\n")
    at(spool, "job.jsonl").write_text("{}")
    at(spool, "job.json").write_text("{}")
    watcher = Watcher(spool, settle_s=0.0, rescan_s=LONG_S, stray=stray)
    async with watcher:
        assert (await following(watcher)).name == "job.json"
        await watcher._scan()
    assert sorted(named) == [("norte", "clientes.csv"), ("norte", "job.jsonl")]


async def test_a_job_that_grows_is_waited_for(spool: Spool, mocker: MockerFixture) -> None:
    looks = []
    watcher = watcher_of(spool)
    async with watcher:
        with at(spool, "job.json").open("wb") as file:
            file.write(b"{")
            file.flush()

            again = watcher._look_again

            def look_again(key: tuple[str, str]) -> None:
                looks.append(key)
                if len(looks) <= 2:  # it has grown by the time somebody looks
                    file.write(b" ")
                    file.flush()
                else:
                    file.close()
                again(key)

            mocker.patch.object(watcher, "_look_again", look_again)
            arrival = await following(watcher)
        assert arrival == Arrival("norte", "job.json")
        assert len(looks) == 3


async def test_what_is_there_at_the_start_is_told_oldest_first(spool: Spool) -> None:
    spool.create_account("sur")
    for age, name, account in ((100, "b.json", "norte"), (300, "c.json", "sur"), (200, "a.json", "norte")):
        at(spool, name, account).write_text("{}")
        aged(at(spool, name, account), age)
    at(spool, "young.json").write_text("{}")
    at(spool, "tomorrow.json").write_text("{}")
    aged(at(spool, "tomorrow.json"), -86400)
    async with watcher_of(spool) as watcher:
        assert [await following(watcher) for _ in range(3)] == [
            Arrival("sur", "c.json"),
            Arrival("norte", "a.json"),
            Arrival("norte", "b.json"),
        ]
        assert {(await following(watcher)).name for _ in range(2)} == {"young.json", "tomorrow.json"}


async def test_a_new_account_is_watched_from_its_first_moment(spool: Spool) -> None:
    async with watcher_of(spool, settle_s=LONG_S) as watcher:
        spool.create_account("sur")
        at(spool, "old.json", "sur").write_text("{}")
        aged(at(spool, "old.json", "sur"), 2 * LONG_S)
        assert await following(watcher) == Arrival("sur", "old.json")
        rename(spool, "job.json", "sur")
        assert await following(watcher) == Arrival("sur", "job.json")


async def test_an_account_may_be_removed_renamed_and_made_again(spool: Spool) -> None:
    async with watcher_of(spool, settle_s=LONG_S) as watcher:
        at(spool, "").rmdir()
        spool.create_account("norte")
        rename(spool, "one.json")
        aged(at(spool, "one.json"), 2 * LONG_S)
        assert await following(watcher) == Arrival("norte", "one.json")
        watcher.done(Arrival("norte", "one.json"))
        at(spool, "one.json").unlink()
        at(spool, "").rename(spool.path / "incoming" / "sur")
        rename(spool, "two.json", "sur")
        aged(at(spool, "two.json", "sur"), 2 * LONG_S)
        arrival = await following(watcher)
        while arrival.account == "norte":  # told before the renaming was seen; it is gone, and forgotten
            arrival = await following(watcher)
        assert arrival == Arrival("sur", "two.json")


async def test_an_arrival_is_told_once_until_it_is_done(spool: Spool) -> None:
    async with watcher_of(spool) as watcher:
        rename(spool, "job.json")
        arrival = await following(watcher)
        rename(spool, "job.json")  # a newer one, while the first is in work
        rename(spool, "other.json")
        assert (await following(watcher)).name == "other.json"
        await watcher._scan()
        assert watcher._ready.empty()
        watcher.done(arrival)
        assert await following(watcher) == arrival
        watcher.done(arrival)
        assert watcher._ready.empty()


async def test_a_job_left_in_place_is_told_again_by_the_rescan(spool: Spool) -> None:
    async with watcher_of(spool, settle_s=0.001, rescan_s=0.01) as watcher:
        rename(spool, "job.json")
        for _ in range(3):
            arrival = await following(watcher)
            assert arrival == Arrival("norte", "job.json")
            watcher.done(arrival)


async def test_a_lost_event_is_made_good_by_the_rescan(spool: Spool, mocker: MockerFixture) -> None:
    watcher = watcher_of(spool, settle_s=0.001, rescan_s=0.01)
    mocker.patch.object(watcher, "_seen")
    async with watcher:
        rename(spool, "job.json")
        assert await following(watcher) == Arrival("norte", "job.json")


async def test_an_overflow_is_followed_by_a_rescan(spool: Spool) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 20_000:
        pytest.skip(f"the queue holds {limit} events")
    async with watcher_of(spool, settle_s=0.001) as watcher:
        for _ in range(limit // 2 + 2):  # the loop does not turn meanwhile, so nobody reads
            at(spool, "a").touch()
            at(spool, "a").unlink()
        rename(spool, "job.json")
        aged(at(spool, "job.json"), 10)
        assert await following(watcher) == Arrival("norte", "job.json")


async def test_a_burst_is_told_whole(spool: Spool) -> None:
    async with watcher_of(spool, settle_s=LONG_S) as watcher:
        for number in range(1500):
            rename(spool, f"{number}.json")
        told = {(await following(watcher)).name for _ in range(1500)}
        assert len(told) == 1500


# ------------------------------------------------------------------------------------------------- a job and its list


async def test_a_waiting_job_is_told_when_its_list_comes(spool: Spool) -> None:
    async with watcher_of(spool, settle_s=LONG_S) as watcher:
        rename(spool, "job.json")
        arrival = await following(watcher)
        watcher.postpone(arrival, "clientes.csv")
        rename(spool, "otros.csv")
        rename(spool, "clientes.csv")
        assert await following(watcher) == Arrival("norte", "job.json")
        assert watcher._ready.empty()
        assert not watcher._waiting
        assert not watcher._wanted


async def test_a_list_written_in_place_counts_when_it_is_quiet(spool: Spool) -> None:
    async with watcher_of(spool) as watcher:
        rename(spool, "job.json")
        watcher.postpone(await following(watcher), "clientes.csv")
        begun = time.monotonic()
        with at(spool, "clientes.csv").open("w") as file:
            file.write("telefono\n")
        assert await following(watcher) == Arrival("norte", "job.json")
        assert time.monotonic() - begun >= SETTLE_S


async def test_a_list_that_came_between_look_and_postponing_is_seen(spool: Spool) -> None:
    async with watcher_of(spool) as watcher:
        rename(spool, "job.json")
        arrival = await following(watcher)
        rename(spool, "clientes.csv")
        rename(spool, "probe.json")
        assert (await following(watcher)).name == "probe.json"  # its events have been read
        watcher.postpone(arrival, "clientes.csv")
        assert await following(watcher) == arrival


async def test_a_job_whose_list_never_comes_is_told_for_the_last_time(spool: Spool) -> None:
    async with watcher_of(spool, data_wait_s=0.05) as watcher:
        rename(spool, "job.json")
        watcher.postpone(await following(watcher), "clientes.csv")
        last = await following(watcher)
        assert last == Arrival("norte", "job.json", last=True)
        watcher.done(last)
        assert not watcher._waiting
        assert not watcher._wanted


async def test_two_jobs_may_wait_for_one_list(spool: Spool) -> None:
    async with watcher_of(spool) as watcher:
        for name in ("a.json", "b.json"):
            rename(spool, name)
            watcher.postpone(await following(watcher), "clientes.csv")
        rename(spool, "clientes.csv")
        assert {(await following(watcher)).name for _ in range(2)} == {"a.json", "b.json"}


async def test_a_waiting_job_that_is_replaced_is_told_at_once(spool: Spool) -> None:
    async with watcher_of(spool, data_wait_s=LONG_S) as watcher:
        rename(spool, "job.json")
        watcher.postpone(await following(watcher), "clientes.csv")
        rename(spool, "job.json")
        assert await following(watcher) == Arrival("norte", "job.json")
        assert watcher._waiting == {}


async def test_the_list_of_another_account_does_not_count(spool: Spool) -> None:
    spool.create_account("sur")
    async with watcher_of(spool) as watcher:
        rename(spool, "job.json")
        watcher.postpone(await following(watcher), "clientes.csv")
        rename(spool, "clientes.csv", "sur")
        rename(spool, "probe.json", "sur")
        assert await following(watcher) == Arrival("sur", "probe.json")
        assert ("norte", "job.json") in watcher._waiting


async def test_an_unsettled_job_is_told_again_when_it_is_quiet(spool: Spool) -> None:
    async with watcher_of(spool) as watcher:
        rename(spool, "job.json")
        arrival = await following(watcher)
        watcher.postpone(arrival, "job.json")
        assert await following(watcher) == arrival


async def test_a_file_being_written_in_place_is_not_settled(spool: Spool) -> None:
    async with watcher_of(spool, settle_s=LONG_S) as watcher:
        assert watcher.settled("norte", "clientes.csv")
        at(spool, "clientes.csv").write_text("telefono\n")
        rename(spool, "job.json")
        await following(watcher)
        assert not watcher.settled("norte", "clientes.csv")
        rename(spool, "clientes.csv")
        rename(spool, "other.json")
        await following(watcher)
        assert watcher.settled("norte", "clientes.csv")


# ---------------------------------------------------------------------------------------------------- beginning and end


async def test_it_stops_twice_and_before_it_has_begun(spool: Spool) -> None:
    watcher = watcher_of(spool)
    await watcher.close()
    await watcher.start()
    at(spool, "job.json").write_text("{}")
    await watcher.close()
    await watcher.close()


async def test_a_watch_that_cannot_begin_leaves_nothing_open(spool: Spool, mocker: MockerFixture) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    mocker.patch("asyncinotify.Inotify.add_watch", side_effect=OSError(28, "inotify watch limit reached"))
    with pytest.raises(SpoolUnavailableError, match="limit"):
        await watcher_of(spool).start()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


async def test_incoming_that_cannot_be_listed_is_tried_again(spool: Spool, mocker: MockerFixture) -> None:
    async with watcher_of(spool, settle_s=0.001, rescan_s=0.005) as watcher:
        failed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def broken(folder: Path) -> list[str]:
            loop.call_soon_threadsafe(failed.set)
            raise OSError(5, "Input/output error")

        patched = mocker.patch("spool.watch._accounts", side_effect=broken)
        async with asyncio.timeout(10):
            await failed.wait()
        mocker.stop(patched)
        at(spool, "job.json").write_text("{}")
        assert await following(watcher) == Arrival("norte", "job.json")


def test_a_listing_takes_turns_and_names_what_cannot_be_listed(tmp_path: Path) -> None:
    for account, count in (("a", 3), ("b", 1)):
        (tmp_path / account).mkdir()
        for number in range(count):
            path = tmp_path / account / f"{number}.json"
            path.touch()
            os.utime(path, (1000 + number + 10 * (account == "b"),) * 2)
    (tmp_path / "c").touch()
    found, troubles = listing(tmp_path, ["a", "b", "c", "gone"], 0)
    assert [one.key for one in found] == [("a", "0.json"), ("b", "0.json"), ("a", "1.json"), ("a", "2.json")]
    assert troubles == {"c": "Not a directory"}


def test_a_pipe_with_the_name_of_a_list_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lista.csv")
    assert not ends_within_a_line(tmp_path / "lista.csv")
