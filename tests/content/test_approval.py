"""Approval: an exact text and sound, never by its own writer, and again after any change."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from content import approval
from content.approval import (
    AlreadyDecidedError,
    ItemRetiredError,
    NoScriptError,
    NotEmergencyError,
    NotSubmittedError,
    OwnScriptError,
    ReasonMissingError,
    UnknownWordsError,
    is_cleared,
)
from content.audit import verify
from content.config import ApprovalConfig, Config
from content.errors import LoaError
from content.items import add_item, edit_item, get_item
from content.models import Approval, Script
from content.people import RoleMissingError, add_person
from content.script_versions import save_version
from content.station import Station

NOW = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
MakeStation = Callable[..., Station]
STRICT = Config()
ALONE = Config(approval=ApprovalConfig(single_person=True))


def write(station: Station, item_id: int, words: str, person: str, unknowns: list[Any] | None = None) -> int:
    with station.decide() as session:
        script = save_version(
            session,
            get_item(session, item_id),
            sentences=[{"text": words, "spoken": words, "pause_after_ms": 300, "span": None}],
            unknowns=unknowns or [],
            estimated_ms=1000,
            now=NOW,
            person=person,
        )
        return script.id


def new_item(station: Station, person: str = "lan", **fields: Any) -> int:
    with station.decide() as session:
        return add_item(session, title="Tin", text="Xin chào", now=NOW, person=person, **fields).id


def do(station: Station, decision: Callable[..., Any], item_id: int, *args: Any, **settings: Any) -> Any:
    with station.decide() as session:
        return decision(session, get_item(session, item_id), *args, **settings)


def cleared(station: Station, script_id: int, audio: str | None = None, **facts: bool) -> approval.Clearance:
    with station.read() as session:
        script = session.get(Script, script_id)
        assert script is not None
        return is_cleared(session, script, audio, **facts)


@pytest.fixture
def station(new_station: MakeStation) -> Station:
    return new_station()


def test_the_way_of_an_item_to_the_air(station: Station) -> None:
    item = new_item(station)
    with pytest.raises(NoScriptError):
        do(station, approval.submit, item, "lan")
    script = write(station, item, "xin chào", "lan")
    assert not cleared(station, script)
    with pytest.raises(NotSubmittedError, match="loa item submit"):
        do(station, approval.approve, item, "hoa", config=STRICT)
    do(station, approval.submit, item, "lan")
    assert not cleared(station, script)
    with pytest.raises(AlreadyDecidedError):
        do(station, approval.submit, item, "lan")
    word = do(station, approval.approve, item, "hoa", config=STRICT)
    assert cleared(station, script)
    assert not word.single_person
    with pytest.raises(AlreadyDecidedError):
        do(station, approval.approve, item, "hoa", config=STRICT)


@pytest.mark.parametrize("writer", ["script", "item", "submitter"])
def test_nobody_approves_their_own_words(station: Station, writer: str) -> None:
    item = new_item(station, person="hoa" if writer == "item" else "lan")
    write(station, item, "xin chào", {"script": "hoa", "item": "", "submitter": "lan"}[writer] or None)  # type: ignore[arg-type]
    do(station, approval.submit, item, "hoa" if writer == "submitter" else "lan")
    with pytest.raises(OwnScriptError, match="single_person"):
        do(station, approval.approve, item, "hoa", config=STRICT)
    word = do(station, approval.approve, item, "hoa", config=ALONE)
    assert word.single_person


def test_a_change_of_words_needs_approval_again(station: Station) -> None:
    item = new_item(station)
    first = write(station, item, "xin chào", "lan")
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT)
    second = write(station, item, "xin chào bà con", "lan")
    assert not cleared(station, first)
    assert not cleared(station, second)
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT)
    assert cleared(station, second)
    assert not cleared(station, first)


def test_words_altered_in_place_do_not_air(station: Station) -> None:
    item = new_item(station)
    script_id = write(station, item, "xin chào", "lan")
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT)
    with station.decide() as session:
        script = session.get(Script, script_id)
        assert script is not None
        script.sentences = [{**script.sentences[0], "spoken": "nói bậy"}]
    assert not cleared(station, script_id)
    with station.read() as session:
        assert [b.kind for b in verify(session).breaks] == ["text"]


def test_unknown_words_stand_in_the_way(station: Station) -> None:
    item = new_item(station)
    write(station, item, "xin chào", "lan", unknowns=[{"text": "QĐ-XYZ"}])
    do(station, approval.submit, item, "lan")
    with pytest.raises(UnknownWordsError, match="QĐ-XYZ"):
        do(station, approval.approve, item, "hoa", config=STRICT)


def test_a_rejection_says_why_and_takes_off_the_air(station: Station) -> None:
    item = new_item(station)
    script = write(station, item, "xin chào", "lan")
    with pytest.raises(NotSubmittedError):
        do(station, approval.reject, item, "hoa", "sai")
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT)
    for reason in (None, "", "  "):
        with pytest.raises(ReasonMissingError):
            do(station, approval.reject, item, "hoa", reason)
    do(station, approval.reject, item, "hoa", "sai ngày")
    assert not cleared(station, script)
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT)
    assert cleared(station, script)


def test_an_approval_that_names_a_sound_covers_only_that_sound(station: Station) -> None:
    item = new_item(station)
    script = write(station, item, "xin chào", "lan")
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT, audio_sha256="a" * 64)
    assert cleared(station, script, "a" * 64)
    assert not cleared(station, script, "b" * 64)
    do(station, approval.approve, item, "hoa", config=STRICT, audio_sha256="b" * 64)
    assert cleared(station, script, "b" * 64)


def test_a_sound_approved_before_a_change_does_not_come_back_with_the_next_approval(station: Station) -> None:
    item = new_item(station)
    script = write(station, item, "xin chào", "lan")
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT, audio_sha256="a" * 64)
    with station.decide() as session:
        edit_item(session, get_item(session, item), {"title": "Tin khác"})
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT)
    assert cleared(station, script, "b" * 64)
    assert not cleared(station, script, "a" * 64, recording=True)


def test_a_text_alone_vouches_for_the_station_voice_but_not_for_a_recording(station: Station) -> None:
    item = new_item(station)
    script = write(station, item, "xin chào", "lan")
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT)
    assert cleared(station, script, "a" * 64)
    assert not cleared(station, script, "a" * 64, recording=True)
    do(station, approval.approve, item, "hoa", config=STRICT, audio_sha256="a" * 64)
    assert cleared(station, script, "a" * 64, recording=True)


def test_a_makeshift_voice_needs_consent(station: Station) -> None:
    item = new_item(station)
    script_id = write(station, item, "xin chào", "lan")
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT)
    refused = cleared(station, script_id, "a" * 64, degraded=True)
    assert not refused
    assert "--degraded-voice" in str(refused.reason)
    with station.decide() as session:
        script = session.get(Script, script_id)
        assert script is not None
        approval.consent_to_degraded_voice(session, script, "hoa", audio_sha256="a" * 64)
    assert cleared(station, script_id, "a" * 64, degraded=True)
    assert not cleared(station, script_id, "b" * 64, degraded=True)


def test_an_emergency_airs_at_once_under_a_name_and_a_reason(station: Station) -> None:
    item = new_item(station, bulletin_class="emergency")
    script = write(station, item, "bão", "lan")
    with pytest.raises(ReasonMissingError):
        do(station, approval.approve_emergency, item, "lan", " ")
    word = do(station, approval.approve_emergency, item, "lan", "bão số 5")
    assert (word.decision, word.reason, word.person) == ("emergency", "bão số 5", "lan")
    assert cleared(station, script).decision == "emergency"
    assert cleared(station, script, "a" * 64, degraded=True)  # the only voice without a network may warn
    usual = new_item(station)
    write(station, usual, "xin chào", "lan")
    with pytest.raises(NotEmergencyError):
        do(station, approval.approve_emergency, usual, "lan", "vội")


def test_a_retired_item_is_off_the_air(station: Station) -> None:
    item = new_item(station)
    script = write(station, item, "xin chào", "lan")
    do(station, approval.submit, item, "lan")
    do(station, approval.approve, item, "hoa", config=STRICT)
    with station.decide() as session:
        get_item(session, item).status = "retired"
    assert not cleared(station, script)
    for decision in (approval.submit, approval.reject):
        with pytest.raises(ItemRetiredError):
            do(station, decision, item, "lan")


def test_roles_hold_where_people_are_registered(station: Station) -> None:
    with station.decide() as session:
        add_person(session, "Sếp", ["administrator"], by="sep", os_user="sep")
        add_person(session, "Lan", ["editor"], by="Sếp")
        add_person(session, "Hòa", ["approver"], by="Sếp")
    item = new_item(station, person="Lan")
    write(station, item, "xin chào", "Lan")
    with pytest.raises(RoleMissingError, match="editor"):
        do(station, approval.submit, item, "Hòa")
    do(station, approval.submit, item, "Lan")
    for person in ("Lan", "Sếp", "người lạ"):
        with pytest.raises(RoleMissingError, match="approver"):
            do(station, approval.approve, item, person, config=ALONE)
    do(station, approval.approve, item, "Hòa", config=STRICT)


class Desk(RuleBasedStateMachine):
    """Any order of commands by any people; beside it, what may air is worked out from the log of commands."""

    make: MakeStation
    number = 0

    @initialize()
    def open(self) -> None:
        Desk.number += 1
        self.station = Desk.make(f"desk{Desk.number}")
        self.items: list[int] = []
        self.scripts: dict[int, list[tuple[int, str]]] = {}  # item → [(script, writer)]
        self.submitters: dict[int, set[str]] = {}
        self.may: dict[
            int, set[str | None]
        ] = {}  # script → sounds that may air; None: any of the station voice
        self.retired: set[int] = set()
        self.emergency: set[int] = set()

    people = st.sampled_from(["lan", "hoa"])
    which = st.integers(0, 1)

    def pick(self, which: int) -> int:
        return self.items[which % len(self.items)]

    def try_(self, decision: Callable[..., Any], item: int, *args: Any, **settings: Any) -> bool:
        try:
            do(self.station, decision, item, *args, **settings)
        except LoaError:
            return False
        return True

    @precondition(lambda self: len(self.items) < 2)
    @rule(person=people, bulletin_class=st.sampled_from(["normal", "emergency"]))
    def add(self, person: str, bulletin_class: str) -> None:
        item = new_item(self.station, person=person, bulletin_class=bulletin_class)
        self.items.append(item)
        self.scripts[item] = []
        if bulletin_class == "emergency":
            self.emergency.add(item)

    @precondition(lambda self: self.items)
    @rule(
        which=which,
        person=people,
        words=st.sampled_from(["một", "hai", "ba"]),
        unknown=st.sampled_from([False, False, False, True]),
    )
    def edit(self, which: int, person: str, words: str, unknown: bool) -> None:
        item = self.pick(which)
        script = write(self.station, item, words, person, ["?"] if unknown else [])
        if not self.scripts[item] or self.scripts[item][-1][0] != script:
            self.scripts[item].append((script, person))
            self.submitters[script] = set()
            for older, _writer in self.scripts[item]:
                self.may[older] = set()

    @precondition(lambda self: self.items)
    @rule(which=which, audio=st.sampled_from([None, "a" * 64]))
    def go_the_whole_way(self, which: int, audio: str | None) -> None:
        """So that states that only a finished approval leads to are met often."""
        self.edit(which, "lan", "bốn", False)
        self.submit(which, "lan")
        self.approve(which, "hoa", audio)

    @precondition(lambda self: self.items)
    @rule(which=which, title=st.sampled_from(["Tin", "Tin mới"]))
    def retitle(self, which: int, title: str) -> None:
        item = self.pick(which)
        with self.station.decide() as session:
            changed = edit_item(session, get_item(session, item), {"title": title, "text": title})
        if changed and self.scripts[item]:
            self.may[self.scripts[item][-1][0]] = set()

    @precondition(lambda self: self.items)
    @rule(which=which, person=people)
    def submit(self, which: int, person: str) -> None:
        item = self.pick(which)
        if self.try_(approval.submit, item, person):
            script = self.scripts[item][-1][0]
            self.submitters[script].add(person)
            self.may[script] = set()

    @precondition(lambda self: self.items)
    @rule(which=which, person=people, audio=st.sampled_from([None, "a" * 64, "b" * 64]))
    def approve(self, which: int, person: str, audio: str | None) -> None:
        item = self.pick(which)
        if self.try_(approval.approve, item, person, config=STRICT, audio_sha256=audio):
            script, writer = self.scripts[item][-1]
            assert person != writer
            assert person not in self.submitters[script]
            assert item not in self.retired
            named = self.may[script] - {None}
            self.may[script] = (named | {audio}) if audio else (named or {None})

    @precondition(lambda self: self.items)
    @rule(which=which, person=people, reason=st.sampled_from(["", "bão"]))
    def bypass(self, which: int, person: str, reason: str) -> None:
        item = self.pick(which)
        if self.try_(approval.approve_emergency, item, person, reason):
            assert item in self.emergency
            assert reason
            script = self.scripts[item][-1][0]
            self.may[script] = (self.may[script] - {None}) or {
                None
            }  # what was named before still stands, if it stood

    @precondition(lambda self: self.items)
    @rule(which=which, person=people)
    def reject(self, which: int, person: str) -> None:
        item = self.pick(which)
        if self.try_(approval.reject, item, person, "sai"):
            self.may[self.scripts[item][-1][0]] = set()

    @precondition(lambda self: self.items)
    @rule(which=which)
    def retire(self, which: int) -> None:
        item = self.pick(which)
        with self.station.decide() as session:
            get_item(session, item).status = "retired"
        self.retired.add(item)
        for script, _writer in self.scripts[item]:
            self.may[script] = set()

    @invariant()
    def nothing_unapproved_may_air(self) -> None:
        for item in getattr(self, "items", []):
            for script, _writer in self.scripts[item]:
                may = self.may.get(script, set())
                assert bool(cleared(self.station, script)) == bool(may)
                for audio in ("a" * 64, "b" * 64, "c" * 64):
                    allowed = audio in may or None in may
                    assert bool(cleared(self.station, script, audio)) == allowed
                    assert not cleared(self.station, script, audio, recording=True) or audio in may

    def teardown(self) -> None:
        if hasattr(self, "station"):
            with self.station.read() as session:
                verdict = verify(session)
                assert verdict.whole, verdict.breaks
                decided = session.scalars(select(Approval)).all()
                assert all(not word.single_person or word.decision == "emergency" for word in decided)


def test_no_sequence_of_commands_clears_unapproved_words_or_sound(new_station: MakeStation) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Desk.make = staticmethod(new_station)
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=300 if os.environ.get("LOA_LONG_TESTS") else 20,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes here
            suppress_health_check=list(HealthCheck),
        ),
    )
