"""Approval: a named person's word on an exact text and its exact sound, and whether something may air.

An approval of a text covers the sound that a station voice makes of exactly that text. Where an approval
names a sound, only that sound is covered. A recording made by a person, and a degraded voice, always need
a word of their own. Any new version of a script needs approval again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from content.config import Config
from content.errors import LoaError, Told
from content.events import Event, name_of, record
from content.language import N_
from content.models import Approval, Item, Script
from content.newest_sound import newest_sound
from content.people import require_role
from content.script_versions import spoken_sha256

GIVEN = ("approved", "emergency")
TAKEN = ("rejected", "withdrawn")
"""Decisions that end what was given before; withdrawn: the item was changed and then approved anew."""


class NoScriptError(LoaError):
    """An item without a script."""

    sentence = N_("item {item} has no script yet: write one with `loa script edit {item}`")


class NotSubmittedError(LoaError):
    """An approval of what nobody has submitted."""

    sentence = N_("item {item} is {status}, not submitted: run `loa item submit {item}` first")


class AlreadyDecidedError(LoaError):
    """The same decision twice."""

    sentence = N_("item {item} is already {status} in this version: edit the script to change it")


class ItemRetiredError(LoaError):
    """A decision on an item that is out of use."""

    sentence = N_("item {item} is retired: add a new item instead")


class UnknownWordsError(LoaError):
    """The script holds words that nobody knows how to say."""

    sentence = N_(
        "item {item} cannot be approved while {count} of its words are unknown ({words}): teach them with `loa lexicon add`, or edit the script"
    )


class OwnScriptError(LoaError):
    """The writer would approve their own words."""

    sentence = N_(
        "{person!r} wrote or submitted the script of item {item} and cannot approve it: let someone else approve it (`--as NAME`), or set single_person = true under [approval] in config.toml if the station has only one person"
    )


class ReasonMissingError(LoaError):
    """A decision that has to say why."""

    sentence = N_("this decision needs a reason: give it with `--reason TEXT`")


class NotEmergencyError(LoaError):
    """The emergency way for something that is no emergency."""

    sentence = N_(
        "item {item} is of class {bulletin_class}; only emergency items go on air without approval: submit and approve it, or set its class to emergency"
    )


class NoSoundError(LoaError):
    """An approval of a sound that is not there."""

    sentence = N_(
        "item {item} has no sound in its newest version yet: run `loa render {item}` first, and listen to it"
    )


@dataclass(frozen=True, slots=True)
class Clearance:
    """Whether something may air; true in a condition when it may. `reason` says why not."""

    ok: bool
    reason: Told | None = None
    decision: str | None = None
    """approved or emergency, where it may."""

    def __bool__(self) -> bool:
        return self.ok


def latest_script(session: Session, item: Item) -> Script:
    """The newest version of the item's words. Raises: NoScriptError."""
    script = session.scalar(
        select(Script).where(Script.item_id == item.id).order_by(Script.version.desc()).limit(1)
    )
    if script is None:
        raise NoScriptError(item=item.id)
    return script


def sound_to_approve(session: Session, item: Item) -> str:
    """The SHA-256 of the newest sound of the newest script: what `loa item approve --sound` names.

    Raises:
        NoScriptError, NoSoundError.
    """
    found = newest_sound(session, latest_script(session, item))
    if found is None:
        raise NoSoundError(item=item.id)
    return found.sha256


def submit(
    session: Session,
    item: Item,
    person: str,
    *,
    config: Config | None = None,  # noqa: ARG001
    now: datetime | None = None,
) -> Script:
    """Hand the newest script in for approval.

    Raises:
        NoScriptError, ItemRetiredError, AlreadyDecidedError, RoleMissingError.
    """
    require_role(session, person, "editor")
    _refuse_retired(item)
    script = latest_script(session, item)
    if script.status in ("submitted", "approved") and item.status == script.status:
        raise AlreadyDecidedError(item=item.id, status=Told(script.status))
    script.status = item.status = "submitted"
    record(
        session,
        action="script.submitted",
        subject=script,
        person=person,
        detail={"item": item.id, "version": script.version, "script_sha256": script.sha256},
        at=now,
    )
    return script


