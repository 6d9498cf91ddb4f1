"""Common Alerting Protocol 1.2 (OASIS): the alert files of weather services and civil protection."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree import ElementTree
from xml.parsers import expat

from content.errors import LoaError, Told
from content.language import N_

MOST_BYTES = 1_000_000
MOST_DEPTH = 50
MOST_LANGUAGES = 8
OLD = timedelta(hours=24)
"""An alert without an end that was sent so long ago is not aired any more: somebody emptied an old folder."""
_SPACE = re.compile(r"\s+")


class CapError(LoaError):
    """A file that is no alert that we may air."""

    sentence = N_("{name} is not an alert that can be broadcast: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapInfo:
    """The words of an alert in one language."""

    language: str
    event: str
    headline: str
    description: str
    instruction: str
    severity: str
    expires_at: datetime | None
    areas: tuple[str, ...]
    geocodes: tuple[str, ...]

    @property
    def text(self) -> str:
        """What is spoken: headline, what happens, what to do; nothing said twice."""
        parts: list[str] = []
        for part in (self.headline or self.event, self.description, self.instruction):
            if part and part not in parts:
                parts.append(part if part[-1] in ".!?…" else part + ".")
        return " ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapAlert:
    """One alert."""

    identifier: str
    sender: str
    sent_at: datetime | None
    status: str
    message_type: str
    infos: tuple[CapInfo, ...]
    scope: str = "Public"
    references: tuple[str, ...] = ()
    """The alerts that this one replaces or cancels, each as sender,identifier,sent."""

    @property
    def name(self) -> str:
        """As other alerts refer to it, without the instant, which senders write in more than one way."""
        return f"{self.sender},{self.identifier}"

    @property
    def replaces(self) -> frozenset[str]:
        """The names of the alerts that it refers to."""
        return frozenset(",".join(reference.split(",")[:2]) for reference in self.references)

    @property
    def withdraws(self) -> bool:
        """True when all that it says is that others are over."""
        return self.status == "Actual" and self.message_type == "Cancel"

    def airable(self, now: datetime) -> tuple[CapInfo, ...]:
        """The languages to air in turn, Vietnamese first; expired ones are left out."""
        live = [
            info for info in self.infos if info.text and (info.expires_at is None or info.expires_at > now)
        ]
        live.sort(key=lambda info: not info.language.lower().startswith("vi"))
        return tuple(live[:MOST_LANGUAGES])


def read_alert(content: bytes, name: str) -> CapAlert:
    """The alert in `content`.

    Raises:
        CapError: not CAP 1.x XML, too large, or XML with a document type (which could hide a bomb).
    """
    if len(content) > MOST_BYTES:
        raise CapError(name=name, reason=Told(N_("the file is too large")))
    try:
        _refuse_traps(content, name)
        root = ElementTree.fromstring(content)  # noqa: S314 - no document type, so no entity of its own
    except (ElementTree.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        raise CapError(name=name, reason=str(error)) from error
    if not re.fullmatch(r"\{urn:oasis:names:tc:emergency:cap:1\.[012]\}alert", root.tag):
        raise CapError(name=name, reason=f"<{root.tag.rpartition('}')[2]}>")
    space = root.tag.removesuffix("alert")

    def text(parent: ElementTree.Element, tag: str) -> str:
        return _SPACE.sub(" ", unicodedata.normalize("NFC", parent.findtext(space + tag) or "")).strip()

    def instant(parent: ElementTree.Element, tag: str) -> datetime | None:
        try:
            at = datetime.fromisoformat(text(parent, tag))
        except ValueError:
            return None
        return at if at.tzinfo else None

    infos = tuple(
        CapInfo(
            language=text(info, "language") or "en-US",
            event=text(info, "event"),
            headline=text(info, "headline"),
            description=text(info, "description"),
            instruction=text(info, "instruction"),
            severity=text(info, "severity"),
            expires_at=instant(info, "expires"),
            areas=tuple(text(area, "areaDesc") for area in info.findall(space + "area")),
            geocodes=tuple(
                text(code, "value")
                for area in info.findall(space + "area")
                for code in area.findall(space + "geocode")
            ),
        )
        for info in root.findall(space + "info")
    )
    return CapAlert(
        identifier=text(root, "identifier"), sender=text(root, "sender"), sent_at=instant(root, "sent"),
        status=text(root, "status"), message_type=text(root, "msgType"), infos=infos, scope=text(root, "scope"),
        references=tuple(text(root, "references").split()),
    )  # fmt: skip


def _refuse_traps(content: bytes, name: str) -> None:
    """Refuse a document type, whatever the encoding (entities that swell, files that are read), and endless nesting."""
    parser = expat.ParserCreate()
    depth = 0

    def declared(*_facts: object) -> None:
        raise CapError(name=name, reason=Told(N_("it declares a document type")))

    def down(*_facts: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise CapError(name=name, reason=Told(N_("its elements are nested without end")))

    def up(*_facts: object) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    parser.StartElementHandler = down
    parser.EndElementHandler = up
    parser.Parse(content, True)


def check_airable(alert: CapAlert, now: datetime, name: str) -> tuple[CapInfo, ...]:
    """What of the alert goes on air.

    Raises:
        CapError: it is a test, an exercise or a draft, it is not for the public, it cancels another, or it is over.
    """
    if alert.status != "Actual":
        raise CapError(name=name, reason=f"status {alert.status or '—'}")
    if alert.message_type not in ("Alert", "Update"):
        raise CapError(name=name, reason=f"msgType {alert.message_type or '—'}")
    if alert.scope not in ("Public", ""):
        raise CapError(name=name, reason=f"scope {alert.scope}")
    infos = alert.airable(now)
    if alert.sent_at is not None and now - alert.sent_at > OLD:
        infos = tuple(info for info in infos if info.expires_at is not None)
    if not infos:
        raise CapError(name=name, reason=Told(N_("it has expired, or says nothing")))
    return infos
