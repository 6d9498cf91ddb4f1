"""APScheduler on a clock of ours: the same jobs on the real and on the simulated clock.

Traps of APScheduler 3.11 that are closed here (each has a test in tests/scheduler/test_daemon_parts.py):
a job that comes late is never dropped (`misfire_grace_time=None`: the lateness policy of the play decides,
and writes it down); a job only starts things and returns, so that no pool can starve; jobs live in memory,
so that two daemons can never share them; nothing sleeps longer than a second, so that a clock that is set
back is noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger

from scheduler.daemon.clock import Clock


class Beat(BaseTrigger):  # type: ignore[misc]
    """Every `seconds`, counted from now: beats that were slept through are not caught up on."""

    def __init__(self, seconds: float) -> None:
        self.step = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        if previous is not None and previous + self.step > now:
            return previous + self.step
        return now + self.step


class _InTurn(BaseExecutor):  # type: ignore[misc]
    """Runs the jobs that are due one after another in the daemon's own thread."""

    def __init__(self) -> None:
        super().__init__()
        self._ready: list[tuple[Job, list[datetime]]] = []

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        self._ready.append((job, run_times))

    def run_ready(self) -> None:
        ready, self._ready = self._ready, []
        for job, run_times in ready:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
            self._run_job_success(job.id, events)


class Timetable(BaseScheduler):  # type: ignore[misc]
    """An in-memory APScheduler that looks at `clock`; owned and used by one thread alone."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.faults: list[tuple[str, BaseException]] = []
        self._in_turn = _InTurn()
        super().__init__(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            executors={"default": self._in_turn},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self.add_listener(self._note_fault, EVENT_JOB_ERROR)

    def at(self, when: datetime, name: str, act: Callable[..., None], *facts: Any) -> None:
        """Do `act(*facts)` at `when`; a job of the same name is replaced."""
        when = when.astimezone(UTC)
        self.add_job(
            act, DateTrigger(when), args=facts, id=name, name=name, next_run_time=when, replace_existing=True
        )

    def every(self, seconds: float, name: str, act: Callable[[], None]) -> None:
        """Do `act` every `seconds`, the first time now."""
        now = self.clock.now()
        self.add_job(act, Beat(seconds), id=name, name=name, next_run_time=now, replace_existing=True)

    def forget(self, name: str) -> None:
        """Take a job out; it may be gone already."""
        if self.get_job(name) is not None:
            self.remove_job(name)

    def run_due(self) -> float | None:
        """Run what is due; seconds until the next job, or None when there is none."""
        waiting: float | None = self._process_jobs()
        return waiting

    def clock_was_set(self) -> None:
        """After the clock went back: let the beats begin again from now."""
        now = self.clock.now()
        for job in self.get_jobs():
            if isinstance(job.trigger, Beat) and job.next_run_time > now + job.trigger.step:
                job.modify(next_run_time=now)

    def wakeup(self) -> None:
        """Nobody sleeps in here: the daemon's loop asks `run_due` again."""

    def shutdown(self, wait: bool = False) -> None:
        if self.running:
            super().shutdown(wait=wait)

    def _process_jobs(self) -> float | None:
        """As `BaseScheduler._process_jobs`, by our clock instead of `datetime.now`."""
        now = self.clock.now()
        with self._jobstores_lock:
            store = self._lookup_jobstore("default")
            for job in store.get_due_jobs(now):
                run_times = job._get_run_times(now)[-1:]
                self._lookup_executor(job.executor).submit_job(job, run_times)
                next_run = job.trigger.get_next_fire_time(run_times[-1], now)
                if next_run:
                    job._modify(next_run_time=next_run)
                    store.update_job(job)
                else:
                    self.remove_job(job.id, "default")
        self._in_turn.run_ready()
        following: datetime | None = store.get_next_run_time()
        if following is None:
            return None
        return max(0.0, (following - self.clock.now()).total_seconds())

    def _note_fault(self, event: JobExecutionEvent) -> None:
        self.faults.append((event.job_id, event.exception))
