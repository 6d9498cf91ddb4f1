"""The house order: content ← audio ← scheduler ← cli, no arrow back."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ["content", "audio", "scheduler", "cli"]


def imported_rooms(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names & set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_itself_and_rooms_to_its_left(room: str) -> None:
    paths = [ROOT / "cli.py"] if room == "cli" else sorted((ROOT / room).rglob("*.py"))
    assert paths
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    wrong = {
        str(path.relative_to(ROOT)): imported_rooms(path.read_text("utf-8")) - allowed
        for path in paths
        if imported_rooms(path.read_text("utf-8")) - allowed
    }
    assert not wrong


def test_the_check_sees_an_arrow_back() -> None:
    assert imported_rooms("def f():\n    from scheduler.plan import x\n    import audio.voices") == {
        "scheduler",
        "audio",
    }
