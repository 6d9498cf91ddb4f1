"""Orders from staff while the station runs: urgent bulletins, stop, resume, and the watched folder."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from content import atomic
from content.errors import LoaError
from content.language import _
from scheduler.daemon import aired_alerts, arbiter, bulletin, requests, unfinished
from scheduler.daemon.air_desk import Piece
from scheduler.daemon.cap import CapAlert
from scheduler.daemon.deck import Source
from scheduler.daemon.journal import Entry
from scheduler.daemon.power import Power
from scheduler.daemon.requests import Request
from scheduler.daemon.sources import InTurn, built_in
from scheduler.daemon.studio import Studio
from scheduler.daemon.unfinished import Order
from scheduler.daemon.watched_folder import WatchedFolder

log = logging.getLogger("loa.daemon")
LANES = 4
"""Bulletins that are made ready at one time."""


class Urgent:
    """Carries out requests; in the daemon's thread."""

    def __init__(self, studio: Studio, power: Power) -> None:
        self.studio, self.power = studio, power
        self.folder = studio.air.requests
        self.folder.mkdir(parents=True, exist_ok=True)
        self._alerts: dict[str, str] = {}
        """Pieces that read an alert, by its name."""
        self.withdrawn: dict[str, str] = {}
        """Alerts that others replaced or cancelled, each with the identifier of the other."""
        self.watched = WatchedFolder(studio, self)
        self._known: set[str] = set()
        """Orders that are being made ready."""
        self._lane = 0
        self._number = 0
        self._final = False
        """What ends now is over for a person: nothing of it begins again."""
        self._closing = False
        self._stops: list[str] = []
        """The orders to be silent: what was being made ready then is not heard."""
        requests.sweep(self.folder)
        for name in ("urgent", "alarm"):
            built_in(name, studio.air.cue)
        if studio.air.stopped.exists():  # whatever is left of the order: silence was asked for
            who, why = "?", ""
            with suppress(OSError, ValueError, KeyError, TypeError):
                order = json.loads(studio.air.stopped.read_bytes())
                who, why = str(order["who"]), str(order["why"])
            studio.desk.stopped = _stopped_text(who, why)

    def look(self) -> None:
        """Carry out what waits."""
        for request in requests.take(self.folder, self._known):
            said = request.title or request.text or request.file
            log.info("%s by %s: %s; %s", request.what, request.who, requests.legible(said[:200]), request.why)
            if request.what == "interrupt":
                self.power.wake(self.studio.clock.now())
                self.prepare(request)
            elif request.what == "stop":
                self.stop(request)
            elif request.what == "resume":
                self.resume(request)

    def prepare(self, request: Request) -> None:
        """Make words or a file into sound, beside the air; then break in."""
        if request.sounds:
            self.interrupt(request)
            return
        config, stops = self.studio.station.config, len(self._stops)

        def ready(result: bulletin.Bulletin | LoaError) -> None:
            if isinstance(result, bulletin.Bulletin) and result.alert is not None:
                self.withdraw(result.alert)
                if result.alert.withdraws:
                    requests.answer(
                        self.folder, request.name, {"ok": True, "title": result.title, "withdrawn": True}
                    )
                    return
            if isinstance(result, LoaError):
                requests.answer(self.folder, request.name, {"ok": False, "reason": result.told(_)})
                return
            if len(self._stops) > stops:
                bulletin.discard(result.sounds)
                requests.answer(self.folder, request.name, {"ok": False, "reason": self._stops[-1]})
                return
            self.interrupt(
                replace(
                    request, title=result.title, sounds=tuple(map(str, result.sounds)),
                    zones=request.zones or result.zones, emergency=request.emergency or result.emergency,
                    why="; ".join(part for part in (request.why, result.why) if part),
                ),
                result.alert,
            )  # fmt: skip

        what = Path(request.file) if request.file else request.text
        self._lane = (self._lane + 1) % LANES  # a large file does not hold up the next order
        self.studio.workers.submit(
            f"urgent-{self._lane}",
            lambda: bulletin.prepare(what, config, self.folder, request.name, language=request.language),
            ready,
        )

    def interrupt(self, request: Request, alert: CapAlert | None = None) -> None:
        """Break in: a chime, then the bulletin, as often as asked; what it cuts goes on or is made good."""
        ends = [info.expires_at for info in alert.infos] if alert is not None else []
        order = Order(
            request=request, given_at=self.studio.clock.now(), simulated=self.studio.clock.simulated,
            alert=alert.name if alert is not None else None,
            expires_at=None if not ends or None in ends else max(end for end in ends if end is not None),
        )  # fmt: skip
        try:
            piece = self._piece(order)
        except OSError as error:
            requests.answer(self.folder, request.name, {"ok": False, "reason": str(error)})
            return
        self._begin(order, piece)

    def go_on(self) -> None:
        """Begin again what the end of an earlier run silenced: from its chime, with the readings that are left."""
        studio = self.studio
        now, entries = studio.clock.now(), list(studio.journal.entries.values())
        for name in unfinished.spoilt(self.folder):
            studio.hooks.alarm(
                f"urgent {name}",
                _("an urgent bulletin was not heard to its end, and its order cannot be read: give it again"),
            )
            unfinished.forget(self.folder, name)
        orders = unfinished.kept(self.folder)
        cancelled = self.watched.cancelled() if orders else {}
        for order in orders:
            if order.simulated != studio.clock.simulated:
                continue
            try:
                reading_ms = self._reading_ms(order)
                left = unfinished.readings_left(order, entries, reading_ms)
                piece = self._piece(replace(order, request=replace(order.request, repeat=max(1, left))))
            except OSError as error:
                studio.hooks.alarm(
                    f"urgent {order.request.name}",
                    _("{title} was not heard to its end, and its sound is gone ({reason}): give the order again").format(
                        title=order.request.title, reason=error.strerror or error
                    ),
                )  # fmt: skip
                self._over(order)
                continue
            if left == 0:
                self._over(order)
            elif (by := cancelled.get(order.alert or "")) is not None:
                self._drop(order, entries, piece, _("replaced or cancelled by CAP {name}").format(name=by))
            elif unfinished.is_too_late(order, entries, now):
                text = _("{title} was not heard to its end, and it is too late to begin again").format(
                    title=order.request.title
                )
                studio.hooks.alarm(f"urgent {order.request.name}", text)
                self._drop(order, entries, piece, text)
            else:
                _say_again(piece, left, order.request.repeat)
                self._begin(replace(order, request=replace(order.request, repeat=left)), piece)

    def _again(self, order: Order, piece: Piece, ended: Entry) -> bool:
        """Have it wait to begin again, where a more urgent one or dead outputs silenced it before its end."""
        desk = self.studio.desk
        withdrawn = order.alert is not None and self._alerts.get(order.alert) != piece.name
        silenced = piece.cut_by is not None or not desk.can_be_heard(piece.zones)
        if self._final or withdrawn or ended.started_at is None or not silenced:
            return False
        entries = list(self.studio.journal.entries.values())
        try:
            left = unfinished.readings_left(order, entries, self._reading_ms(order))
            if left == 0 or unfinished.is_too_late(order, entries, self.studio.clock.now()):
                return False
            left_of_it = replace(order, request=replace(order.request, repeat=left))
            next_piece = self._piece(left_of_it)
        except OSError:
            return False
        _say_again(next_piece, left, order.request.repeat)
        self._keep(left_of_it)
        if order.alert is not None:
            self._alerts[order.alert] = next_piece.name
        desk.wait(next_piece, piece.cut_by or "")
        return True

    def _drop(self, order: Order, entries: list[Entry], piece: Piece, reason: str) -> None:
        """Nothing (more) of it is heard; one that was never heard stands in the log as missed."""
        if unfinished.entries_of(order, entries):
            self._over(order)
        else:
            self.studio.desk.miss(piece, reason)

    def close(self) -> None:
        """The daemon ends: what is on the air or waits now is not over."""
        self._closing = True

    def _begin(self, order: Order, piece: Piece) -> None:
        self._keep(order)
        if order.alert is not None:
            self._alerts[order.alert] = piece.name
            note = partial(aired_alerts.note, self.studio.air.root, order.alert, self.studio.clock.now())
            self.studio.workers.submit("alert-noted", note)  # waits for the disk, which the chime must not
        self.power.wake(self.studio.clock.now())
        self.studio.desk.offer(piece)
        waits = piece.name in self.studio.desk.waiting
        unheard = waits and piece.unheard_since is not None
        requests.answer(  # at a new start, too: whoever gave the order may have had none when Loa was cut off
            self.folder, order.request.name,
            {
                "ok": True, "title": piece.title, "waits_for": piece.blocked_by if waits and not unheard else None,
                "waits_for_output": unheard, "at": order.given_at, "length_ms": piece.length_ms,
            },
        )  # fmt: skip

    def _keep(self, order: Order) -> None:
        unfinished.keep(self.folder, order)
        name = order.request.name
        self.studio.workers.submit("urgent-kept", lambda: unfinished.sync(self.folder, name))

    def _over(self, order: Order) -> None:
        unfinished.forget(self.folder, order.request.name)
        bulletin.discard(tuple(map(Path, order.request.sounds)))

    def _lead(self, order: Order) -> Path:
        return built_in("alarm" if order.request.emergency else "urgent", self.studio.air.cue)

    def _reading_ms(self, order: Order) -> int:
        """Length of the chime and the bulletin once. Raises OSError."""
        sound = InTurn([self._lead(order), *map(Path, order.request.sounds)])
        sound.close()
        return sound.length_ms

    def _piece(self, order: Order) -> Piece:
        """Raises OSError: a sound is not there."""
        request, lead = order.request, self._lead(order)
        length_ms = self._reading_ms(order) * request.repeat
        paths = [Path(sound) for sound in request.sounds]

        def open_source(_offset_ms: int) -> Source:
            # The horns cannot be heard yet: the chime goes on until they can, so that no word is lost.
            first = leads_for(self.power.warm_up_ms(self.studio.clock.now()), lead)
            sound = InTurn([*first, *(path for _time in range(request.repeat) for path in (lead, *paths))])
            piece.length_ms = sound.length_ms
            return sound

        def ended(entry: Entry) -> None:
            if self._closing or self._again(order, piece, entry):
                return  # the next start goes on with it, or this one
            self._over(order)
            if order.alert is not None and self._alerts.get(order.alert) == piece.name:
                del self._alerts[order.alert]

        self._number += 1
        piece = Piece(
            name=f"interrupt-{self._number}", kind="interrupt", title=request.title, zones=request.zones,
            level=arbiter.EMERGENCY if request.emergency else arbiter.INTERRUPT, open_source=open_source,
            length_ms=length_ms, planned_at=order.given_at, who=request.who, why=request.why or None,
            order=request.name, on_end=ended, give_up_at=order.expires_at,
        )  # fmt: skip
        return piece

    def reads(self, alert: CapAlert) -> bool:
        """True while the alert is on the air, or waits."""
        return alert.name in self._alerts

    def withdraw(self, alert: CapAlert) -> None:
        """Take off what a newer alert replaces or cancels."""
        desk = self.studio.desk
        self.withdrawn |= dict.fromkeys(alert.replaces, alert.identifier)
        reason = _("replaced or cancelled by CAP {name}").format(name=alert.identifier)
        for name in alert.replaces & self._alerts.keys():
            piece_name = self._alerts.pop(name)
            for key, (piece, _entry) in list(desk.on_air.items()):
                if piece.name == piece_name:
                    desk.cut(key, reason)
            if (waiting := desk.waiting.get(piece_name)) is not None:
                desk.miss(waiting, reason, make_good=False)

    def stop(self, request: Request) -> None:
        """Silence the station until it is resumed; urgent bulletins are still heard."""
        text = _stopped_text(request.who, request.why)
        desk = self.studio.desk
        self._stops.append(text)
        desk.stopped, self._final = text, True
        desk.cut_all(text)  # first of all: no start after a crash may begin again what is stopped
        for piece in [piece for piece in desk.waiting.values() if piece.kind == "interrupt"]:
            desk.miss(piece, text)
        self._final = False
        order = {"who": request.who, "why": request.why, "at": self.studio.clock.now().isoformat()}
        try:
            atomic.write_text(self.studio.air.stopped, json.dumps(order, ensure_ascii=False))
        except LoaError as error:
            log.error("the stop would not outlive a restart: %s", error)
        requests.answer(self.folder, request.name, {"ok": True})

    def resume(self, request: Request) -> None:
        """Go on: what is not too late yet is aired."""
        try:
            self.studio.air.stopped.unlink(missing_ok=True)
        except OSError as error:  # Windows: a virus scanner holds it
            log.error("the station will be silent again after a restart: %s", error)
        self.studio.desk.go_on()
        requests.answer(self.folder, request.name, {"ok": True})


def leads_for(warm_up_ms: int, lead: Path) -> list[Path]:
    """The chime, as often as it takes to fill the time in which the amplifiers warm up."""
    if warm_up_ms <= 0:
        return []
    sound = InTurn([lead])
    lead_ms = sound.length_ms
    sound.close()
    return [lead] * -(-warm_up_ms // max(1, lead_ms))


def _say_again(piece: Piece, left: int, count: int) -> None:
    """Note in the log and on the piece that it begins again."""
    again = _("begun again after it was cut off, {left} of {count} readings left").format(
        left=left, count=count
    )
    log.warning("%s: %s", piece.title, again)
    piece.why = f"{piece.why}; {again}" if piece.why else again


def _stopped_text(who: str, why: str) -> str:
    text = _("the station was stopped by {who}").format(who=who)
    return f"{text}: {why}" if why else text