def approve(
    session: Session,
    item: Item,
    person: str,
    *,
    config: Config,
    audio_sha256: str | None = None,
    reason: str | None = None,
    now: datetime | None = None,
) -> Approval:
    """Approve the newest script, and with `audio_sha256` exactly that sound of it (again, for a new sound).

    Raises:
        NoScriptError, ItemRetiredError, NotSubmittedError, UnknownWordsError, OwnScriptError,
        AlreadyDecidedError, RoleMissingError.
    """
    require_role(session, person, "approver")
    _refuse_retired(item)
    script = latest_script(session, item)
    again = script.status == "approved" and item.status == "approved"
    if again and (audio_sha256 is None or is_cleared(session, script, audio_sha256, recording=True)):
        raise AlreadyDecidedError(item=item.id, status=Told(script.status))
    if not again and not (script.status == item.status == "submitted"):
        raise NotSubmittedError(item=item.id, status=Told(item.status))
    _refuse_unknowns(item, script)
    own = person in authors(session, item, script)
    if own and not config.approval.single_person:
        raise OwnScriptError(person=person, item=item.id)
    return _decide(session, item, script, "approved", person, audio_sha256, reason, own, now)


def reject(
    session: Session,
    item: Item,
    person: str,
    reason: str | None = None,
    *,
    config: Config | None = None,  # noqa: ARG001
    now: datetime | None = None,
) -> Approval:
    """Send the newest script back, or take an approval back; it is off the air at once.

    Raises:
        NoScriptError, ItemRetiredError, NotSubmittedError, ReasonMissingError, RoleMissingError.
    """
    require_role(session, person, "approver")
    _refuse_retired(item)
    script = latest_script(session, item)
    if script.status not in ("submitted", "approved"):
        raise NotSubmittedError(item=item.id, status=Told(item.status))
    return _decide(session, item, script, "rejected", person, None, _reason(reason), False, now)


def approve_emergency(
    session: Session,
    item: Item,
    person: str,
    reason: str,
    *,
    config: Config | None = None,  # noqa: ARG001
    audio_sha256: str | None = None,
    now: datetime | None = None,
) -> Approval:
    """Let an emergency item on air without the second person; the name and the reason stand in every report.

    Raises:
        NotEmergencyError, ReasonMissingError, NoScriptError, ItemRetiredError, RoleMissingError.
    """
    require_role(session, person, "operator", "approver")
    _refuse_retired(item)
    if item.bulletin_class != "emergency":
        raise NotEmergencyError(item=item.id, bulletin_class=item.bulletin_class)
    script = latest_script(session, item)
    own = person in authors(session, item, script)
    return _decide(session, item, script, "emergency", person, audio_sha256, _reason(reason), own, now)


def consent_to_degraded_voice(
    session: Session,
    script: Script,
    person: str,
    *,
    audio_sha256: str | None,
    reason: str | None = None,
    now: datetime | None = None,
) -> Approval:
    """Agree that this sound airs although its voice is poor; with no hash, any degraded sound of this version.

    Raises:
        RoleMissingError.
    """
    require_role(session, person, "approver", "operator")
    approval = _row(script, "degraded-voice", person, audio_sha256, reason, False, now)
    session.add(approval)
    session.flush()
    record(
        session,
        action="voice.consented",
        subject=script,
        person=person,
        detail={"item": script.item_id, "audio_sha256": audio_sha256, "reason": reason},
        rows=[approval],
        at=now,
    )
    return approval


