"""Files are whole or not there, also when the process dies in the middle."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from content.atomic import DiskFullError, NotWritableError, replacing, sha256_of, write_text
from content.media import MediaDamagedError, MediaMissingError, MediaStore

ROOT = Path(__file__).resolve().parents[2]


def test_an_error_in_the_middle_leaves_the_earlier_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "trước")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("nửa chừng", "utf-8")
        raise RuntimeError
    assert path.read_text("utf-8") == "trước"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(DiskFullError, match="free some disk space"), replacing(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Unix")
def test_a_pipe_or_a_folder_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    for path in (pipe, folder):
        with pytest.raises(NotWritableError, match="no ordinary file"):
            write_text(path, "x")
    assert pipe.is_fifo()
    assert sorted(tmp_path.iterdir()) == [folder, pipe]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotWritableError):
        write_text(tmp_path / "file" / "a.txt", "x")


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX; the rename is the same call on Windows")
def test_kill_9_while_writing_leaves_either_the_old_or_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    old, new = "cũ" * 200_000, "mới" * 200_000
    write_text(path, old)
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom content.atomic import write_text\nfrom pathlib import Path\nprint('ready', flush=True)\nwhile True:\n    write_text(Path({str(path)!r}), {'mới'!r} * 200_000)\n    write_text(Path({str(path)!r}), {'cũ'!r} * 200_000)\n"
    for delay_s in (0.01, 0.05, 0.11):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert path.read_text("utf-8") in (old, new)


def test_the_media_store_keeps_one_file_a_content_and_sees_damage(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media")
    source = tmp_path / "x.MP3"
    source.write_bytes(b"sound")
    first, second = store.add(source), store.add(source)
    assert first == second == sha256_of(source)
    kept = store.find(first, ".mp3", verify=True)
    kept.write_bytes(b"other")
    with pytest.raises(MediaDamagedError):
        store.find(first, ".mp3", verify=True)
    kept.unlink()
    with pytest.raises(MediaMissingError, match="loa render"):
        store.find(first, ".mp3")
