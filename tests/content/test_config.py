"""The station's config: shipped file, defaults, and every problem told with its place."""

from pathlib import Path

import pytest

from content.config import Config, ConfigError, ConfigMissingError, find_config, read_config
from content.station import default_config_text

ROOT = Path(__file__).resolve().parents[2]


def problems_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    return str(caught.value).splitlines()


def test_the_shipped_config_equals_the_defaults_in_code() -> None:
    assert read_config(ROOT / "config.toml") == Config()


def test_init_writes_the_file_that_stands_at_the_top_of_the_repository() -> None:
    assert default_config_text() == (ROOT / "config.toml").read_text("utf-8")


def test_every_problem_is_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    lines = problems_of(
        tmp_path,
        """
        [station]
        nam = "x"
        [voice]
        order = ["gtt"]
        [[session]]
        id = "sang"
        start = "07:00"
        end = "06:00"
        """,
    )
    assert "config.toml: [station] unknown key 'nam'; did you mean 'name'?" in [
        line.replace("]:", "]") for line in lines
    ]
    assert any("'gtt' is not known; did you mean 'gtts'?" in line for line in lines)
    assert any("'sang' ends at 06:00, before it starts at 07:00" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[station]\ntimezone = "Asia/Hanoi_City"', "time zone 'Asia/Hanoi_City' is not known"),
        ("[plan]\nchangeover_s = true", "a whole number is needed, not True"),
        ('[[zone]]\nid = "a"\n[[zone]]\nid = "a"', "two [[zone]] tables share the id 'a'"),
        ('[[zone]]\nid = "a"\noutputs = ["x"]', "names the output 'x', which is not described"),
        ('[[session]]\nid = "s"\nstart = "25:00"\nend = "26:00"', "a time such as 05:30 is needed"),
        ("[station\n", "not readable as TOML"),
        ("zone = 3", "a list is needed"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(tmp_path: Path, text: str, expected: str) -> None:
    assert any(expected in line for line in problems_of(tmp_path, text))


def test_without_a_config_the_remedy_is_loa_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOA_CONFIG", raising=False)
    with pytest.raises(ConfigMissingError, match="loa init"):
        find_config()
