"""espeak-ng in a process of its own: JSON lines in, PCM out. Run by path; imports the standard library only.

The C library keeps global state and is not thread-safe, and a fault in it must not take the station
down. The working directory is the folder of its data, named to it as ".", because its own code
opens files with the narrow Windows API, which fails under a folder such as C:\\Users\\Nguyễn.

Arguments: path of the library. In: {"text", "voice", "rate_wpm", "pitch", "range", "word_gap"}.
Out: {"ok": true, "rate_hz": n, "bytes": n} and the bytes, or {"ok": false, "reason": "..."}.
"""

import ctypes
import json
import os
import sys

_SYNCHRONOUS = 2
_NO_EXIT = 0x8000
_UTF8 = 1
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7


def main() -> None:
    """Serve until standard input ends."""
    talk = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library prints must not land among the PCM
    library = ctypes.CDLL(sys.argv[1])
    collected: list[bytes] = []
    callback_type = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
    )

    def collect(samples, count, _events):  # type: ignore[no-untyped-def]
        if count > 0 and samples:
            collected.append(ctypes.string_at(samples, count * 2))
        return 0

    callback = callback_type(collect)
    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, b".", _NO_EXIT)
    library.espeak_SetSynthCallback(callback)
    for line in sys.stdin.buffer:
        try:
            pcm = _speak(library, collected, json.loads(line)) if rate_hz > 0 else None
            reply = {"ok": True, "rate_hz": rate_hz, "bytes": len(pcm)} if pcm is not None else {
                "ok": False, "reason": "no voice data"
            }  # fmt: skip
        except ValueError as error:
            pcm, reply = None, {"ok": False, "reason": str(error)}
        talk.write(json.dumps(reply).encode() + b"\n" + (pcm or b""))
        talk.flush()


def _speak(library: ctypes.CDLL, collected: list[bytes], order: dict[str, object]) -> bytes:
    collected.clear()
    if library.espeak_SetVoiceByName(str(order["voice"]).encode()):
        raise ValueError("language")
    for parameter, key in (
        (_RATE, "rate_wpm"),
        (_PITCH, "pitch"),
        (_RANGE, "range"),
        (_WORD_GAP, "word_gap"),
    ):
        library.espeak_SetParameter(parameter, int(str(order[key])), 0)
    text = str(order["text"]).encode() + b"\0"
    if library.espeak_Synth(text, len(text), 0, 1, 0, _UTF8, None, None) or library.espeak_Synchronize():
        raise ValueError("synthesis failed")
    return b"".join(collected)


if __name__ == "__main__":
    main()
