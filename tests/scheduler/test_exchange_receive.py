"""Receiving: verified first, whole or not at all, older never over newer, and what the plan holds afterwards."""

import json
import os
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from audio.models import EpisodeAudio
from audio.packages.errors import PackageMissingError, PackageRefusedError
from audio.packages.signature import SigningKey, fingerprint, to_text
from content.models import Episode
from content.station import Station
from scheduler.daemon.feed import may_air
from scheduler.exchange import communes, trust
from scheduler.exchange.errors import (
    NoFingerprintError,
    ReceivingError,
    SeveralCentresError,
    SignerKnownError,
)
from scheduler.exchange.export import PackageSummary, export_package
from scheduler.exchange.logbook import export_log, import_log
from scheduler.exchange.receive import Received, _alone, receive_package
from scheduler.models import Play
from scheduler.stations import CommuneStation, ReceivedPackage
from tests.scheduler.a_centre import FROM, NOW, UNTIL, add_sound, noise, plan_month
from tests.scheduler.mutated import spoiled


class Line:
    """A centre, a commune, and the way between them."""

    def __init__(self, centre: Station, commune: Station, folder: Path) -> None:
        self.centre, self.commune, self.folder = centre, commune, folder
        with centre.decide() as session:
            self.row = communes.add(session, name="Đài xã Trung Hạ", code="trung-ha", now=NOW)

    def export(self, where: str = "out", *, now: datetime = NOW, **settings: object) -> PackageSummary:
        start, end = settings.pop("days", (FROM, UNTIL))  # type: ignore[misc]
        return export_package(self.centre, self.row, start, end, self.folder / where, now=now, **settings)  # type: ignore[arg-type]

    def trust(self, told: str) -> None:
        with self.commune.decide() as session:
            trust.trust(session, told, name=None, now=NOW)

    def receive(self, path: Path, now: datetime = NOW) -> Received:
        return receive_package(self.commune, path, now=now)

    def plays(self) -> list[Play]:
        with self.commune.read() as session:
            return list(session.scalars(select(Play).order_by(Play.starts_at, Play.id)))

    def everything(self) -> tuple[object, ...]:
        """All that a refused package must not have changed."""
        with self.commune.read() as session:
            counts = [
                session.scalar(select(func.count()).select_from(table))
                for table in (Play, Episode, EpisodeAudio, ReceivedPackage)
            ]
        files = sorted(
            path.relative_to(self.commune.folder).as_posix() for path in self.commune.media.folder.rglob("*")
        )
        return (*counts, *files)


@pytest.fixture
def line(new_station: Callable[..., Station], tmp_path: Path) -> Line:
    centre = new_station("centre")
    plan_month(centre)
    return Line(centre, new_station("commune"), tmp_path)


@pytest.mark.parametrize("form", ["dir", "zip"])
def test_a_good_package_becomes_plays_with_their_sound(line: Line, form: str) -> None:
    sent = line.export(form=form)
    line.trust(sent.fingerprint)
    taken = line.receive(sent.path)
    assert (taken.added, taken.sounds_added, taken.too_late) == (12, 3, 0)
    plays = line.plays()
    assert [play.status for play in plays] == ["pinned"] * 12
    assert plays[0].starts_at.isoformat() == "2026-11-30T23:30:00+00:00"
    with line.commune.read() as session:
        for play in session.scalars(select(Play)):
            assert play.audio_sha256
            assert line.commune.media.find(play.audio_sha256, ".mp3", verify=True)
            audio = session.scalars(
                select(EpisodeAudio).where(EpisodeAudio.sha256 == play.audio_sha256)
            ).one()
            assert may_air(session, audio) is None
            assert "Trần Thị Bình" in (audio.consent_by or "")


def test_an_unknown_signer_is_refused_until_trusted_and_nothing_changes(line: Line) -> None:
    sent = line.export()
    before = line.everything()
    with pytest.raises(PackageRefusedError, match=sent.fingerprint):
        line.receive(sent.path)
    assert line.everything() == before
    line.trust(sent.fingerprint.upper().replace("-", " "))
    assert line.receive(sent.path).added == 12


