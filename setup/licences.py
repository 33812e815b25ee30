"""Write THIRD_PARTY.md: the packages of requirements.lock with their licences, from the packages' own metadata."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "THIRD_PARTY.md"
INTRODUCTION = """\
# Third-party software

Xueshi itself is under the Apache License 2.0 (`LICENSE`). It uses the packages below; none of them is part of this
repository. The table is written by `make docs` from the metadata of the packages pinned in `requirements.lock`.

Fetched at set-up beside them, into the user's cache folder:

| what | licence | used for |
|---|---|---|
| Noto Serif SC, Noto Sans SC | SIL Open Font License 1.1 | the papers |
| Temporal CLI with development server | MIT | durable campaigns in the embedded default |

| package | version | licence |
|---|---|---|
"""
SPDX_OF_CLASSIFIER = {
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: BSD License": "BSD",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0",
    "License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)": "LGPL",
    "License :: OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
}


def licence(package: str) -> str:
    """Return a package's licence: its SPDX expression, else its classifiers, else the first line of its text."""
    about = metadata(package)
    if "License-Expression" in about:
        return about["License-Expression"]
    named = [line for line in about.get_all("Classifier") or () if line.startswith("License :: ")]
    if named:
        return ", ".join(SPDX_OF_CLASSIFIER.get(line, line.rsplit(" :: ", 1)[-1]) for line in named)
    text = about["License"].strip() if "License" in about else ""
    return text.splitlines()[0][:60] if text else "not stated in the metadata"


def pins() -> list[tuple[str, str]]:
    """Return name and version of every pin."""
    return re.findall(
        r"^([a-z0-9][a-z0-9._-]*)==(\S+)", (PROJECT / "requirements.lock").read_text(), re.MULTILINE
    )


def page() -> str:
    """Return the whole page; a package that this platform does not use is named without a licence."""
    rows = []
    for name, version in pins():
        try:
            rows.append(f"| {name} | {version} | {licence(name)} |")
        except PackageNotFoundError:
            rows.append(f"| {name} | {version} | (not installed on the platform that wrote this page) |")
    return INTRODUCTION + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
