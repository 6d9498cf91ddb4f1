"""The daemon's parts: pure decisions, the journal, the lock, and the traps of APScheduler."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.config import Config, ZoneConfig
from scheduler.daemon import arbiter, requests, rundown
from scheduler.daemon.bell import Bell
from scheduler.daemon.cap import CapError, check_airable, read_alert
from scheduler.daemon.clock import SimulatedClock
from scheduler.daemon.journal import Entry, Journal, Register, read
from scheduler.daemon.lateness import when_cut, when_late
from scheduler.daemon.lock import AlreadyRunningError, StationLock
from scheduler.daemon.power import powered_until
from scheduler.daemon.rundown import RundownPlay
from scheduler.daemon.timetable import Timetable

NOON = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
MINUTE = timedelta(seconds=60)


def entry(key: str = "k-1", **fields: object) -> Entry:
    values: dict[str, object] = {
        "kind": "play", "title": "Bản tin", "zones": ("a",), "output": "null", "simulated": True, **fields,
    }  # fmt: skip
    return Entry(key=key, **values)  # type: ignore[arg-type]


# lateness


@pytest.mark.parametrize(
    ("lateness", "late_s", "start", "offset_ms", "make_good"),
    [
        ("start-late", 1, True, 0, False),
        ("start-late", 50, True, 0, False),
        ("start-late", 70, False, 0, True),
        ("join", 70, True, 70_000, False),
        ("join", 299.5, False, 0, True),
        ("skip", 3, False, 0, False),
        ("make-good", 3, False, 0, True),
    ],
)
def test_a_late_play_fares_as_its_policy_says(
    lateness: str, late_s: float, start: bool, offset_ms: int, make_good: bool
) -> None:
    verdict = when_late(
        timing="soft", lateness=lateness, length_ms=300_000, late=timedelta(seconds=late_s), grace=MINUTE
    )
    assert (verdict.start, verdict.offset_ms, verdict.make_good) == (start, offset_ms, make_good)


def test_a_not_before_play_is_never_too_late_by_itself() -> None:
    assert when_late(
        timing="not-before", lateness="start-late", length_ms=1000, late=timedelta(hours=2), grace=MINUTE
    ).start


@pytest.mark.parametrize(
    ("lateness", "gap_s", "start", "offset_ms", "make_good"),
    [
        ("start-late", 30, True, 100_000, False),
        ("start-late", 90, False, 0, True),
        ("join", 90, True, 190_000, False),
        ("skip", 1, False, 0, False),
        ("make-good", 1, False, 0, True),
    ],
)
def test_a_play_that_was_cut_goes_on_as_its_policy_says(
    lateness: str, gap_s: int, start: bool, offset_ms: int, make_good: bool
) -> None:
    verdict = when_cut(
        timing="soft", lateness=lateness, length_ms=300_000, heard_to_ms=100_000,
        gap=timedelta(seconds=gap_s), grace=MINUTE,
    )  # fmt: skip
    assert (verdict.start, verdict.offset_ms, verdict.make_good) == (start, offset_ms, make_good)


# arbiter


def test_the_order_of_who_may_cut_whom() -> None:
    levels = [
        arbiter.EMERGENCY, arbiter.INTERRUPT, arbiter.HARD_PLAY, arbiter.RELAY, arbiter.PLAY, arbiter.FILLER,
    ]  # fmt: skip
    assert levels == sorted(levels, reverse=True)
    for mine in levels:
        assert arbiter.decide(mine, []) == "start"
        for other in levels:
            assert arbiter.decide(mine, [other]) == ("cut" if mine > other else "wait")


@given(st.integers(1, 100), st.lists(st.integers(1, 100), min_size=1))
def test_nobody_is_cut_by_an_equal_or_a_lesser(level: int, holders: list[int]) -> None:
    assert (arbiter.decide(level, holders) == "cut") == all(level > holder for holder in holders)


# journal


def test_a_line_cut_off_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.open()
    journal.write(entry("a", started_at=NOON))
    journal.write(entry("b", started_at=NOON))
    journal.close()
    content = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(content[:-20])
    again = Journal(tmp_path / "j")
    again.open()
    assert [e.key for e in again.open_entries()] == ["a"]
    again.write(entry("c", started_at=NOON))
    again.close()
    assert [e.key for e in read(tmp_path / "j")] == ["a", "c"]


@given(st.text(max_size=60), st.none() | st.integers(1, 9), st.none() | st.text(max_size=40))
def test_an_entry_survives_the_journal_unchanged(title: str, play_id: int | None, reason: str | None) -> None:
    from scheduler.daemon.journal import from_line, to_line

    before = entry(title=title, play_id=play_id, reason=reason, started_at=NOON, heard_ms=5)
    assert from_line(to_line(before)) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_loses_no_line_once_there_is_room_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.open()
    kept, full = journal._handle, os.open("/dev/full", os.O_WRONLY)
    journal._handle = full
    assert not journal.write(entry("a", started_at=NOON))
    assert not journal.write(entry("a", started_at=NOON, outcome="aired"))
    os.close(full)
    journal._handle = kept
    assert journal.write(entry("b", started_at=NOON))
    journal.close()
    assert [(e.key, e.outcome) for e in read(tmp_path / "j")] == [("a", None), ("a", "aired"), ("b", None)]


def test_compacting_keeps_what_is_open_new_or_not_yet_in_the_database(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.open()
    old = NOON - timedelta(days=10)
    journal.write(entry("open", started_at=old))
    journal.write(entry("unstored", started_at=old, ended_at=old, outcome="aired"))
    journal.write(entry("done", started_at=old, ended_at=old, outcome="aired"))
    journal.write(entry("new", started_at=NOON, ended_at=NOON, outcome="aired"))
    journal.compact(NOON, {"open", "done", "new"})
    journal.write(entry("after"))
    journal.close()
    assert [e.key for e in read(tmp_path / "j")] == ["open", "unstored", "new", "after"]


def test_the_register_remembers_after_kill_9_how_far_a_sound_came(tmp_path: Path) -> None:
    script = f"""
