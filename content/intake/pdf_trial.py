"""The process that opens a suspicious PDF: it ends itself when it grows too large.

    python -m content.intake.pdf_trial MEMORY_LIMIT_MB < FILE

Exit 0 when every page could be opened, or PDFium said why not; 3 when the memory ran out.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import time
from pathlib import Path

TOO_LARGE = 3
PAGES_LIMIT = 5000


def most_mb() -> float:
    """The most memory that this process has had at once, in MB."""
    if sys.platform == "win32":
        return _most_on_windows() / 1e6
    if sys.platform == "linux":  # its `ru_maxrss` would begin with what the parent had
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int(Path("/proc/self/status").read_bytes().split(b"VmHWM:")[1].split()[0]) / 1e3
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def _most_on_windows() -> int:
    class Counters(ctypes.Structure):
        _fields_ = (("cb", ctypes.c_uint32), ("PageFaultCount", ctypes.c_uint32), ("PeakWorkingSetSize", ctypes.c_size_t),
                    *((f"other{number}", ctypes.c_size_t) for number in range(7)))  # fmt: skip

    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    kernel: object = getattr(ctypes, "windll").kernel32  # noqa: B009
    kernel.GetCurrentProcess.restype = ctypes.c_void_p  # type: ignore[attr-defined]
    here = ctypes.c_void_p(kernel.GetCurrentProcess())  # type: ignore[attr-defined]
    told = kernel.K32GetProcessMemoryInfo(here, ctypes.byref(counters), counters.cb)  # type: ignore[attr-defined]
    return int(counters.PeakWorkingSetSize) if told else 0


def _watch(limit_mb: float) -> None:
    while most_mb() <= limit_mb:
        time.sleep(0.02)
    os._exit(TOO_LARGE)


def main() -> int:
    content = sys.stdin.buffer.read()
    limit_mb = float(sys.argv[1]) + 2 * len(content) / 1e6
    threading.Thread(target=_watch, args=(limit_mb,), daemon=True).start()
    import pypdfium2 as pdfium

    try:
        with pdfium.PdfDocument(content) as document:
            for index in range(min(len(document), PAGES_LIMIT)):
                try:
                    page = document[index]
                except pdfium.PdfiumError:
                    continue
                sheet = page.get_textpage()
                sheet.get_text_range()
                sheet.close()
                page.close()
    except (pdfium.PdfiumError, ValueError, RuntimeError, ctypes.ArgumentError):
        pass  # the reader finds the same and says it
    except MemoryError:
        return TOO_LARGE
    return 0 if most_mb() <= limit_mb else TOO_LARGE


if __name__ == "__main__":
    sys.exit(main())
