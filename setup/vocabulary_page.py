"""Write docs/vocabulary.md from the engine's vocabulary: `.venv/bin/python setup/vocabulary_page.py`; a test compares the two."""

from __future__ import annotations

import sys
from pathlib import Path

from xueshi.regulations.vocabulary import engine_vocabulary
from xueshi.regulations.vocabulary_page import vocabulary_page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "vocabulary.md"


def page() -> str:
    """Return the whole page."""
    return vocabulary_page(engine_vocabulary())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
