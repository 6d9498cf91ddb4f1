"""Broken and hostile inputs, made out of real ones: shared by the tests and the benchmark."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

PIECES = (
    "I.", "II-", "1.", "1.1.", "a)", "(1)", "-", "+", "*", "Điều 1.", "mỗi tháng", "02 số", "phát lại", "ít nhất", "03 lần/tháng",
    "ngày 2 lần", "từ ngày 1/2/2025 đến ngày 3/4/2025", "trước ngày 14 hằng tháng", "Số:", "57-NQ/TW", ",", ";", ":", ".", "...", "(", ")",
    "“", "\n", "\n\n", "    ", "\t", "|", "Nơi nhận:", "Kính gửi:", "V/v", "KẾ HOẠCH", "TM. ỦY BAN NHÂN DÂN", "Đơn vị chủ trì:", "9" * 30,
    "1/1/1/1", "--", "**", "báo cáo", "định kỳ", "Phòng", "và", "phối hợp", "của", "số", "năm", "31/02/2025", "\u0301", "Ð",
)  # fmt: skip


def inputs(examples: Path, count: int, seed: int) -> Iterator[tuple[Path, bytes]]:
    """`count` inputs: bytes of real files changed, parts of a docx changed inside its zip, and words thrown together."""
    dice = random.Random(seed)
    files = sorted(path for path in examples.iterdir() if path.suffix != ".json")
    word = (examples / "ke-hoach-dich-vu-cong.docx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(word)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for number in range(count):
        kind = number % 3
        if kind == 0:
            path = dice.choice(files)
            content = _changed(dice, path.read_bytes())
            if dice.random() < 0.05:
                path = path.with_suffix(dice.choice((".txt", ".docx", ".pdf", ".html", ".md")))
            yield Path(path.name), content
        elif kind == 1:
            name = dice.choice(
                ("word/document.xml", "word/document.xml", "word/numbering.xml", "word/styles.xml")
            )
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                for part, body in parts.items():
                    archive.writestr(part, _changed(dice, body, 5) if part == name else body)
            yield Path("a.docx"), out.getvalue()
        else:
            text = "".join(
                dice.choice(PIECES) + dice.choice(("", " ", "\n")) for _ in range(dice.randrange(1, 1500))
            )
            if dice.random() < 0.3:
                text = (dice.choice(PIECES) + dice.choice((" ", "\n"))) * dice.randrange(1, 3000)
            suffix = dice.choice((".txt", ".md", ".html"))
            if suffix == ".html":
                text = "<html><body>" + text.replace(
                    "\n", dice.choice(("<p>", "<br>", "<div><table><tr><td>", "<li>"))
                )
            yield Path("a" + suffix), text.encode()


def _changed(dice: random.Random, content: bytes, most: int = 200) -> bytes:
    body = bytearray(content)
    for _ in range(dice.choice((1, 2, 5, most))):
        if not body:
            break
        at = dice.randrange(len(body))
        what = dice.randrange(5)
        if what == 0:
            body[at] = dice.randrange(256)
        elif what == 1:
            del body[at : at + dice.randrange(1, 50)]
        elif what == 2:
            body[at:at] = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 20)))
        elif what == 3:
            start = dice.randrange(len(body))
            body[at:at] = body[start : start + dice.randrange(1, 400)]
        else:
            body[at] ^= 1 << dice.randrange(8)
    return bytes(body)