def is_cleared(
    session: Session,
    script: Script,
    audio_sha256: str | None = None,
    *,
    degraded: bool = False,
    recording: bool = False,
) -> Clearance:
    """Whether this script version may air, and where `audio_sha256` is given, that sound of it.

    `audio_sha256` is of the sound of this script alone (its segment). `degraded`: the voice was poor.
    `recording`: a person made the sound, so that the text alone does not vouch for it.
    """
    item = session.get(Item, script.item_id)
    if item is None or item.status in ("retired", "rejected"):
        return _no(
            N_("item {item} is {status}"), item=script.item_id, status=Told(item.status if item else "—")
        )
    newest = session.scalar(select(func.max(Script.version)).where(Script.item_id == script.item_id))
    if newest != script.version:
        return _no(
            N_("the text of item {item} was changed after version {version}: approve version {newest}"),
            item=script.item_id, version=script.version, newest=newest,
        )  # fmt: skip
    words = list(
        session.scalars(
            select(Approval)
            .where(Approval.script_id == script.id, Approval.script_sha256 == script.sha256)
            .order_by(Approval.id)
        )
    )
    decided = [word for word in words if word.decision in (*GIVEN, *TAKEN)]
    if spoken_sha256(script.sentences) != script.sha256:
        return _no(
            N_("the script of item {item} was altered without a new version: run `loa audit verify`"),
            item=script.item_id,
        )
    standing = script.status == item.status == "approved"
    if not decided or decided[-1].decision in TAKEN or not standing:
        return _no(
            N_("the script of item {item} (version {version}) is not approved: run `loa item approve {item}`"),
            item=script.item_id, version=script.version,
        )  # fmt: skip
    since = max((i for i, word in enumerate(decided) if word.decision in TAKEN), default=-1) + 1
    valid = decided[since:]
    decision = valid[-1].decision
    if audio_sha256 is None:
        return Clearance(True, None, decision)
    named = {word.audio_sha256 for word in valid if word.audio_sha256}
    if (named or recording) and audio_sha256 not in named:
        return _no(
            N_(
                "the sound of item {item} is not the one that was approved: listen to it, then approve it with `loa item approve {item} --sound`"
            ),
            item=script.item_id,
        )
    urgent = any(
        word.decision == "emergency" for word in valid
    )  # its person and reason stand in every report
    if (
        degraded
        and not urgent
        and not any(
            word.decision == "degraded-voice" and word.audio_sha256 in (None, audio_sha256) for word in words
        )
    ):
        return _no(
            N_("item {item} has only a makeshift voice, to which nobody has agreed: agree with `loa item approve {item} --degraded-voice`, or render it with a better voice"),
            item=script.item_id,
        )  # fmt: skip
    return Clearance(True, None, decision)


def authors(session: Session, item: Item, script: Script) -> set[str]:
    """Everyone who wrote or submitted this version."""
    submitted = session.scalars(
        select(Event.person).where(Event.action == "script.submitted", Event.subject == name_of(script))
    )
    written = script.created_by or item.created_by
    return {name for name in (written, *submitted) if name}


def _decide(
    session: Session,
    item: Item,
    script: Script,
    decision: str,
    person: str,
    audio_sha256: str | None,
    reason: str | None,
    own: bool,
    now: datetime | None,
) -> Approval:
    status = "rejected" if decision == "rejected" else "approved"
    if not script.status == item.status == "approved" and status == "approved":
        _void_earlier(session, script, person, now)
    script.status = item.status = status
    if status == "approved":
        for older in session.scalars(
            select(Script).where(Script.item_id == item.id, Script.version < script.version)
        ):
            if older.status != "superseded":
                older.status = "superseded"
    approval = _row(script, decision, person, audio_sha256, reason, own, now)
    session.add(approval)
    session.flush()
    record(
        session,
        action=f"script.{decision}",
        subject=script,
        person=person,
        detail={
            "item": item.id,
            "version": script.version,
            "script_sha256": script.sha256,
            "audio_sha256": audio_sha256,
            "reason": reason,
            "single_person": own,
        },
        rows=[script, item, approval],
        at=now,
    )
    return approval


def _void_earlier(session: Session, script: Script, person: str, now: datetime | None) -> None:
    """The item was changed since: what was approved of this version before no longer counts, its sounds included."""
    last = session.scalar(
        select(Approval.decision)
        .where(Approval.script_id == script.id, Approval.decision.in_((*GIVEN, *TAKEN)))
        .order_by(Approval.id.desc())
        .limit(1)
    )
    if last in GIVEN:
        session.add(_row(script, "withdrawn", person, None, None, False, now))
        session.flush()


def _row(
    script: Script,
    decision: str,
    person: str,
    audio_sha256: str | None,
    reason: str | None,
    own: bool,
    now: datetime | None,
) -> Approval:
    return Approval(
        script_id=script.id,
        script_sha256=script.sha256,
        audio_sha256=audio_sha256,
        decision=decision,
        person=person,
        reason=reason,
        single_person=own,
        decided_at=now or datetime.now(UTC),
    )


def _refuse_retired(item: Item) -> None:
    if item.status == "retired":
        raise ItemRetiredError(item=item.id)


def _refuse_unknowns(item: Item, script: Script) -> None:
    if script.unknowns:
        words = [str(u.get("text", u) if isinstance(u, dict) else u) for u in script.unknowns]
        raise UnknownWordsError(item=item.id, count=len(words), words=list(dict.fromkeys(words))[:5])


def _reason(reason: str | None) -> str:
    if not reason or not reason.strip():
        raise ReasonMissingError
    return reason.strip()


def _no(message: str, **facts: object) -> Clearance:
    return Clearance(False, Told(message, **facts))
