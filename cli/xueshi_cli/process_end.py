"""How the process of a command ends: everything written is handed over, then it ends without taking itself apart."""

from __future__ import annotations

import atexit
import errno
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from xueshi.fault_words import system_fault


def end_process_after(work: Callable[[], None]) -> NoReturn:
    """Run `work`, then end this process with its exit code; only for a process that has nothing else to do.

    Temporal's client keeps threads of its own that may call back while Python takes itself apart: about one command
    in sixty aborted after its work was done. So what Python does at its end and matters (functions registered with
    `atexit`: logs, temporary folders, coverage; then the buffers of the output) is done here, and the rest is left
    to the operating system. Output that cannot be handed over turns 0 into 1; a reader that closed its pipe early
    (`xueshi tasks list | head`) gets no message, a full disk does.
    """
    code = _code_of(work)
    atexit._run_exitfuncs()
    code = _handed_over(code)
    os._exit(code)


def _code_of(work: Callable[[], None]) -> int:
    """Return the exit code that Python would end with."""
    try:
        work()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BrokenPipeError:
        return 1
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _handed_over(code: int) -> int:
    """Flush both outputs and return the exit code: 1 instead of 0 where a part did not arrive."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            code = code or 1
            if stream is sys.stdout and isinstance(error, OSError) and error.errno not in (None, errno.EPIPE):
                os.write(2, f"错误 输出没有写完：{system_fault(error)}\n".encode())
    return code
