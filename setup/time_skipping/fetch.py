"""Fetch Temporal's time-skipping test server by Maven into our cache: `setup/time_skipping/fetch.py` (`make time-skipping`).

Needs Java 17 and Maven. Writes the wrapper that the tests start, `bin/temporal-test-server` of the cache folder; a
repeat costs nothing. The wrapper must `exec` Java, so that ending it ends the server.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
MAIN_CLASS = "io.temporal.testserver.TestServer"


def cache_folder() -> Path:
    """Return our cache folder, as the one place that knows it says."""
    path = PROJECT / "cli" / "xueshi_cli" / "temporal_binary.py"
    spec = importlib.util.spec_from_file_location("temporal_binary", path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder: Path = module.cache_folder()
    return folder


def main() -> int:
    """Fetch it; returns the exit code (3: Java or Maven is missing, or the artifact cannot be had)."""
    cache = cache_folder()
    wrapper = cache / "bin" / "temporal-test-server"
    pins = (HERE / "pom.xml").read_text(encoding="utf-8")
    stamp = cache / "time-skipping.pom"
    if wrapper.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == pins:
        print(f"  ok  time-skipping test server: {wrapper}")
        return 0
    missing = [program for program in ("java", "mvn") if shutil.which(program) is None]
    if missing:
        print(
            f"time-skipping test server: {' and '.join(missing)} not found on PATH. "
            "On Debian: apt-get install openjdk-17-jre-headless maven",
            file=sys.stderr,
        )
        return 3
    listing = cache / "time-skipping.classpath"
    cache.mkdir(parents=True, exist_ok=True)
    fetched = subprocess.run(
        [
            "mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), f"-Dmaven.repo.local={cache / 'maven'}",
            "dependency:build-classpath", f"-Dmdep.outputFile={listing}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if fetched.returncode != 0:
        print(
            f"time-skipping test server: Maven failed:\n{(fetched.stdout + fetched.stderr)[-1500:]}\n"
            "Check the network and Maven's repository or proxy settings (~/.m2/settings.xml), then repeat.",
            file=sys.stderr,
        )
        return 3
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    classpath = listing.read_text(encoding="utf-8").strip()
    wrapper.write_text(
        "#!/bin/sh\n"
        "exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m "
        f'-cp "{classpath}" {MAIN_CLASS} "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)
    stamp.write_text(pins, encoding="utf-8")
    print(f"  ok  time-skipping test server: {wrapper}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
