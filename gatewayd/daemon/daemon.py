"""The roof: starts every part in the order of the way of a message, and stops them in the reverse.

job file -> spool -> intake -> store -> dispatch -> driver -> network
receipts <- spool <- receipts <- store <- outcomes, reports, replies
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog

from gatewayd.billing.engine.acknowledgement import Outcomes
from gatewayd.billing.engine.freshening import Freshening
from gatewayd.config import Config
from gatewayd.credentials.vault import Vault
from gatewayd.daemon import answering, campaigning, collecting, posting, reminding
from gatewayd.daemon.aftermath import Aftermath
from gatewayd.daemon.doors import doors
from gatewayd.daemon.happenings import Came, Changes, Due, Told
from gatewayd.daemon.neighbours import Neighbours
from gatewayd.daemon.opened_store import drop_unfinished, password_of, upgrade_apart, writer_of
from gatewayd.daemon.services import Services, raise_descriptors
from gatewayd.daemon.takeover import Takeover, merged_with
from gatewayd.daemon.web_process import open_to_web
from gatewayd.dispatch.attachments import Attachments
from gatewayd.dispatch.dispatcher import Dispatcher
from gatewayd.feeds.engine.service import Feeds
from gatewayd.fleet import Fleet
from gatewayd.imports.engine.service import Imports
from gatewayd.inbound import InboundRules
from gatewayd.intake.lines import Lines
from gatewayd.intake.posting import PostDesk
from gatewayd.intake.reception import IntakeDesk
from gatewayd.live import LiveGateway
from gatewayd.numbers import Policy
from gatewayd.outcomes import Terms
from gatewayd.outgoing.inbox_writer import InboxWriter
from gatewayd.outgoing.receipt_writer import ReceiptWriter
from gatewayd.process import cycles, logs
from gatewayd.process.failpoints import hit
from gatewayd.process.notify import Notifier
from gatewayd.restoration import Restoration, finish_posted
from gatewayd.staff_links import links
from gatewayd.store.commands import Change, LoadingJobs, LoadQueues, Started, StartNode
from gatewayd.store.reader import Reader
from gatewayd.store.settings.lines import added_lines
from gatewayd.store.writer import Writer
from gatewayd.stored_templates import StoredTemplates
from gatewayd.tasks.contact_uploads import ContactUploads
from gatewayd.tasks.exports import Exports
from gatewayd.tasks.number_uploads import NumberUploads
from gatewayd.upkeep import Upkeep
from gatewayd.values.added_lines import AddedLine
from gatewayd.values.clock import now_ms
from gatewayd.values.days import Calendar
from gatewayd.values.errors import ConfigError, GatewayError
from gatewayd.values.news import News
from spool.folders import ACCEPTED, INTAKE, Spool
from spool.recovery import Recovered, recover
from spool.retention import forget_jobs

log = structlog.get_logger()

SWITCH_INTERVAL_S: Final = 0.0005
"""How long a thread may keep the interpreter: the writer must not wait 5 ms behind a busy loop for each step."""


HOUSEKEEPING_S: Final = 10.0

RESTART_ONLY: Final = ("node", "timezone", "control", "store", "spool", "http", "web", "delivery", "numbers")
"""Sections that a running daemon does not take over."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running daemon, as its own guards see it."""

    config: Config
    dispatcher: Dispatcher
    writer: Writer
    takeover: Takeover


def run(config: Config) -> int:
    """Runs until SIGTERM or SIGINT; 0 when it stopped as asked."""
    from gatewayd.process.loop import Loop

    sys.setswitchinterval(SWITCH_INTERVAL_S)
    raise_descriptors()
    upgrade_apart(config)
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(serve(config))


async def serve(config: Config) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    reload = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    notifier = Notifier.from_environment()
    async with gateway(config) as running:
        cycles.settle()
        notifier.ready()
        log.info("ready", node=config.node, lines=len(config.lines))
        guards = [
            asyncio.create_task(_watchdog(notifier, running)),
            asyncio.create_task(_reload(reload, notifier, running)),
            asyncio.create_task(_housekeeping()),
        ]
        await stop.wait()
        log.info("stopping")
        notifier.stopping()
        for guard in guards:
            guard.cancel()
        await asyncio.gather(*guards, return_exceptions=True)
    log.info("stopped")
    return 0


