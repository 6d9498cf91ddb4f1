"""Bringing a Piper voice to the station: a file, an address or a known name, its hash noted and checked ever after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from audio.voices.catalogue import KNOWN
from content import atomic
from content.errors import LoaError
from content.language import N_

_MOST_BYTES = 500_000_000
_BLOCK = 1 << 20


class VoiceFileError(LoaError):
    """A file that is no Piper voice."""

    sentence = N_(
        "{path} is no Piper voice ({reason}): it needs a .onnx file and its .onnx.json side by side"
    )


class VoiceHashError(LoaError):
    """A voice that is not what was announced."""

    sentence = N_(
        "{path} has the SHA-256 {found}, not {wanted}: do not use it; fetch it again from its source"
    )


class VoiceHashMissingError(LoaError):
    """A download without a hash."""

    sentence = N_(
        "a voice from the network is taken only with its hash: add `--sha256 HASH` as its publisher states it"
    )


class UnknownVoiceError(LoaError):
    """A source that is no file, no address and no known name."""

    sentence = N_(
        "{source!r} is no file, no https address and no voice known by name: name a FILE.onnx, or one of {known}"
    )


class VoiceDownloadError(LoaError):
    """A voice that could not be fetched."""

    sentence = N_("{url} could not be fetched ({reason}): check the address and the network")


def install_piper_voice(source: str, folder: Path, sha256: str | None = None) -> Path:
    """Copy or fetch the Piper voice `source` (.onnx, with .onnx.json beside it) into `folder`; the model's path there.

    Args:
        source: a file, an https address, or a name of `catalogue.KNOWN`.
        sha256: what the model must hash to; a known voice that has a hash is held to that one too.

    Raises:
        VoiceFileError, VoiceHashError, VoiceHashMissingError, VoiceDownloadError, UnknownVoiceError,
        atomic.DiskFullError, atomic.NotWritableError.
    """
    known = KNOWN.get(source.removesuffix(".onnx")) if not Path(source).is_file() else None
    origin = known.url if known else source
    from_network = known is not None or source.startswith("https://")
    wanted = [sha256.strip().lower()] if sha256 else []
    if known and known.sha256:
        wanted.append(known.sha256)
    if not from_network and (Path(source).suffix != ".onnx" or "://" in source):
        raise UnknownVoiceError(source=source, known=list(KNOWN))
    if from_network and not wanted:
        raise VoiceHashMissingError
    target = folder / (Path(urlsplit(origin).path).name if from_network else Path(origin).name)
    if target.suffix != ".onnx":
        raise VoiceFileError(path=source, reason=target.suffix or "—")
    settings = Path(f"{target}.json")
    with atomic.replacing(target) as model, atomic.replacing(settings) as beside:
        # The small file first: what is wrong with the address shows before the long download.
        for ending, path in ((".json", beside), ("", model)):
            if from_network:
                _fetch(origin + ending, path)
            else:
                _copy(Path(origin + ending), path)
        found = atomic.sha256_of(model)
        for one in wanted:
            _refuse_hash(source, found, one)
        if known and known.settings_sha256:
            _refuse_hash(f"{source}.json", atomic.sha256_of(beside), known.settings_sha256)
        _refuse_other(model, beside, source)
    atomic.write_text(Path(f"{target}.sha256"), found + "\n")
    return target


def _refuse_hash(name: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise VoiceHashError(path=name, found=found, wanted=wanted)


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise VoiceFileError(path=source, reason=N_("there is no such file"))
    shutil.copyfile(source, target)


def _fetch(url: str, target: Path) -> None:
    import requests

    try:
        with (
            requests.get(url, stream=True, timeout=(10, 60), allow_redirects=True, verify=True) as reply,
            target.open("wb") as out,
        ):
            reply.raise_for_status()
            if not reply.url.startswith("https://"):
                raise VoiceDownloadError(url=url, reason=reply.url)
            size = 0
            for block in reply.iter_content(_BLOCK):
                size += len(block)
                if size > _MOST_BYTES:
                    raise VoiceDownloadError(url=url, reason=f"> {_MOST_BYTES // 1_000_000} MB")
                out.write(block)
    except requests.ConnectionError as error:
        raise VoiceDownloadError(url=url, reason=N_("there is no connection, or it broke")) from error
    except requests.RequestException as error:
        raise VoiceDownloadError(url=url, reason=type(error).__name__) from error


def _refuse_other(model: Path, settings: Path, source: str) -> None:
    try:
        facts = json.loads(settings.read_text("utf-8"))
        rate_hz = facts["audio"]["sample_rate"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VoiceFileError(path=source, reason=str(error)[:80]) from error
    with model.open("rb") as stream:
        head = stream.read(2)
    if not isinstance(rate_hz, int) or head[:1] != b"\x08":  # an ONNX file begins with its version, field 1
        raise VoiceFileError(path=source, reason="ONNX")