def test_a_signer_trusted_no_more_is_refused(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    with line.commune.decide() as session:
        trust.distrust(session, sent.fingerprint, now=NOW)
    with pytest.raises(PackageRefusedError, match="not trusted"):
        line.receive(sent.path)


def test_a_fingerprint_that_is_none_is_told(line: Line) -> None:
    with pytest.raises(NoFingerprintError):
        line.trust("1234")


def test_the_same_package_again_changes_nothing(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    line.receive(sent.path)
    before = line.everything()
    assert line.receive(sent.path).known
    assert line.everything() == before


def test_an_older_package_never_overwrites_a_newer_one(line: Line) -> None:
    older = line.export("older")
    newer = line.export("newer", now=NOW + timedelta(hours=1))
    line.trust(older.fingerprint)
    line.receive(newer.path)
    before = line.everything()
    with pytest.raises(PackageRefusedError, match=f"revision {newer.revision}") as refusal:
        line.receive(older.path)
    made_at = (NOW + timedelta(hours=1)).astimezone(line.commune.tz)
    assert f"{made_at:%d/%m/%Y %H:%M}" in str(refusal.value)  # in station time
    assert line.everything() == before


def test_a_late_package_for_other_days_is_not_older(line: Line) -> None:
    first_half = line.export("a", days=(FROM, date(2026, 12, 10)))
    second_half = line.export("b", days=(date(2026, 12, 11), UNTIL), now=NOW + timedelta(hours=1))
    line.trust(first_half.fingerprint)
    line.receive(second_half.path)
    line.receive(first_half.path)
    assert len(line.plays()) == 12


def test_a_newer_package_moves_cancels_and_adds_but_leaves_what_has_begun(line: Line) -> None:
    line.trust(line.export("a").fingerprint)
    line.receive(line.folder / "a" / "trung-ha")
    with line.centre.decide() as session:
        plays = session.scalars(select(Play).order_by(Play.starts_at)).all()
        plays[0].status = "cancelled"
        plays[5].starts_at += timedelta(minutes=20)
        plays[6].status = "cancelled"
    later = datetime(2026, 12, 2, 3, 0, tzinfo=NOW.tzinfo)
    line.export("b", now=later)
    taken = line.receive(line.folder / "b" / "trung-ha", now=later)
    assert (taken.moved, taken.cancelled, taken.added) == (1, 1, 0)
    statuses = [play.status for play in line.plays()]
    assert statuses[0] == "pinned"  # its hour had passed: what became of it is the player's to say
    assert statuses.count("cancelled") == 1


def test_plays_whose_time_has_passed_are_not_planned_and_the_centre_can_read_so(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    taken = line.receive(sent.path, now=datetime(2026, 12, 9, tzinfo=NOW.tzinfo))
    assert taken.too_late == 5
    assert len(line.plays()) == 7


def test_an_update_brings_only_the_difference_and_needs_what_it_rests_on(
    line: Line, new_station: Callable[..., Station]
) -> None:
    full = line.export("full")
    with line.centre.read() as session:
        episode = session.scalars(select(Episode)).first()
    assert episode is not None
    add_sound(line.centre, episode.id, noise("new words", 7000), 118_000, line.folder / "scratch")
    update = line.export("update", now=NOW + timedelta(hours=2), update=True)
    assert (update.kind, update.needs) == ("update", 2)
    assert len(list(update.path.rglob("*.mp3"))) == 1
    line.trust(full.fingerprint)
    with pytest.raises(PackageRefusedError, match=f"receive package {full.revision} first"):
        line.receive(update.path)
    line.receive(full.path)
    taken = line.receive(update.path)
    assert (taken.sounds_added, taken.moved) == (1, 4)


def test_a_package_for_another_station_is_refused(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    line.receive(sent.path)
    with line.centre.decide() as session:
        other = communes.add(session, name="Xã khác", code="xa-khac", now=NOW)
    meant = export_package(
        line.centre, other, FROM, UNTIL, line.folder / "other", now=NOW + timedelta(hours=1)
    )
    with pytest.raises(PackageRefusedError, match="xa-khac"):
        line.receive(meant.path)


def test_a_package_bound_to_another_key_is_refused(line: Line) -> None:
    with line.centre.decide() as session:
        session.get_one(CommuneStation, line.row.id).public_key = to_text(SigningKey.made_new().public)
        line.row = session.get_one(CommuneStation, line.row.id)
    sent = line.export()
    line.trust(sent.fingerprint)
    with pytest.raises(
        PackageRefusedError, match=r"is meant for .* another key .*station edit trung-ha --key"
    ):
        line.receive(sent.path)


def test_every_reason_is_listed_at_once(line: Line) -> None:
    older = line.export("older")
    newer = line.export("newer", now=NOW + timedelta(hours=1))
    line.trust(older.fingerprint)
    line.receive(newer.path)
    (older.path / "schedule.ics").unlink()
    (older.path / "rundown" / "song.m3u8").write_text("#EXTM3U")
    with pytest.raises(PackageRefusedError) as caught:
        line.receive(older.path)
    for words in ("schedule.ics is missing", "song.m3u8 does not belong", f"revision {newer.revision}"):
        assert words in str(caught.value)


def test_a_stranger_who_names_a_trusted_key_without_having_it_is_refused(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    thief = SigningKey.made_new()
    own, manifest = ((sent.path / name).read_bytes() for name in ("station.json", "manifest.json"))
    (sent.path / "manifest.json.sig").write_bytes(thief.sign(own + manifest))
    with pytest.raises(PackageRefusedError, match="signature"):
        line.receive(sent.path)
    body = json.loads(manifest)
    body["sender"] = {**body["sender"], "public_key": to_text(thief.public)}
    forged = json.dumps(body).encode()
    (sent.path / "manifest.json").write_bytes(forged)
    (sent.path / "manifest.json.sig").write_bytes(thief.sign(own + forged))
    with pytest.raises(PackageRefusedError):
        line.receive(sent.path)
    assert fingerprint(thief.public) != sent.fingerprint


def test_a_failure_in_the_database_leaves_no_sound_behind(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scheduler.exchange import receive

    sent = line.export()
    line.trust(sent.fingerprint)
    before = line.everything()

    def broken(*_facts: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(receive, "_take_in", broken)
    with pytest.raises(RuntimeError):
        line.receive(sent.path)
    assert [entry for entry in line.everything() if str(entry).endswith(".mp3")] == []
    assert line.everything()[:4] == before[:4]


def test_a_path_without_a_package_is_told(line: Line, tmp_path: Path) -> None:
    with pytest.raises(PackageMissingError):
        line.receive(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackageRefusedError, match=r"manifest\.json is missing"):
        line.receive(tmp_path / "empty")


@pytest.mark.parametrize("form", ["dir", "zip"])
def test_no_spoiled_package_is_accepted_none_crashes_and_nothing_is_left(line: Line, form: str) -> None:
    good = line.export("good", form=form)
    with line.centre.decide() as session:
        session.scalars(select(Play)).first().starts_at += timedelta(minutes=1)  # type: ignore[union-attr]
    other = line.export("other", form=form, now=NOW + timedelta(hours=1))
    line.trust(good.fingerprint)
    before = line.everything()
    (line.folder / "spoiled").mkdir()
    chance, key = random.Random(20261122), communes.signing_key(line.centre, NOW)
    for _turn in range(int(os.environ.get("LOA_MUTATIONS", "150"))):
        bad, how = spoiled(chance, good.path, other.path, line.folder / "spoiled", key)
        with pytest.raises(PackageRefusedError):
            line.receive(bad)
            pytest.fail(f"accepted after {how}")
    assert line.everything() == before
    assert line.receive(good.path).added == 12


def test_a_trusted_signer_cannot_write_outside_the_package_either(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    key = communes.signing_key(line.centre, NOW)
    own = (sent.path / "station.json").read_bytes()
    whole = json.loads((sent.path / "manifest.json").read_bytes())
    for path in (
        "../../evil.mp3",
        "/evil.mp3",
        "audio\\evil.mp3",
        "CON.mp3",
        "a/b/c/d/e.mp3",
        "evil.mp3 ",
        "é.mp3",
    ):
        body = {**whole, "files": [*whole["files"], {"path": path, "sha256": "0" * 64, "size": 1}]}
        text = json.dumps(body).encode()
        (sent.path / "manifest.json").write_bytes(text)
        (sent.path / "manifest.json.sig").write_bytes(key.sign(own + text))
        with pytest.raises(PackageRefusedError, match="is not allowed"):
            line.receive(sent.path)
    body = {
        **whole,
        "files": [*whole["files"], {**whole["files"][0], "path": whole["files"][0]["path"].upper()}],
    }
    text = json.dumps(body).encode()
    (sent.path / "manifest.json").write_bytes(text)
    (sent.path / "manifest.json.sig").write_bytes(key.sign(own + text))
    with pytest.raises(PackageRefusedError, match="damaged"):  # the same name twice on a disk that folds case
        line.receive(sent.path)


def test_a_stick_is_told_which_packages_it_holds(line: Line) -> None:
    sent = line.export("stick")
    with pytest.raises(PackageRefusedError, match=r"name one of them \(trung-ha\)"):
        line.receive(sent.path.parent)


def test_two_packages_are_not_taken_in_at_once_and_what_a_killed_one_left_is_swept_away(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    left = line.commune.media.folder / ".incoming-abc"
    left.mkdir(parents=True)
    (left / "half.part").write_bytes(b"x")
    with _alone(line.commune), pytest.raises(ReceivingError):
        line.receive(sent.path)
    assert line.receive(sent.path).added == 12
    assert list(line.commune.media.folder.glob(".incoming*")) == []


def test_plays_that_a_wrong_clock_took_for_too_late_come_back_when_it_is_right(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    assert line.receive(sent.path, now=datetime(2031, 1, 1, tzinfo=NOW.tzinfo)).too_late == 12
    healed = line.receive(sent.path)
    assert (healed.known, healed.added) == (False, 12)
    assert len(line.plays()) == 12
    assert line.receive(sent.path).known


def test_a_package_out_of_the_future_tells_that_a_clock_is_wrong(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    assert line.receive(sent.path, now=datetime(2020, 1, 1, tzinfo=NOW.tzinfo)).clock_doubt
    assert not line.receive(sent.path).clock_doubt


def test_a_renewed_key_of_the_centre_goes_on_where_the_old_one_ended(line: Line) -> None:
    old = line.export("a")
    line.trust(old.fingerprint)
    line.receive(old.path)
    later = NOW + timedelta(hours=1)
    communes.renew_key(line.centre, later)
    new = line.export("b", now=later)
    assert new.fingerprint != old.fingerprint
    with pytest.raises(PackageRefusedError, match=f"{new.fingerprint} --replaces {old.fingerprint}"):
        line.receive(new.path)
    with line.commune.decide() as session:
        trust.renew(session, new.fingerprint, old.fingerprint, now=later)
    taken = line.receive(new.path, now=later)
    assert (taken.added, len(line.plays())) == (0, 12)
    with pytest.raises(PackageRefusedError, match="not trusted"):
        line.receive(old.path)
    name, log = export_log(line.commune, FROM, UNTIL, now=later)
    assert name == "LOA-LOG-trung-ha-20261201-20261231.json"
    import_log(
        line.centre, log, name, now=later,
        trusted_fingerprint=fingerprint(communes.signing_key(line.commune, NOW).public),
    )  # fmt: skip


def test_a_key_with_packages_of_its_own_replaces_no_other(
    line: Line, new_station: Callable[..., Station]
) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    line.receive(sent.path)
    stranger = fingerprint(SigningKey.made_new().public)
    line.trust(stranger)
    with line.commune.decide() as session, pytest.raises(SignerKnownError):
        trust.renew(session, sent.fingerprint, stranger, now=NOW)
    with line.commune.decide() as session, pytest.raises(NoFingerprintError):
        trust.renew(session, stranger, fingerprint(SigningKey.made_new().public), now=NOW)


def test_a_report_to_the_centres_earlier_key_is_taken_in(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    line.receive(sent.path)
    name, log = export_log(line.commune, FROM, UNTIL, now=NOW)
    communes.renew_key(line.centre, NOW)
    own = fingerprint(communes.signing_key(line.commune, NOW).public)
    assert import_log(line.centre, log, name, now=NOW, trusted_fingerprint=own).receipts == 1


def test_a_package_bound_to_this_stations_earlier_key_is_taken_in(line: Line) -> None:
    key = to_text(communes.signing_key(line.commune, NOW).public)
    with line.centre.decide() as session:
        session.get_one(CommuneStation, line.row.id).public_key = key
        line.row = session.get_one(CommuneStation, line.row.id)
    sent = line.export()
    line.trust(sent.fingerprint)
    communes.renew_key(line.commune, NOW)
    assert line.receive(sent.path).added == 12


def test_what_a_thief_of_the_key_sent_can_be_taken_off_the_plan(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    line.receive(sent.path)
    with line.commune.decide() as session:
        _row, cancelled = trust.distrust(session, sent.fingerprint, now=NOW, with_plays=True)
    assert cancelled == 12
    assert {play.status for play in line.plays()} == {"cancelled"}


def test_two_centres_keep_their_plays_apart(line: Line, new_station: Callable[..., Station]) -> None:
    district = new_station("district")
    plan_month(district, programmes=2)
    with district.decide() as session:
        row = communes.add(session, name="Trung Hạ", code="ha", now=NOW)
    ours = line.export()
    theirs = export_package(district, row, FROM, UNTIL, line.folder / "theirs", now=NOW)
    for sent in (ours, theirs):
        line.trust(sent.fingerprint)
        line.receive(sent.path)
    assert len(line.plays()) == 12 + 8
    with district.decide() as session:
        session.scalars(select(Play)).first().status = "cancelled"  # type: ignore[union-attr]
    later = NOW + timedelta(hours=1)
    again = export_package(district, row, FROM, UNTIL, line.folder / "again", now=later)
    assert line.receive(again.path, now=later).cancelled == 1
    with pytest.raises(SeveralCentresError, match="--centre") as refusal:
        export_log(line.commune, FROM, UNTIL, now=later)
    assert all(sent.fingerprint in str(refusal.value) for sent in (ours, theirs))
    name, _log = export_log(line.commune, FROM, UNTIL, now=later, centre=theirs.fingerprint)
    assert name.startswith("LOA-LOG-ha-")
