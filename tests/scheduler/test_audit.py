"""From an airing back to the sentence of the document; the commands that prove it; what may never air."""

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import cli
from audio.models import EpisodeAudio, Segment
from content import approval
from content.audit import verify
from content.config import Config
from content.errors import LoaError
from content.items import add_item, edit_item, get_item
from content.models import Document, Episode, EpisodePart, Script
from content.script_versions import save_version
from content.station import Station
from scheduler.checks import look_ahead
from scheduler.daemon.feed import may_air
from scheduler.models import AsRun, Play
from scheduler.retention import TooYoungError, forget_before, oldest_kept
from scheduler.trace import NoSuchPlayError, trace

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
TEXT = "Thực hiện Kế hoạch số 11.\nTuyên truyền về chuyển đổi số đến mọi người dân.\nNơi nhận: lưu."
SENTENCE = "Tuyên truyền về chuyển đổi số đến mọi người dân."
SOUND, VOICE = "a" * 64, "b" * 64
MakeStation = Callable[..., Station]


def write(station: Station, item_id: int, words: str, person: str = "lan") -> int:
    with station.decide() as session:
        return save_version(
            session, get_item(session, item_id), unknowns=[], estimated_ms=1000, now=NOW, person=person,
            sentences=[{"text": words, "spoken": words, "pause_after_ms": 1, "span": None}],
        ).id  # fmt: skip


def decide(station: Station, decision: Callable[..., Any], item_id: int, *args: Any, **settings: Any) -> None:
    with station.decide() as session:
        decision(session, get_item(session, item_id), *args, **settings)


@pytest.fixture
def station(new_station: MakeStation) -> Station:
    """One item out of a document, approved, rendered, planned and aired."""
    station = new_station()
    with station.decide() as session:
        document = Document(
            source="kh11.txt", sha256="0" * 64, text_sha256="1" * 64, format="txt", kind="Kế hoạch", number="11/KH-UBND",
            issuer="Ủy ban nhân dân phường", clean_text=TEXT, facts={}, imported_at=NOW,
        )  # fmt: skip
        session.add(document)
        session.flush()
        start = TEXT.index(SENTENCE)
        item = add_item(
            session, title="Chuyển đổi số", text=SENTENCE, now=NOW, person="lan", document_id=document.id, ref="II.1",
            span_start=start, span_end=start + len(SENTENCE),
        )  # fmt: skip
        item_id = item.id
    write(station, item_id, "tuyên truyền về chuyển đổi số")
    decide(station, approval.submit, item_id, "lan")
    decide(station, approval.approve, item_id, "hoa", config=Config())
    with station.decide() as session:
        segment = Segment(script_id=1, voice="gtts", degraded=False, recipe_sha256="r" * 64, sha256=VOICE, length_ms=900, created_at=NOW)  # fmt: skip
        episode = Episode(title="Bản tin", number=1, created_at=NOW)
        episode.parts.append(EpisodePart(position=1, item_id=item_id))
        session.add_all([segment, episode])
        session.flush()
        session.add(
            EpisodeAudio(
                episode_id=episode.id, profile="horn", recipe_sha256="q" * 64, sha256=SOUND, format="mp3", length_ms=1000,
                loudness_lufs=-14.0, true_peak_dbtp=-1.5, degraded=False, segment_ids=[segment.id], script_ids=[1],
                created_at=NOW,
            )
        )  # fmt: skip
        play = Play(episode_id=episode.id, kind="first", starts_at=NOW, length_ms=1000, zones=["toan-phuong"], status="aired", audio_sha256=SOUND, created_at=NOW)  # fmt: skip
        session.add(play)
        session.flush()
        session.add(
            AsRun(
                play_id=play.id, kind="play", title="Bản tin", zones=["toan-phuong"], planned_at=NOW, started_at=NOW,
                ended_at=NOW + timedelta(seconds=1), heard_ms=1000, outcome="aired", audio_sha256=SOUND, output="main",
            )
        )  # fmt: skip
    return station


def run(station: Station, *arguments: str) -> int:
    return cli.run(["--lang", "en", "-C", str(station.folder), *arguments])


