"""Bringing a Piper voice to the station: a file or an address, its hash noted and checked ever after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import urlsplit

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


class VoiceDownloadError(LoaError):
    """A voice that could not be fetched."""

    sentence = N_("{url} could not be fetched ({reason}): check the address and the network")


def install_piper_voice(source: str, folder: Path, sha256: str | None = None) -> Path:
    """Copy or fetch the Piper voice `source` (.onnx, with .onnx.json beside it) into `folder`; the model's path there.

    Raises:
        VoiceFileError, VoiceHashError, VoiceHashMissingError, VoiceDownloadError, atomic.DiskFullError,
        atomic.NotWritableError.
    """
    from_network = source.startswith("https://")
    name = Path(urlsplit(source).path).name if from_network else Path(source).name
    target = folder / name
    if target.suffix != ".onnx":
        raise VoiceFileError(path=source, reason=target.suffix or "—")
    if from_network and not sha256:
        raise VoiceHashMissingError
    settings = Path(f"{target}.json")
    with atomic.replacing(target) as model, atomic.replacing(settings) as beside:
        for ending, path in (("", model), (".json", beside)):
            if from_network:
                _fetch(source + ending, path)
            else:
                _copy(Path(source + ending), path)
        found = atomic.sha256_of(model)
        if sha256 and found != sha256.strip().lower():
            raise VoiceHashError(path=source, found=found, wanted=sha256)
        _refuse_other(model, beside, source)
    atomic.write_text(Path(f"{target}.sha256"), found + "\n")
    return target


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise VoiceFileError(path=source, reason="—")
    shutil.copyfile(source, target)


def _fetch(url: str, target: Path) -> None:
    import requests

    try:
        with (
            requests.get(url, stream=True, timeout=(5, 30), allow_redirects=True, verify=True) as reply,
            target.open("wb") as out,
        ):
            reply.raise_for_status()
            size = 0
            for block in reply.iter_content(_BLOCK):
                size += len(block)
                if size > _MOST_BYTES:
                    raise VoiceDownloadError(url=url, reason=f"> {_MOST_BYTES // 1_000_000} MB")
                out.write(block)
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