@asynccontextmanager
async def gateway(config: Config) -> AsyncIterator[Gateway]:  # noqa: PLR0915 - a part a line
    """Everything running in this event loop; drained and closed at the end."""
    async with AsyncExitStack() as stack:
        spool, writer, started, recovered = await _held(stack, config)
        from_file, vault = config, Vault(config.key_file)
        config = await merged_with(from_file, await _added(writer), vault)
        restoration = Restoration(writer.do, spool, node=config.node, salt=started.salt)
        restored = await restoration.examine()
        hit("start.examined")
        reader = Reader(config.store.url, password=password_of(config), pool=config.store.pool)
        stack.callback(reader.close)
        readers = ThreadPoolExecutor(config.store.pool, thread_name_prefix="reader")
        files = ThreadPoolExecutor(3, thread_name_prefix="files")
        stack.callback(readers.shutdown)
        stack.callback(files.shutdown)

        in_files = partial(asyncio.get_running_loop().run_in_executor, files)

        def tell(subject: str, state: str, reason: str | None) -> None:
            dispatcher.events.add("account", subject, state, reason)

        webhooks = posting.webhooks(
            config,
            writer,
            reader,
            readers=readers,
            spool=spool,
            vault=vault,
            happened=lambda *said: dispatcher.events.add("webhook", *said),
        )
        receipts = ReceiptWriter(
            writer,
            reader,
            spool,
            node=config.node,
            now=now_ms,
            in_thread=in_files,
            tell=tell,
            shared=config.store.sqlite_path is None,
            written=webhooks.due,
        )
        inbox = InboxWriter(writer, spool, in_files, tell, webhooks.due)
        rules = InboundRules(config)
        news = News(lambda jobs: _owners(readers, reader, config.node, jobs))
        outcomes = Outcomes(writer, partial(_asked, readers, reader), receipts.due)
        # By whatever: what a line did, what time did, what a person said.
        engines: list[Changes] = [outcomes]
        changed = Due(restoration, receipts, news, engines)
        upkeep = Upkeep(
            writer,
            now=now_ms,
            receipts_due=changed,
            keep_messages_s=config.retention.messages,
            keep_audit_s=config.retention.audit,
            keep_evidence_s=config.retention.evidence,
            longest_s=config.delivery.report_wait,
            forget_jobs=lambda account: in_files(forget_jobs, spool, account, time.time() - config.retention.receipts),
            accounts=lambda: in_files(spool.accounts),
            end_parts=rules.end_parts,
            inbox_due=lambda: came.due(),  # noqa: PLW0108 - it comes later
            node=config.node,
        )
        dispatcher = Dispatcher(
            writer,
            started,
            node=config.node,
            calendar=Calendar(config.timezone),
            terms=Terms(config.delivery.tries, int(config.delivery.report_wait * 1000)),
            receipts_due=changed,
            sweep_due=upkeep.due,
            inbox_due=lambda: came.due(),  # noqa: PLW0108
            files=Attachments(spool.folder(ACCEPTED)),
            links=links(writer, now_ms),
        )
        stack.callback(dispatcher.close)
        policy = Policy(config.numbers.region, config.numbers.home_area, config.numbers.assume_mobile)
        intake = IntakeDesk(
            config,
            spool,
            writer,
            policy,
            Lines.of(config),
            dispatcher,
            Told(dispatcher, receipts, upkeep, restoration),
            recovered,
            templates=StoredTemplates(partial(_asked, readers, reader), writer),
        )
        campaigns = campaigning.campaigns(intake, reader, readers, dispatcher, webhooks.post)
        claims = collecting.collections(
            intake, reader, readers, news, spool=spool, in_thread=in_files, logged=webhooks.post
        )
        posts = PostDesk(intake, config.timezone)
        answers = answering.answers(
            intake, posts, spool, dispatcher, logged=webhooks.post, in_thread=in_files, news=news
        )
        engines += (campaigns, answers, claims)
        came = Came(inbox, answers)
        exports = Exports(config, writer, reader, readers, now_ms, tell=dispatcher.events.add)
        contacts = ContactUploads(config, writer, reader, readers, now_ms, tell=dispatcher.events.add)
        numbers = NumberUploads(
            config, writer, reader, readers, now_ms, tell=dispatcher.events.add, receipts_due=changed
        )
        imports = Imports(config, writer, reader, readers, now_ms, spool=spool, tell=news.say)
        live = LiveGateway(
            config,
            posts=posts,
            dispatcher=dispatcher,
            writer=writer,
            reader=reader,
            spool=spool,
            intake=intake,
            threads=readers,
            receipts_due=changed,
            news=news,
            vault=vault,
            engines=(exports, contacts, numbers),
            imports=imports,
            feeds=Feeds(config, writer, reader, readers, now_ms, sheets=imports, withdrawn=changed, tell=news.say),
            webhooks=webhooks,
            campaigns=campaigns,
            claims=claims,
            answers=answers,
            reminders=reminding.reminders(intake, reader, readers, news),
            outcomes=outcomes,
            stalls=(intake.stalls, receipts.stalls, inbox.stalls),
        )
        intake.sheets = live.imports
        freshening = Freshening(partial(_asked, readers, reader), live.rules_changed)
        news.hear({"bill"}, freshening.due)
        posting.watch(webhooks, live, dispatcher.events)
        async with Services() as services:
            neighbours = Neighbours(
                lambda: live.config,
                execute=writer.do,
                ask=partial(_asked, readers, reader),
                take=lambda lines: intake.take_over(live.config, lines),
            )
            if config.store.sqlite_path is None:
                services.start(neighbours.run(), "neighbours")
            fleet = Fleet(config, dispatcher, came, policy, services.start, rules=rules)
            await fleet.launch()
            takeover = Takeover(
                from_file,
                added=partial(_added, writer),
                vault=vault,
                fleet=fleet,
                intake=intake,
                webhooks=webhooks,
                live=live,
                lines=neighbours.lines,
            )
            queues = await writer.do(LoadQueues())
            dispatcher.publish(queues)
            # A person's pause, or a new job, may have been recorded without its summary.
            receipts.due({queue.job_id for queue in queues})
            aftermath = Aftermath(
                (
                    partial(writer.do, LoadingJobs("")),  # it can be asked
                    dispatcher.ownerless.unknown,
                    partial(dispatcher.credited, None),
                    receipts.look,
                    came.look,
                    upkeep.due,
                    webhooks.changed,
                    webhooks.due,
                    *(one.due for one in (exports, contacts, imports, campaigns, claims, live.reminders)),
                    fleet.look_again,
                    takeover.refresh,
                    live.rules_changed,
                )
            )
            writer.unheard = aftermath.due
            for name, service in (
                ("aftermath", aftermath),
                ("receipts", receipts),
                ("inbox", inbox),
                ("upkeep", upkeep),
                ("intake", intake),
                ("exports", exports),
                ("imports", live.imports),
                ("feeds", live.feeds),
                ("contact uploads", contacts),
                ("number uploads", numbers),
                ("campaigns", campaigns),
                ("freshening", freshening),
                ("claims", claims),
                ("answers", answers),
                ("reminders", live.reminders),
                ("ownerless", dispatcher.ownerless),
                ("webhooks", webhooks),
                ("restoration", restoration),
            ):
                services.start(service.run(), name)
            async with doors(config, live):
                dispatcher.events.add("daemon", config.node, "ready")
                if restored is not None:
                    log.warning(
                        "the store is older than its spool: a copy was put back",
                        paused=restored.paused,
                        uncertain=restored.doubted,
                        read_again=len(restored.retaken),
                    )
                    dispatcher.events.add("daemon", config.node, "restored", "store_older")
                yield Gateway(config, dispatcher, writer, takeover)
                live.stopping = True
                hit("stop.draining")
                await dispatcher.drain(config.delivery.drain)
        changed.spread()
        await receipts.finish()


