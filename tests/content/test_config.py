"""The station's config: shipped file, defaults, and every problem told with its place."""

import codecs
from pathlib import Path

import pytest

from content.config import Config, ConfigError, ConfigMissingError, find_config, language_of, read_config
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
        ("[station\n", "line 1 cannot be understood: [station"),
        ('[station]\nname = "Đài\n', 'line 2 cannot be understood: name = "Đài\nA line reads key = value'),
        ('[station]\nmedia = "C:\\tam\\x"', "In a path write / instead of \\"),
        ('[station]\nmedia = "C:\\new\\tam"', "in a path write / instead of \\"),
        ("[plan]\n[plan]\n", "line 2 cannot be understood: [plan]\nThat key or table is there already"),
        ("x = " + "[" * 5_000, "cannot be understood"),
        ("zone = 3", "a list is needed"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in "\n".join(problems_of(tmp_path, text))


@pytest.mark.parametrize("codec", ["utf-16", "cp1258"])
def test_a_config_saved_in_another_encoding_is_told_how_to_save_it(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes('[station]\nname = "Đài"\n'.encode(codec))
    with pytest.raises(ConfigError, match="not saved as UTF-8"):
        read_config(path)


@pytest.mark.parametrize("start", [b"", codecs.BOM_UTF8])
def test_windows_line_ends_and_a_byte_order_mark_are_no_mistake(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(start + b'[station]\r\nname = "Loa"\r\nlanguage = "en"\r\n')
    assert read_config(path).station.language == "en"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[station]\nlanguage = "vi"\nnam = 1\nbroken = "', "vi"),
        ("[voice]\nlanguage = 'vi'\n[station]  # a\nname = 'x'\nlanguage = 'en'\n[station]\n", "en"),
        ('[station]\n[voice]\nlanguage = "vi"\nx', None),
        ('[station]\nlanguage = "xx"', None),
        ("\x00", None),
    ],
)
def test_the_screen_language_is_read_from_a_broken_config_too(
    tmp_path: Path, text: str, expected: str | None
) -> None:
    path = tmp_path / "config.toml"
    for codec in ("utf-8", "utf-8-sig", "utf-16"):
        path.write_text(text, codec)
        assert language_of(path) == expected


def test_without_a_config_the_remedy_is_loa_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOA_CONFIG", raising=False)
    with pytest.raises(ConfigMissingError, match="loa init"):
        find_config()
