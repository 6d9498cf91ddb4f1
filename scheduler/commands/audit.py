"""`loa audit`: proof that nothing was altered, and the chain behind each airing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from content import people, shown
from content.commands.choices import DAY
from content.commands.shell import (
    LoaGroup,
    as_person,
    json_option,
    option,
    out,
    print_json,
    print_table,
    say,
    with_station,
)
from content.language import N_, _

if TYPE_CHECKING:
    from content.station import Station


@click.group(
    cls=LoaGroup,
    help=N_(
        "Evidence: an event log that cannot be altered unseen, and the way from an airing back to its document."
    ),
    epilog=N_("Example:\n  loa audit verify\n  loa audit trace 12"),
)
def audit() -> None:
    pass


@audit.command(
    help=N_(
        "Prove that nothing was altered or removed; name the first break. Exit code 1 when there is one."
    ),
    epilog=N_("Example:\n  loa audit verify --code 1234:9f86d081884c7d65"),
)
@option(
    "--code",
    metavar="CODE",
    help=N_("A check code printed on an earlier report: proves the log up to there."),
)
@option("--media", "with_media", is_flag=True, help=N_("Read every sound file too (slow)."))
@json_option
@with_station
def verify(station: Station, code: str | None, with_media: bool, as_json: bool) -> None:
    import scheduler.stations  # noqa: F401 - its tables are sealed too
    from content.audit import AuditError
    from content.audit import verify as verify_all

    with station.read() as session:
        verdict = verify_all(session, anchor=code)
    damaged = _damaged_media(station) if with_media else []
    if as_json:
        print_json(
            {
                "whole": verdict.whole and not damaged,
                "events": verdict.events,
                "rows": verdict.rows,
                "check_code": verdict.anchor,
                "breaks": [one.to_json() for one in verdict.breaks],
                "damaged_media": damaged,
            }
        )
    elif verdict.breaks:
        print_table(
            _("Breaks"), [_("Where"), _("What")], [[one.where, one.told.told(_)] for one in verdict.breaks]
        )
    if verdict.breaks:
        raise AuditError(first=verdict.breaks[0].told, count=len(verdict.breaks))
    if damaged:
        raise AuditError(first=damaged[0], count=len(damaged))
    if not as_json:
        say(
            N_("Whole: {events} entries and {rows} rows are as they were written. Check code: {code}"),
            events=verdict.events, rows=verdict.rows, code=verdict.anchor,
        )  # fmt: skip


@audit.command(
    help=N_("The chain behind a play: sound, script, approver, item, the sentence of the document."),
    epilog=N_("Example:\n  loa audit trace 12\n  loa audit trace --log 345"),
)
@click.argument("play_id", metavar="PLAY", type=int, required=False)
@option("--log", "as_run_id", type=int, help=N_("Begin at this entry of the as-run log."))
@json_option
@with_station
def trace(station: Station, play_id: int | None, as_run_id: int | None, as_json: bool) -> None:
    from scheduler.trace import trace as follow

    if (play_id is None) == (as_run_id is None):
        raise click.UsageError(_("name a play, or an entry of the log with --log"))
    with station.read() as session:
        found = follow(session, play_id=play_id, as_run_id=as_run_id)
    if as_json:
        print_json(found)
    else:
        _show(station, found)


@audit.command(
    "list", help=N_("The last entries of the event log."), epilog=N_("Example:\n  loa audit list --limit 20")
)
@option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help=N_("How many."))
@option("--subject", help=N_("Only about this, such as scripts:12."))
@json_option
@with_station
def list_(station: Station, limit: int, subject: str | None, as_json: bool) -> None:
    from content.audit import recent_events

    with station.read() as session:
        rows = recent_events(session, limit=limit, subject=subject)
    if as_json:
        print_json(rows)
        return
    print_table(
        _("Event log"),
        [_("No."), _("When"), _("Who"), _("What"), _("About"), _("Reason")],
        [
            [
                row["number"],
                shown.moment(row["at"], station.tz, seconds=True),
                row["person"] or _("Loa itself"),
                _action(row["action"]),
                _subject(row["subject"]),
                row["detail"].get("reason"),
            ]
            for row in rows
        ],
        empty=N_("Nothing has been noted yet."),
    )


@audit.command(
    "set-aside",
    help=N_("Set the local rules aside for some days (a great event): who and why stand in every report."),
    epilog=N_('Example:\n  loa audit set-aside 30/04/2027 01/05/2027 --reason "Lễ 30/4 và 1/5"'),
)
@click.argument("from_on", metavar="FROM", type=DAY)
@click.argument("until_on", metavar="TO", type=DAY, required=False)
@option("--reason", required=True, help=N_("Why."))
@as_person
@with_station
def set_aside(
    station: Station, from_on: date, until_on: date | None, reason: str, as_name: str | None
) -> None:
    from scheduler.policy import set_aside as decide

    with station.decide() as session:
        person = people.current_person(session, station.config, as_name)
        decide(
            session, station, from_on=from_on, until_on=until_on or from_on, person=person, reason=reason,
            now=datetime.now(UTC),
        )  # fmt: skip
    say(
        N_(
            "The local rules are set aside from {first:%d/%m/%Y} to {last:%d/%m/%Y}; run `loa plan build` again."
        ),
        first=from_on,
        last=until_on or from_on,
    )


@audit.command(
    help=N_(
        "Remove as-run entries older than a day; at least 25 months always stay, and the event log stays whole."
    ),
    epilog=N_('Example:\n  loa audit forget 01/01/2024 --reason "Hết thời hạn lưu"'),
)
@click.argument("before_on", metavar="DAY", type=DAY)
@option("--reason", required=True, help=N_("Why."))
@as_person
@with_station
def forget(station: Station, before_on: date, reason: str, as_name: str | None) -> None:
    from scheduler.retention import forget_before

    with station.decide() as session:
        person = people.current_person(session, station.config, as_name)
        count = forget_before(
            session, station.config, before_on, person=person, reason=reason, now=datetime.now(UTC)
        )
    say(
        N_("{count} entries of the as-run log before {day:%d/%m/%Y} are removed."), count=count, day=before_on
    )


ACTIONS = {
    "added": N_("{what} added"), "changed": N_("{what} changed"), "removed": N_("{what} removed"),
    "retired": N_("{what} retired"), "submitted": N_("{what} submitted"), "approved": N_("{what} approved"),
    "rejected": N_("{what} rejected"), "emergency": N_("{what} let on air in an emergency"),
    "consented": N_("{what} agreed to"), "built": N_("{what} laid"), "moved": N_("{what} moved"),
    "pinned": N_("{what} pinned"), "released": N_("{what} unpinned"), "cancelled": N_("{what} cancelled"),
    "made": N_("{what} made"), "received": N_("{what} received"), "sent": N_("{what} sent"),
    "reported": N_("{what} reported"), "trusted": N_("{what} trusted"), "distrusted": N_("{what} trusted no more"),
    "forgotten": N_("{what} forgotten"), "overridden": N_("{what} set aside"),
}  # fmt: skip
NOUNS = {
    "document": N_("document"), "item": N_("item"), "programme": N_("programme"), "script": N_("script"),
    "approval": N_("approval"), "episode": N_("episode"), "sound": N_("sound"), "play": N_("play"), "plan": N_("plan"),
    "as-run": N_("as-run entry"), "as_run": N_("as-run entry"), "station-as-run": N_("as-run entry of a station"),
    "station_as_run": N_("as-run entry of a station"), "user": N_("person"), "voice": N_("makeshift voice"),
    "backup": N_("backup"), "report": N_("report"), "package": N_("package"), "signer": N_("key"),
    "station": N_("station"), "urgent": N_("urgent bulletin"), "policy": N_("local rules"), "episode_audio": N_("sound"),
}  # fmt: skip
"""The words of which the actions of the event log are made; `--json` has them as they are stored."""


def _action(action: str) -> str:
    noun, _dot, verb = action.partition(".")
    if noun not in NOUNS or verb not in ACTIONS:
        return action
    return _(ACTIONS[verb]).format(what=_(NOUNS[noun]))


def _subject(subject: str) -> str:
    table, _colon, key = subject.partition(":")
    noun = NOUNS.get(table) or NOUNS.get(table.removesuffix("s"))
    return f"{_(noun)} {key}" if noun else subject


def _damaged_media(station: Station) -> list[str]:
    from content.atomic import sha256_of

    folder = station.media.folder
    return [
        f"{path.relative_to(folder)}: SHA-256"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and len(path.stem) == 64
        and not path.name.startswith(".")
        and sha256_of(path) != path.stem
    ]


def _show(station: Station, found: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.tree import Tree

    from scheduler.trace import moment

    def line(text: str, **facts: object) -> str:
        return escape(_(text).format(**facts))

    play = found["play"]
    tree = Tree(
        line(
            N_("Play {id}: {kind}, {at}, {status}"),
            id=play["id"], kind=_(play["kind"]), at=moment(play["starts_at"], station.tz), status=_(play["status"]),
        )
        if play
        else line(N_("An entry of the as-run log without a play"))
    )  # fmt: skip
    for row in found["as_run"]:
        tree.add(
            line(
                N_("As-run {id}: {outcome}, {at}, {seconds} s heard, {output}{reason} (entry {event} of the event log)"),
                id=row["id"], outcome=_(row["outcome"] or "on the air"), at=moment(row["started_at"], station.tz),
                seconds=round(row["heard_ms"] / 1000), output=row["output"],
                reason=f": {row['reason']}" if row["reason"] else "", event=row["event"] or "—",
            )
        )  # fmt: skip
    if episode := found["episode"]:
        branch = tree.add(escape(episode["title"]))
        if rule := episode["rule"]:
            branch.add(
                line(
                    N_("ordered by {number}: “{words}”"),
                    number=rule["number"] or rule["file"],
                    words=rule["words"],
                )
            )
    for sound in found["sounds"]:
        tree.add(
            line(
                N_("Sound {sha256}…: {voices}{consent}"),
                sha256=sound["sha256"][:16], voices=", ".join(sorted({s["voice"] for s in sound["segments"]})),
                consent=f" ({sound['consent_by']})" if sound["consent_by"] else "",
            )
        )  # fmt: skip
    for script in found["scripts"]:
        if script.get("missing"):
            tree.add(line(N_("Script {id} is missing"), id=script["id"]))
            continue
        branch = tree.add(
            line(
                N_("Script {id}, version {version} of item {item}: {title}, written by {writer}"),
                id=script["id"], version=script["version"], item=script["item"]["id"], title=script["item"]["title"],
                writer=script["written_by"] or "—",
            )
        )  # fmt: skip
        for approval in script["approvals"]:
            branch.add(
                line(
                    N_("{decision} by {person}, {at}, of text {sha256}…{exact}"),
                    decision=_(approval["decision"]), person=approval["person"], at=moment(approval["decided_at"], station.tz),
                    sha256=approval["script_sha256"][:16], exact="" if approval["exact"] else " ≠",
                )
            )  # fmt: skip
        if source := script["source"]:
            branch.add(
                line(
                    N_("{kind} {number} of {issuer}: “{words}”"),
                    kind=source["kind"], number=source["number"] or source["file"], issuer=source["issuer"] or "—",
                    words=source["words"][:300],
                )
            )  # fmt: skip
    out().print(tree)


_WORDS: tuple[str, ...] = (N_("emergency"), N_("degraded-voice"), N_("first"), N_("replay"))
