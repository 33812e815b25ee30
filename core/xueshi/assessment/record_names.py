"""Records as officers know them, in a sentence that names them by the ids under which they were judged."""

from __future__ import annotations

import re
from collections.abc import Mapping


def with_names(text: str, names: Mapping[str, str]) -> str:
    """Return a sentence in which `记录r0003` reads as `names` says (`r0003` → `第3条记录`); others stay as they are."""
    if "记录" not in text or not names:
        return text
    ids = "|".join(re.escape(one) for one in sorted(names, key=len, reverse=True))
    return re.sub(rf"记录({ids})(?![0-9A-Za-z])", lambda found: names[found[1]], text)