async def _held(stack: AsyncExitStack, config: Config) -> tuple[Spool, Writer, Started, Recovered]:
    """Takes spool and store for this daemon alone, and clears what a crash has left in them half done."""
    spool = Spool(config.spool.path)
    spool.create()
    stack.enter_context(spool.lock())
    troubles = spool.verify()
    writer = stack.enter_context(writer_of(config))
    writer.start()
    stack.push_async_callback(writer.close)
    started = await writer.do(StartNode(config.node, now_ms()))
    hit("start.node")
    await drop_unfinished(writer, config.node)
    hit("start.loading_dropped")
    await finish_posted(writer.do, spool)
    recovered = recover(spool)
    hit("start.spool_recovered")
    troubles |= {f"{INTAKE}/{account}": why for account, why in recovered.troubles.items()}
    for folder, trouble in troubles.items():
        log.error("a folder of an account is out of order", folder=folder, error=trouble)
    return spool, writer, started, recovered


def _asked(readers: Executor, reader: Reader, question: Callable[[Any], Any]) -> Awaitable[Any]:
    return asyncio.get_running_loop().run_in_executor(readers, reader.ask, question)


def _owners(readers: Executor, reader: Reader, node: str, jobs: Iterable[int]) -> Awaitable[Mapping[int, str]]:
    return asyncio.get_running_loop().run_in_executor(readers, reader.owners, list(jobs), node)


async def _added(writer: Writer) -> Sequence[AddedLine]:
    """The lines that people added."""
    return await writer.do(Change(lambda unit: added_lines(unit.session.connection)))


async def _watchdog(notifier: Notifier, running: Gateway) -> None:
    """Feeds systemd's watchdog only while the loop turns and the writer really commits."""
    interval = notifier.watchdog_interval_s
    while interval:
        await asyncio.sleep(interval)
        with contextlib.suppress(GatewayError):  # a beat is missed; the next one may come
            await running.writer.do(LoadingJobs(""))
            notifier.watchdog()


async def _housekeeping() -> None:
    """Tells now and then how many log lines were held back."""
    while True:
        await asyncio.sleep(HOUSEKEEPING_S)
        logs.flush()


async def _reload(wanted: asyncio.Event, notifier: Notifier, running: Gateway) -> None:
    """SIGHUP: the file is read again. Lines, tariff and texts are taken over; the rest waits for a restart."""
    old = running.config
    while True:
        await wanted.wait()
        wanted.clear()
        notifier.reloading()
        try:
            changed = await running.takeover.reload()
        except ConfigError as error:
            log.error("configuration not applied", error=str(error))  # noqa: TRY400
            running.dispatcher.events.add("daemon", old.node, "not_reloaded", "config_invalid")
        else:
            fresh = running.takeover.config
            await open_to_web(fresh)
            log.info("configuration applied", lines=changed, restart=_restart_wanted(old, fresh))
            running.dispatcher.events.add("daemon", fresh.node, "reloaded")
            old = fresh
        notifier.ready()


def _restart_wanted(old: Config, fresh: Config) -> Iterable[str]:
    return [key for key in RESTART_ONLY if getattr(old, key) != getattr(fresh, key)]