import os, signal, sys; sys.path[:0] = {sys.path!r}
from pathlib import Path
from scheduler.daemon.journal import Register
register = Register(Path({str(tmp_path / "r")!r}))
slot = register.take("boot-7")
register.note(slot, 12_340, 1_800_000_000_000_000)
print(slot, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    register = Register(tmp_path / "r")
    heard_ms, at = register.read(int(done.stdout), "boot-7")
    assert heard_ms == 12_340
    assert at == datetime.fromtimestamp(1_800_000_000, UTC)
    assert register.read(int(done.stdout), "boot-8") == (0, None)
    register.close()


# lock


def test_a_second_daemon_is_refused_and_told_who_holds_the_station(tmp_path: Path) -> None:
    holder = f"""
import sys, time; sys.path[:0] = {sys.path!r}
from pathlib import Path
from scheduler.daemon.lock import StationLock
lock = StationLock(Path({str(tmp_path / "lock")!r})); lock.take(); print("taken", flush=True); time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"taken"
    lock = StationLock(tmp_path / "lock")
    assert lock.is_held()
    with pytest.raises(
        AlreadyRunningError, match=rf"{process.pid} .* since \d\d/\d\d/\d{{4}} \d\d:\d\d:\d\d;"
    ):
        lock.take()
    process.kill()
    process.wait()
    process.stdout.close()
    assert not lock.is_held()
    lock.take()
    lock.release()


# APScheduler


def turn_until(timetable: Timetable, clock: SimulatedClock, end: datetime) -> None:
    bell = Bell()
    while clock.now() < end:
        wait_s = timetable.run_due()
        clock.wait(min(wait_s if wait_s is not None else 60.0, (end - clock.now()).total_seconds()), bell)
    timetable.run_due()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOON)


@pytest.fixture
def timetable(clock: SimulatedClock) -> Timetable:
    made = Timetable(clock)
    made.start()
    return made


def test_a_job_runs_at_its_instant_by_our_clock(timetable: Timetable, clock: SimulatedClock) -> None:
    ran: list[datetime] = []
    timetable.at(NOON + timedelta(days=20, seconds=1.5), "far", lambda: ran.append(clock.now()))
    turn_until(timetable, clock, NOON + timedelta(days=30))
    assert ran == [NOON + timedelta(days=20, seconds=1.5)]


def test_a_job_that_comes_hours_late_still_runs(timetable: Timetable, clock: SimulatedClock) -> None:
    ran: list[int] = []
    timetable.at(NOON + timedelta(seconds=5), "late", ran.append, 1)
    clock.step(timedelta(hours=5))
    timetable.run_due()
    assert ran == [1]


def test_a_thousand_jobs_at_one_instant_all_run(timetable: Timetable, clock: SimulatedClock) -> None:
    ran: list[int] = []
    for number in range(1000):
        timetable.at(NOON + timedelta(seconds=1), f"job-{number}", ran.append, number)
    turn_until(timetable, clock, NOON + timedelta(seconds=2))
    assert sorted(ran) == list(range(1000))


def test_a_beat_neither_catches_up_nor_stops_when_the_clock_is_set(
    timetable: Timetable, clock: SimulatedClock
) -> None:
    beats: list[datetime] = []
    timetable.every(1.0, "beat", lambda: beats.append(clock.now()))
    turn_until(timetable, clock, NOON + timedelta(seconds=3))
    clock.step(timedelta(days=30))
    before = len(beats)
    timetable.run_due()
    assert len(beats) - before == 1
    clock.step(-timedelta(days=31))
    timetable.clock_was_set()
    before = len(beats)
    turn_until(timetable, clock, clock.now() + timedelta(seconds=3))
    assert 3 <= len(beats) - before <= 5


def test_a_fault_in_a_job_is_not_swallowed(timetable: Timetable) -> None:
    timetable.at(NOON, "bad", lambda: 1 // 0)  # type: ignore[arg-type,return-value]
    timetable.run_due()
    (fault,) = timetable.faults
    assert fault[0] == "bad"
    assert isinstance(fault[1], ZeroDivisionError)


def test_finished_jobs_leave_nothing_behind(timetable: Timetable, clock: SimulatedClock) -> None:
    for number in range(50):
        timetable.at(NOON + timedelta(seconds=number), f"job-{number}", int)
    turn_until(timetable, clock, NOON + timedelta(minutes=2))
    assert timetable.get_jobs() == []
    assert not timetable._in_turn._instances


# rundown


def a_play(play_id: int, starts_at: datetime, **fields: object) -> RundownPlay:
    values: dict[str, object] = {
        "title": f"Bản tin {play_id}", "length_ms": 300_000, "zones": (), "timing": "soft",
        "lateness": "start-late", "audio_sha256": "ab" * 32, "suffix": ".mp3", **fields,
    }  # fmt: skip
    return RundownPlay(play_id=play_id, starts_at=starts_at, **values)  # type: ignore[arg-type]


def test_a_rundown_file_gives_back_what_was_written(tmp_path: Path) -> None:
    plays = [a_play(1, NOON), a_play(2, NOON + timedelta(hours=1), problem="no audio", zones=("a", "b"))]
    rundown.write(tmp_path / "d.json", date(2026, 12, 1), plays, NOON)
    assert rundown.read(tmp_path / "d.json") == plays
    (tmp_path / "d.json").write_text("{")
    assert rundown.read(tmp_path / "d.json") == []


def test_pre_flight_names_what_is_wrong_with_a_day() -> None:
    config = Config(zones=(ZoneConfig(id="a", max_plays_per_day=3, daily_budget_min=16),))
    day = date(2026, 12, 1)
    morning = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # 06:30 in Việt Nam
    plays = [
        a_play(1, morning),
        a_play(2, morning + timedelta(minutes=4)),
        a_play(3, morning + timedelta(minutes=15), problem="no audio"),
        a_play(4, morning + timedelta(minutes=28)),
    ]
    assert set(rundown.exceptions(config, day, plays)) == {
        (2, "overlap"), (3, "no audio"), (4, "outside-session"), (4, "daily-budget"), (4, "max-plays"),
    }  # fmt: skip
    assert (
        rundown.exceptions(config, day, [a_play(1, morning), a_play(2, morning + timedelta(minutes=25))])
        == []
    )


def test_amplifiers_are_on_from_before_a_session_until_after_it() -> None:
    config = Config()
    start = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    lead = timedelta(seconds=config.daemon.power_lead_s)
    end = start + timedelta(minutes=30)
    assert powered_until(config, start - lead - timedelta(seconds=1)) is None
    assert powered_until(config, start - lead) == end + lead
    assert powered_until(config, end + lead) is None


# requests and alerts


def test_a_request_is_taken_once_and_stays_until_it_is_answered(tmp_path: Path) -> None:
    request = requests.Request(what="stop", who="trực ban", why="lễ tang")
    requests.leave(tmp_path, request)
    (tmp_path / "0-broken.json").write_text("{")
    known: set[str] = set()
    assert requests.take(tmp_path, known) == [request]
    assert requests.take(tmp_path, known) == []
    assert requests.take(tmp_path, set()) == [request]  # the daemon died meanwhile
    requests.answer(tmp_path, request.name, {"ok": True})
    assert requests.take(tmp_path, set()) == []
    assert requests.take(tmp_path, known) == []
    assert not known
    assert requests.wait_for_answer(tmp_path, request.name, 1) == {"ok": True}


def test_a_request_that_nobody_took_for_a_minute_is_dropped(tmp_path: Path) -> None:
    requests.leave(tmp_path, requests.Request(what="resume", who="x"))
    (path,) = tmp_path.glob("*.json")
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))
    assert requests.take(tmp_path, set()) == []
    assert not path.exists()


ALERT = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>LB-2026-114</identifier><sender>khituong@example.vn</sender>
  <sent>2026-12-01T10:00:00+07:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
  <info><language>en-US</language><category>Met</category><event>Flood</event><urgency>Immediate</urgency>
    <severity>Severe</severity><certainty>Likely</certainty><expires>2026-12-01T18:00:00+07:00</expires>
    <headline>Flood warning</headline><description>The river rises.</description></info>
  <info><language>vi-VN</language><category>Met</category><event>Lũ</event><urgency>Immediate</urgency>
    <severity>Severe</severity><certainty>Likely</certainty><expires>2026-12-01T18:00:00+07:00</expires>
    <headline>Cảnh báo lũ</headline><description>Nước sông đang lên.</description>
    <instruction>Bà con di chuyển lên nơi cao</instruction>
    <area><areaDesc>Khu 3</areaDesc></area></info>
</alert>"""


def test_an_alert_is_read_in_each_language_vietnamese_first() -> None:
    alert = read_alert(ALERT.encode(), "lu.xml")
    infos = check_airable(alert, NOON, "lu.xml")
    assert [info.language for info in infos] == ["vi-VN", "en-US"]
    assert infos[0].text == "Cảnh báo lũ. Nước sông đang lên. Bà con di chuyển lên nơi cao."
    assert infos[0].areas == ("Khu 3",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<alert/>",
        b"\xff\xfe\x00",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>",
        ALERT.replace("Actual", "Exercise").encode(),
        ALERT.replace("<msgType>Alert", "<msgType>Cancel").encode(),
        ALERT.replace("T18:00", "T09:00").encode(),
    ],
    ids=["empty", "other", "binary", "bomb", "exercise", "cancel", "expired"],
)
def test_what_is_no_live_alert_is_refused_with_the_reason(content: bytes) -> None:
    with pytest.raises(CapError, match=r"lu\.xml"):
        check_airable(read_alert(content, "lu.xml"), NOON, "lu.xml")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_alert_reader(content: bytes) -> None:
    try:
        read_alert(content, "x.xml")
    except CapError:
        return


def test_a_closed_entry_is_not_opened_again_by_an_older_line() -> None:
    done = replace(entry(started_at=NOON), outcome="aired", ended_at=NOON)
    assert not done.is_open


INTERRUPTED = """
import signal, sys, time
from scheduler.daemon.bell import Bell
bell, rings = Bell(), []
signal.signal(signal.SIGALRM, lambda *_facts: (bell.ring(), rings.append(1)))
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
while len(rings) < 2000:
    bell.hush()
signal.setitimer(signal.ITIMER_REAL, 0)
bell.hush()
bell.ring()
bell.wait(60)
assert not bell.has_rung
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer here")
def test_a_stop_may_come_in_the_very_moment_in_which_the_bell_is_hushed() -> None:
    """With an event of `threading` the handler waits for the lock that its own thread holds, and the daemon never ends."""
    subprocess.run([sys.executable, "-c", INTERRUPTED], check=True, timeout=300)