def test_the_chain_leads_from_the_airing_to_the_sentence_and_its_approver(station: Station, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    for arguments in (("1",), ("--log", "1")):
        assert run(station, "audit", "trace", *arguments, "--json") == 0
        found = json.loads(capsys.readouterr().out)
        assert found["as_run"][0]["audio_sha256"] == found["sounds"][0]["sha256"] == SOUND
        assert found["sounds"][0]["segments"][0]["voice"] == "gtts"
        (script,) = found["scripts"]
        assert script["source"]["words"] == SENTENCE
        assert script["source"]["number"] == "11/KH-UBND"
        assert script["written_by"] == "lan"
        assert script["submitted_by"] == ["lan"]
        (word,) = script["approvals"]
        assert (word["person"], word["decision"], word["exact"]) == ("hoa", "approved", True)
        assert word["script_sha256"] == script["sha256"]
        assert found["as_run"][0]["event"]
        assert "script.approved" in [e["action"] for e in found["events"]]
    assert run(station, "audit", "trace", "1") == 0
    shown = capsys.readouterr().out
    assert SENTENCE in shown
    assert "hoa" in shown


def test_a_play_that_is_not_there_is_told(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NoSuchPlayError), station.read() as session:
        trace(session, play_id=99)
    assert run(station, "audit", "trace", "99") == 1
    assert run(station, "audit", "trace") == 2


def test_verify_says_whole_or_names_the_first_break(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(station, "audit", "verify", "--json") == 0
    code = json.loads(capsys.readouterr().out)["check_code"]
    assert run(station, "audit", "verify", "--code", code) == 0
    assert run(station, "audit", "verify", "--code", "5:" + "0" * 64) == 1
    with closing(sqlite3.connect(station.folder / "loa.sqlite3")) as connection:
        connection.execute("UPDATE as_run SET heard_ms = 999999 WHERE id = 1")
        connection.commit()
    capsys.readouterr()
    assert run(station, "audit", "verify") == 1
    told = capsys.readouterr()
    assert "as_run:1" in told.err
    assert run(station, "audit", "verify", "--json") == 1
    assert json.loads(capsys.readouterr().out)["breaks"][0]["where"] == "as_run:1"


def test_a_changed_sound_file_is_found(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    path = station.media.path_of("c" * 64, ".mp3")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not what the name says")
    assert run(station, "audit", "verify") == 0
    assert run(station, "audit", "verify", "--media") == 1


def test_the_log_lists_who_did_what(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(station, "audit", "list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [r["number"] for r in rows] == sorted((r["number"] for r in rows), reverse=True)
    assert {"document.added", "script.submitted", "script.approved", "sound.added"} <= {
        r["action"] for r in rows
    }


@pytest.mark.parametrize("seed", range(6))
def test_nothing_unapproved_airs_whatever_was_done_before(station: Station, seed: int) -> None:
    """Random commands; then the daemon's own question about the sound on hand, against what was last approved."""
    chance = random.Random(seed)
    approved: str | None = "tuyên truyền về chuyển đổi số"  # the words that the approver last let through
    current = approved
    for _ in range(40):
        step = chance.choice(["write", "submit", "approve", "own", "reject", "edit", "consent"])
        try:
            if step == "write":
                words = chance.choice(["một", "hai", current])
                write(station, 1, words)
                if words != current:
                    approved, current = None, words
            elif step == "edit":
                title = chance.choice(["Chuyển đổi số", "Tin khác"])
                with station.decide() as session:
                    if edit_item(session, get_item(session, 1), {"title": title}):
                        approved = None
            elif step == "submit":
                decide(station, approval.submit, 1, "lan")
                approved = None
            elif step == "approve":
                decide(station, approval.approve, 1, "hoa", config=Config())
                approved = current
            elif step == "own":
                decide(station, approval.approve, 1, "lan", config=Config())
                raise AssertionError("one's own words were approved")
            elif step == "reject":
                decide(station, approval.reject, 1, "hoa", "sai")
                approved = None
            else:
                with station.decide() as session:
                    script = session.get(Script, 1)
                    assert script is not None
                    approval.consent_to_degraded_voice(session, script, "hoa", audio_sha256=None)
        except LoaError:
            pass
        with station.read() as session:
            sound = session.get(EpisodeAudio, 1)
            assert sound is not None
            heard = session.get(Script, sound.script_ids[0])
            assert heard is not None
            fine = may_air(session, sound) is None
            # the sound on hand says the words of version 1: it may air only while exactly these are approved
            newest = session.query(Script).filter_by(item_id=1).order_by(Script.version.desc()).first()
            assert newest is not None
            assert fine == (approved is not None and newest.id == heard.id)
    with station.read() as session:
        assert verify(session).whole


def test_a_recording_airs_once_somebody_approved_its_very_sound(station: Station) -> None:
    with station.decide() as session:
        segment = session.get(Segment, 1)
        assert segment is not None
        segment.voice = "recording"

    def airs() -> bool:
        with station.read() as session:
            sound = session.get(EpisodeAudio, 1)
            assert sound is not None
            return may_air(session, sound) is None

    assert not airs()
    assert run(station, "item", "approve", "1", "--sound") == 0
    assert airs()
    with station.decide() as session:
        segment = session.get(Segment, 1)
        assert segment is not None
        segment.sha256 = "d" * 64  # recorded anew
    assert not airs()


def test_looking_ahead_tells_what_would_not_air(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    assert look_ahead(station, now=NOW).calm
    with station.decide() as session:
        episode = Episode(title="Chưa có tiếng", number=1, created_at=NOW)
        session.add(episode)
        session.flush()
        session.add(Play(episode_id=episode.id, kind="first", starts_at=NOW + timedelta(days=1), length_ms=1000, zones=["toan-phuong"], status="planned", created_at=NOW))  # fmt: skip
    (warning,) = look_ahead(station, now=NOW).warnings
    assert warning.kind == "sound"
    assert "Chưa có tiếng" in str(warning.told)


def test_two_years_and_a_month_of_the_log_always_stay(station: Station) -> None:
    assert oldest_kept(date(2026, 12, 15)) == date(2024, 11, 1)
    with pytest.raises(TooYoungError), station.decide() as session:
        forget_before(session, station.config, date(2024, 11, 2), person="x", reason="cũ", now=datetime(2026, 12, 15, tzinfo=UTC))  # fmt: skip
    later = datetime(2030, 1, 1, tzinfo=UTC)
    with station.decide() as session:
        assert (
            forget_before(session, station.config, date(2027, 1, 1), person="x", reason="cũ", now=later) == 1
        )
    with station.read() as session:
        assert verify(session).whole
        assert session.query(AsRun).count() == 0
