"""A board of the plan in the terminal."""

from __future__ import annotations

from rich import box
from rich.markup import escape
from rich.table import Table

from content.commands.shell import out
from scheduler.plan_view.board import Board, Cell

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")
GONE = ("cancelled", "missed", "preempted")


def show_board(board: Board) -> None:
    """Print the board on stdout; plays that will not or did not air are struck through."""
    table = Table(
        title=escape(board.title), title_justify="left", header_style="bold", show_lines=True, box=box.SQUARE
    )
    if board.corner:
        table.add_column(escape(board.corner), no_wrap=True)
    for name in board.columns:
        table.add_column(escape(name), overflow="fold", ratio=1)
    for row in board.rows:
        cells = [_text(cell) for cell in row.cells]
        table.add_row(*([escape(row.head), *cells] if board.corner else cells))
    out().print(table)


def _text(cell: Cell) -> str:
    lines = [f"[bold]{escape(cell.corner)}[/]"] if cell.corner else []
    if cell.shut and not cell.entries:
        return "\n".join([*lines, "[dim]–[/]"])
    for entry in cell.entries:
        note = f" [dim]({escape(entry.note)})[/]" if entry.note else ""
        colour = COLOURS[entry.colour % len(COLOURS)]
        text = f"[{colour}]{entry.time}[/] {escape(entry.title)}"
        lines.append((f"[strike]{text}[/]" if entry.status in GONE else text) + note)
    return "\n".join(lines)
