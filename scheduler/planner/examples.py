"""Made-up plan problems of any size, repeatable by seed: for benchmarks, tests and trying things out."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

TOPICS = ("sức khỏe", "nông nghiệp", "an ninh", "thuế", "văn hóa", "môi trường", "giáo dục", "thời tiết")
UNITS = ("Công an", "Trạm Y tế", "Hội Phụ nữ", "Đoàn Thanh niên", "Mặt trận", "Văn phòng", "Hội Nông dân")


def example(
    *,
    zones: int = 1,
    programmes: int = 30,
    first_on: date = date(2026, 3, 2),
    days: int = 28,
    seed: int = 1,
    minutes_a_day: float = 45.0,
) -> dict[str, Any]:
    """A station with morning and evening sessions, a relay block, one closed day, and mixed programmes."""
    chance = random.Random(f"example-{seed}")  # noqa: S311 - made-up problems need no secrets
    last_on = first_on + timedelta(days=days - 1)
    names = [f"Z{i + 1}" for i in range(zones)]
    made = [_programme(chance, f"C{i + 1:03d}", names, first_on, days) for i in range(programmes)]
    asked: dict[str, float] = dict.fromkeys(names, 0.0)
    for entry in made:
        airings = entry.pop("airings")
        for zone in entry["zones"]:
            asked[zone] += airings * entry["duration_s"] / 60
    busiest = max(asked.values()) / days or 1.0
    for entry in made:
        entry["duration_s"] = max(30, min(900, int(entry["duration_s"] * minutes_a_day / busiest)))
    return {
        "meta": {
            "horizon": {"from": first_on.isoformat(), "until": last_on.isoformat()},
            "tz": "Asia/Ho_Chi_Minh",
            "changeover_s": 10,
            "adjacent_gap_s": 300,
        },
        "zones": [
            {"id": name, "station": "S1", "daily_budget_min": 90, "max_plays_per_day": None} for name in names
        ],
        "windows": [
            {"id": "am", "zones": "*", "weekdays": None, "start": "05:00", "end": "06:15"},
            {"id": "pm", "zones": "*", "weekdays": None, "start": "17:00", "end": "18:15"},
        ],
        "blocks": [
            {
                "id": "relay",
                "kind": "relay",
                "zones": "*",
                "weekdays": None,
                "start": "05:30",
                "end": "05:45",
            },
            {
                "id": "closed",
                "kind": "blackout",
                "zones": "*",
                "dates": [(first_on + timedelta(days=days // 2)).isoformat()],
            },
        ],
        "programmes": made,
        "plays": [],
    }


def _programme(
    chance: random.Random, name: str, zones: list[str], first_on: date, days: int
) -> dict[str, Any]:
    kind = chance.random()
    where = zones if chance.random() < 0.4 else [zones[int(chance.random() * len(zones))]]
    rules: dict[str, Any]
    if kind < 0.5:
        weekly = 1 + int(chance.random() * 3)
        rules = {
            "counts": [{"per": "week", "min": weekly, "max": weekly + 1, "target": weekly}],
            "min_gap_days": (3, 2, 1)[weekly - 1],
            "max_per_day": 1,
        }
        airings = weekly * days / 7
    elif kind < 0.75:
        rules = {
            "counts": [{"per": "total", "min": 4, "max": 8, "target": 5}],
            "min_gap_days": 2,
            "max_per_day": 1,
        }
        airings = 5.0
    elif kind < 0.9:
        start = first_on + timedelta(days=3 + int(chance.random() * max(1, days // 2 - 12)))
        rules = {
            "counts": [{"per": "week", "min": 1, "max": 10, "target": 1}],
            "min_gap_days": 2,
            "max_per_day": 1,
            "campaigns": [
                {
                    "from": start.isoformat(),
                    "until": (start + timedelta(days=5)).isoformat(),
                    "min_per_day": 1,
                    "max_per_day": 2,
                    "min_gap_h": 6,
                }
            ],
        }
        airings = days / 7 + 6
    else:
        rules = {
            "counts": [{"per": "week", "min": 5, "max": 9, "target": 7}],
            "min_gap_h": 6,
            "max_per_day": 2,
        }
        airings = float(days)
    if kind < 0.5 and chance.random() < 0.3:
        rules["dayparts"] = [["17:00", "19:00"]] if chance.random() < 0.5 else [["05:00", "08:00"]]
    rules["unit_sep_min"] = (0, 0, 5)[int(chance.random() * 3)]
    return {
        "id": name,
        "title": f"Chuyên mục {name}",
        "zones": where,
        "topic": TOPICS[int(chance.random() * len(TOPICS))],
        "lead_unit": UNITS[int(chance.random() * len(UNITS))],
        "priority": 1 + int(chance.random() * 5),
        "duration_s": 60 + int(chance.random() * 400),
        "rules": rules,
        "airings": airings,
    }
