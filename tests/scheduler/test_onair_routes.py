"""Several outputs at once, with stand-ins: every block is heard once on each, whoever shares it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from audio.outputs.null_output import NullOutput
from audio.outputs.output import RATE_HZ
from scheduler.daemon.bell import Bell
from scheduler.daemon.clock import SimulatedClock
from scheduler.daemon.deck import Deck, OnAir, Route

START = datetime(2026, 12, 1, tzinfo=UTC)
BLOCK = 2 * RATE_HZ
"""Frames that the deck hands over at a time on a simulated clock."""


@dataclass
class Line:
    """A stream of a `Plug`."""

    output: "Plug"
    over: bool = False

    def write(self, pcm: bytes) -> bool:
        assert not self.over
        if self.output.works:
            self.output.got.append(pcm)
        return self.output.works

    def stop(self, *, cut: bool) -> None:
        self.over = True


class Plug(NullOutput):
    """An output that can be pulled out."""

    exclusive = True
    audible = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.works = True
        self.got: list[bytes] = []
        self.lines: list[Line] = []

    def start(self, label: str, at: datetime) -> Line:  # type: ignore[override]
        self.lines.append(Line(self))
        return self.lines[-1]


@dataclass
class Counting:
    """A source whose blocks are numbered."""

    blocks: int
    at: int = 0
    closed: bool = False
    order: list[bytes] = field(default_factory=list)

    def read(self, frames: int) -> bytes:
        if self.at >= self.blocks:
            return b""
        self.at += 1
        self.order.append(self.at.to_bytes(2, "little") * frames)
        return self.order[-1]

    def close(self) -> None:
        self.closed = True


def play(
    chains: Sequence[tuple[Sequence[NullOutput], str]],
    blocks: int,
    before: dict[int, list[tuple[Plug, bool]]],
) -> OnAir:
    """Play `blocks` blocks over routes; `before` pulls and plugs outputs ahead of a block."""
    clock = SimulatedClock(START)
    deck = Deck(clock, lambda *_facts: None)
    ended: list[str | None] = []
    bell = Bell()
    routes = [Route(chain, frozenset({zone})) for chain, zone in chains]
    airing = OnAir(
        key="k", label="k", zones=tuple(zone for _chain, zone in chains), source=Counting(blocks), routes=routes,
        started_at=START, started_steady=clock.steady(), slot=None, on_end=lambda _airing, cut: ended.append(cut),
    )  # fmt: skip
    for plug, works in before.get(0, []):
        plug.works = works
    deck.begin(airing)
    for number in range(1, blocks + 2):
        for plug, works in before.get(number, []):
            plug.works = works
        clock.wait(2, bell)
        deck.pump()
    assert ended == [None]
    return airing


def test_two_lost_outputs_with_one_stand_in_give_it_each_block_once() -> None:
    a, b, spare = Plug("a"), Plug("b"), Plug("spare")
    airing = play([([a, spare], "z1"), ([b, spare], "z2")], 6, {2: [(a, False), (b, False)]})
    assert len(spare.got) == len(set(spare.got)) == 6 - len(a.got)
    assert airing.heard_frames == airing.sent_frames
    assert airing.outputs == "spare"
    assert all(line.over for plug in (a, b, spare) for line in plug.lines)


def test_a_stand_in_that_is_also_an_output_of_the_zone_hears_nothing_twice() -> None:
    a, spare = Plug("a"), Plug("spare")
    play([([a, spare], "z"), ([spare], "z")], 5, {1: [(a, False)]})
    assert len(spare.got) == 5


def test_going_back_to_the_own_output_leaves_the_other_route_its_stand_in() -> None:
    a, b, spare = Plug("a"), Plug("b"), Plug("spare")
    play([([a, spare], "z1"), ([b, spare], "z2")], 8, {0: [(a, False), (b, False)], 4: [(a, True)]})
    assert len(spare.lines) == 1  # never cut while b still needs it
    assert len(spare.got) == 8
    assert a.got


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2), st.booleans()), max_size=12))
def test_whatever_fails_and_comes_back_no_output_gets_a_block_twice_and_none_is_out_of_order(
    changes: list[tuple[int, int, bool]],
) -> None:
    plugs = [Plug("a"), Plug("b"), Plug("c")]
    before: dict[int, list[tuple[Plug, bool]]] = {}
    for number, which, works in changes:
        before.setdefault(number, []).append((plugs[which], works))
    a, b, c = plugs
    airing = play([([a, c], "z1"), ([b, c], "z2")], 7, before)
    for plug in plugs:
        numbers = [int.from_bytes(pcm[:2], "little") for pcm in plug.got]
        assert numbers == sorted(set(numbers))
        assert all(line.over for line in plug.lines)
    heard = {n for plug in plugs for n in (int.from_bytes(p[:2], "little") for p in plug.got)}
    assert airing.heard_frames <= len(heard) * BLOCK


def test_what_only_a_recording_took_was_not_heard_where_a_loudspeaker_should_speak() -> None:
    card, recording = Plug("card"), NullOutput("recording")
    airing = play([([card], "z"), ([recording], "z")], 6, {2: [(card, False)]})
    assert airing.heard_frames == 2 * BLOCK
    assert airing.level_dbfs == -120
    card = Plug("card")
    airing = play([([card, recording], "z")], 6, {2: [(card, False)]})
    assert airing.heard_frames == 2 * BLOCK
    assert play([([recording], "z")], 6, {}).heard_frames == 6 * BLOCK
