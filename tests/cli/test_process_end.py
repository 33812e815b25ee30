"""The end of a command's process: its code, its whole output and what `atexit` keeps arrive, whatever threads live on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xueshi_cli import worker_process

FRAME = "from xueshi_cli.process_end import end_process_after\n"
PATIENCE = 120


def ended(work: str, **given: object) -> subprocess.CompletedProcess[str]:
    """Run `work` (the body of a function) as the work of a process."""
    body = "".join(f"    {line}\n" for line in work.splitlines())
    code = f"import atexit, logging, os, sys, tempfile, threading, time\n{FRAME}def work():\n{body}end_process_after(work)"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False, **given
    )  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(
    ("last", "code", "says"),
    [
        ("pass", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(0)", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('出错了')", 1, "出错了\n"),
        ("raise ValueError('unforeseen')", 1, "ValueError: unforeseen\n"),
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt\n"),
    ],
)
def test_the_exit_code_and_the_message_are_pythons(last: str, code: int, says: str) -> None:
    done = ended(f"print('做完了')\n{last}")
    assert (done.returncode, done.stdout) == (code, "做完了\n")
    assert done.stderr.endswith(says)


def test_a_large_output_arrives_whole_through_a_pipe() -> None:
    done = ended("for n in range(200_000):\n    sys.stdout.write(f'{n} 行\\n')\nsys.exit(1)")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "199999 行"
    assert len(done.stdout.splitlines()) == 200_000


def test_what_is_registered_for_the_end_is_done_and_what_it_prints_arrives(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    done = ended(
        f"atexit.register(print, '收尾')\natexit.register(open({str(mark)!r}, 'w').close)\n"
        "logging.basicConfig()\nlogging.warning('记了一笔')\n"
        "global kept\nkept = tempfile.TemporaryDirectory()\nprint(kept.name)"
    )
    folder, closing = done.stdout.splitlines()
    assert closing == "收尾"
    assert mark.exists()
    assert "记了一笔" in done.stderr
    assert not Path(folder).exists()


def test_a_thread_that_never_ends_keeps_nobody_waiting() -> None:
    done = ended("threading.Thread(target=threading.Event().wait).start()\nprint('做完了')")
    assert (done.returncode, done.stdout) == (0, "做完了\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_closed_its_pipe_gets_no_trace(unbuffered: str) -> None:
    code = f"import sys\n{FRAME}end_process_after(lambda: sys.stdout.write('行\\n' * 10))"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told() -> None:
    code = f"{FRAME}end_process_after(lambda: print('行'))"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
            env=os.environ | {"PYTHONUNBUFFERED": ""},
        )
    assert done.returncode == 1
    assert done.stderr.decode().startswith("错误 输出没有写完：")


@pytest.mark.parametrize("how", [["-m", "xueshi_cli"], ["-m", "xueshi_cli.main"]])
def test_the_command_itself_ends_so(how: list[str], tmp_path: Path) -> None:
    def xueshi(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *how, *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env=os.environ | {"XUESHI_DATA": str(tmp_path)},
        )

    done = xueshi("regions", "list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("]\n")
    refused = xueshi("regions", "show", "nowhere")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "没有地区插件“nowhere”" in refused.stderr
    assert xueshi("nonsense").returncode == 2


def test_the_installed_command_and_the_worker_end_so() -> None:
    script = Path(sys.executable).parent / "xueshi"
    assert "from xueshi_cli.main import start" in script.read_text()
    source = Path(worker_process.__file__).read_text(encoding="utf-8")
    assert source.endswith('if __name__ == "__main__":\n    end_process_after(main)\n')
