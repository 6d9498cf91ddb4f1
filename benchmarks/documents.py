"""Documents: how much of the examples is understood, pages per second beside plain extraction, broken files, memory.

python benchmarks/documents.py --json [--inputs 2400]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from xml.sax.saxutils import escape

from report import Benchmark

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
PAGES = 300

_MEASURED = """
import json, sys, time
from pathlib import Path
def most_mb():
    try:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    except ImportError:
        return 0.0
"""

_PDF = (
    _MEASURED
    + """
from content.intake.read import read_file
from content.intake.understand import understand
path = Path(sys.argv[1])
read_file(Path(sys.argv[2]))  # imports are no part of the time, here as there
began = time.process_time()
source = read_file(path)
read = time.process_time()
understand(source)
print(json.dumps({"read_s": read - began, "understand_s": time.process_time() - read, "memory_mb": most_mb(), "pages": source.pages}))
"""
)

_PLAIN = """
import json, sys, time
import pypdfium2
began = time.process_time()
with pypdfium2.PdfDocument(open(sys.argv[1], "rb").read()) as document:
    for page in document:
        sheet = page.get_textpage()
        sheet.get_text_range()
        sheet.close()
        page.close()
print(json.dumps({"read_s": time.process_time() - began}))
"""

_FUZZ = (
    _MEASURED
    + """
sys.path.insert(0, sys.argv[3])
from intake_fuzz import inputs
from content.errors import LoaError
from content.intake import legacy_word, scan
from content.intake.read import read_content
from content.intake.understand import understand
legacy_word.office = scan.tesseract = lambda: None
worst, faults, read = 0.0, [], 0
for path, content in inputs(Path(sys.argv[1]), int(sys.argv[2]), seed=1):
    began = time.process_time()
    try:
        understand(read_content(path, content)).to_json()
        read += 1
    except LoaError:
        pass
    except Exception as error:
        faults.append(f"{path.name}: {type(error).__name__}: {error}"[:200])
    worst = max(worst, time.process_time() - began)
print(json.dumps({"faults": faults, "worst_s": worst, "memory_mb": most_mb(), "read": read}))
"""
)


def run(code: str, *arguments: str) -> dict[str, object]:
    """What a fresh Python prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=True, cwd=ROOT, timeout=3000
    )
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def long_pdf(folder: Path) -> Path:
    """A PDF of 300 pages: the text of the examples set as a letter is set, and the example with tables."""
    import pypdfium2

    path, plain = folder / "300-pages.pdf", folder / "texts.pdf"
    set_as_letters(sorted(EXAMPLES.glob("*.txt")), plain)
    with pypdfium2.PdfDocument.new() as many:
        while len(many) < PAGES:
            for name in (EXAMPLES / "ke-hoach-dich-vu-cong.pdf", plain):
                with pypdfium2.PdfDocument(name) as one:
                    many.import_pages(one, list(range(min(len(one), PAGES - len(many)))))
        many.save(path)
    return path


def set_as_letters(texts: list[Path], path: Path) -> None:
    """Each text on pages of A4 with a letter's margins, lines justified, paragraphs indented, pages numbered."""
    from reportlab.lib.enums import TA_JUSTIFY
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    pdfmetrics.registerFont(
        TTFont("Letter", ROOT / "audio" / "packages" / "fonts" / "DejaVuSansCondensed.ttf")
    )
    style = ParagraphStyle(
        "letter",
        fontName="Letter",
        fontSize=12,
        leading=17,
        alignment=TA_JUSTIFY,
        firstLineIndent=28,
        spaceAfter=4,
    )
    story: list[object] = []
    for text in texts:
        lines = [line.strip() for line in text.read_text("utf-8").splitlines() if line.strip()]
        story += [Paragraph(escape(line), style) for line in lines]
        story.append(PageBreak())

    def numbered(canvas: object, page: object) -> None:
        canvas.setFont("Letter", 11)  # type: ignore[attr-defined]
        canvas.drawCentredString(A4[0] / 2, A4[1] - 36, str(page.page))  # type: ignore[attr-defined]

    sheet = SimpleDocTemplate(
        str(path), pagesize=A4, leftMargin=85, rightMargin=56, topMargin=62, bottomMargin=57
    )
    sheet.build(story, onFirstPage=numbered, onLaterPages=numbered)


def understood() -> float:
    """The share of expected facts of all examples that are found."""
    sys.path.insert(0, str(ROOT))
    from content.intake.read import read_file
    from content.intake.understand import understand

    right = total = 0
    for name, want in json.loads((EXAMPLES / "expected.json").read_text("utf-8")).items():
        found = understand(read_file(EXAMPLES / name))
        got = found.to_json()
        points = [
            got[field] == want[field]
            for field in ("kind", "number", "issued_on", "place", "issuer", "signer", "subject")
        ]
        points.append([item["ref"] for item in got["items"]] == [item["ref"] for item in want["items"]])
        points.append(
            [item["lead_units"] for item in got["items"]] == [item["lead"] for item in want["items"]]
        )
        points.append(sorted(channel["channel"] for channel in got["channels"]) == want["channels"])
        points.append(
            [rule.rules() for rule in found.frequency_rules]
            == [rule["rules"] for rule in want["frequency_rules"]]
        )
        points.append([[due["every"], due["day"]] for due in got["deadlines"]] == want["deadlines"])
        points.append(
            [cited["number"] for cited in got["citations"]] == [cited[1] for cited in want["citations"]]
        )
        right += sum(points)
        total += len(points)
    return right / total


def main() -> int:
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=2400, help="broken and hostile inputs to try")
    bench = Benchmark("documents", parser=parser)
    bench.at_least("share of the examples' facts understood", understood(), 0.95)
    with tempfile.TemporaryDirectory() as name:
        path = long_pdf(Path(name))
        ours, plain = [], []
        for _ in range(5):  # side by side, so that a busy moment of the machine meets both
            ours.append(run(_PDF, str(path), str(EXAMPLES / "ke-hoach-dich-vu-cong.pdf")))
            plain.append(run(_PLAIN, str(path)))
    read_s = min(float(str(one["read_s"])) for one in ours)
    plain_s = min(float(str(one["read_s"])) for one in plain)
    bench.figure("pages per second, read into clean text", PAGES / read_s)
    bench.figure("pages per second, plain extraction by PDFium", PAGES / plain_s)
    bench.figure("seconds to understand 300 pages", min(float(str(one["understand_s"])) for one in ours))
    bench.at_most("time of reading / time of plain extraction", read_s / plain_s, 2.0)
    bench.at_most("memory of a 300-page PDF, MB", max(float(str(one["memory_mb"])) for one in ours), 500)
    began = time.monotonic()
    fuzz = run(_FUZZ, str(EXAMPLES), str(bench.options.inputs), str(ROOT / "tests" / "content"))
    bench.figure("broken and hostile inputs", bench.options.inputs)
    bench.figure("of these still read", fuzz["read"])
    bench.figure("seconds for all of them", time.monotonic() - began)
    for fault in fuzz["faults"] if isinstance(fuzz["faults"], list) else []:
        bench.say(str(fault))
    bench.at_most(
        "inputs that ended in a fault of ours",
        len(fuzz["faults"]) if isinstance(fuzz["faults"], list) else 1,
        0,
    )
    bench.at_most("longest time of one input, CPU seconds", float(str(fuzz["worst_s"])), 10)
    bench.at_most("memory over all inputs, MB", float(str(fuzz["memory_mb"])), 500)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
