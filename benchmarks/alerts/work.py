"""Several worlds at once, each in a process of its own: lived through, evaluated, judged."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import active_children, get_context
from pathlib import Path

import structlog

from benchmarks.alerts import healthy, incident, report, routes, rules
from benchmarks.alerts.drawing import Plan, draw
from benchmarks.alerts.evaluation import Fired, evaluate
from benchmarks.alerts.families import Chosen
from benchmarks.alerts.judge import Judgement, judge
from benchmarks.alerts.kinds import KINDS
from benchmarks.alerts.simulation import simulate
from benchmarks.alerts.telling import Notification, tell
from benchmarks.database import say


@dataclass(frozen=True, slots=True)
class Job:
    """One world: of a seed, or (with `days`) one in which nothing goes wrong."""

    directory: Path
    seed: int
    days: float

    @property
    def name(self) -> str:
        """For people."""
        return f"healthy days ({self.days:g})" if self.days else f"seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for all worlds."""

    rules: Path
    alertmanager: Path
    interval: float
    kinds: tuple[str, ...]
    keep: bool
    reuse: bool


def work(jobs: Sequence[Job], settings: Settings, at_once: int, timeline: bool) -> tuple[list[Judgement], list[Job]]:
    """The judgements in the order of the jobs, and the jobs that failed."""
    done: dict[Job, Judgement] = {}
    # a process a world: what one leaves behind in memory must not slow the next
    context = get_context("spawn")
    with ProcessPoolExecutor(at_once, context, max_tasks_per_child=1, initializer=_stoppable) as pool, _ended():
        futures = {pool.submit(_alone, job, settings): job for job in jobs}
        for future in as_completed(futures):
            job = futures[future]
            try:
                done[job], shown, took = future.result()
            except Exception:
                say(f"{job.name} failed: {traceback.format_exc()}")
                continue
            say(f"{job.name}: {took}")
            if timeline:
                print(shown, flush=True)
    return [done[job] for job in jobs if job in done], [job for job in jobs if job not in done]


def _stoppable() -> None:
    """SIGTERM is an exception in this process: what it started, such as its database, is ended."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not break that off
        sys.exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)


@contextmanager
def _ended() -> Iterator[None]:
    """Whatever breaks this off, SIGTERM and Ctrl-C too, also ends the worlds under way."""
    _stoppable()
    try:
        yield
    except BaseException:
        for worker in active_children():
            worker.terminate()
        raise


def _alone(job: Job, settings: Settings) -> tuple[Judgement, str, str]:
    """One world in a worker, which is gone when it is told to stop: then the pool begins no other."""
    try:
        return one(job, settings)
    except SystemExit:
        os._exit(128 + signal.SIGTERM)


def one(job: Job, settings: Settings) -> tuple[Judgement, str, str]:
    """One world: its judgement, its timeline, and what took how long."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = rules.load([settings.rules], settings.interval)
    routing = routes.load(settings.alertmanager)
    began = time.monotonic()
    try:
        if settings.reuse:
            run = incident.read(job.directory)
        else:
            shutil.rmtree(job.directory, ignore_errors=True)
            job.directory.mkdir(parents=True)
            names = found.names()
            chosen = Chosen(None, names) if settings.keep else Chosen(names)
            run = simulate(_plan(job, settings), job.name, str(job.seed), job.directory, settings.interval, chosen)
        lived = time.monotonic()
        fired = evaluate(run, job.directory / "data", found)
        notifications = tell(fired, routing, run.end)
        judgement = judge(run, notifications)
    finally:
        if not settings.keep and not settings.reuse:
            shutil.rmtree(job.directory, ignore_errors=True)
    parts = ", ".join(f"{name} {seconds:.0f}" for name, seconds in run.seconds.items())
    living = "" if settings.reuse else f"lived through in {lived - began:.0f} s ({parts}), "
    return judgement, _timeline(judgement, fired, notifications), (
        f"{living}evaluated in {time.monotonic() - lived:.0f} s, {len(fired)} alerts, "
        f"{len(notifications)} notifications"
    )  # fmt: skip


def _plan(job: Job, settings: Settings) -> Plan:
    if not job.days:
        return draw(job.seed, [KINDS[name] for name in settings.kinds] or None)
    end = healthy.START + timedelta(days=job.days)
    # times of its specification count from the end
    return Plan(healthy.START, healthy.START, end, healthy.world(job.days), (), (), end)


def _timeline(judgement: Judgement, fired: Sequence[Fired], notifications: Sequence[Notification]) -> str:
    names = judgement.run.names
    lines = [(each.fired, f"  alert   {report.labelled(each, names)}") for each in fired]
    lines += [
        (each.resolved, f"  over    {report.labelled(each, names)}") for each in fired if each.resolved is not None
    ]
    for each in notifications:
        new = "; ".join(report.labelled(alert, names) for alert in each.new) or (
            "repeat" if each.repeat else "resolved"
        )
        lines.append((each.at, f"  NOTIFY  {each.receiver}: {new}"))
    return report.timeline(judgement, lines)
