"""Broken and hostile inputs end in an understanding or in one of our errors, never in anything else."""

import os
import sys
from pathlib import Path

import pytest

from content.errors import LoaError
from content.intake import legacy_word, scan
from content.intake.read import read_content
from content.intake.understand import understand

sys.path.insert(0, str(Path(__file__).parent))
from intake_fuzz import inputs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COUNT = 2400 if os.environ.get("LOA_LONG_TESTS") else 150


def test_no_input_ends_in_a_traceback_or_touches_another_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(legacy_word, "office", lambda: None)
    monkeypatch.setattr(scan, "tesseract", lambda: None)
    monkeypatch.chdir(tmp_path)
    read = 0
    for path, content in inputs(EXAMPLES, COUNT, seed=20260301):
        try:
            found = understand(read_content(path, content))
        except LoaError:
            continue
        read += 1
        found.to_json()
        assert all(rule.rules() is not None for rule in found.frequency_rules)
        assert all(start <= end for _name, _text, (start, end) in found.facts())
    assert read > COUNT // 4  # the inputs are not so broken that nothing is tried
    assert list(tmp_path.iterdir()) == []
