"""Logs: no identity number ever reaches them, and every line can be traced to its command."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from uuid import UUID

import pytest
import structlog

from xueshi.logs import configure_logs, for_command, logger, mask_text

NUMBER = "11010519491231002X"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("production", "info", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"身份证{NUMBER}，请核对",
        "110105 19491231 002X",
        "110105-19491231-002x",
        "110105491231002",
        "'110105199001011232'",
    ],
)
def test_whatever_looks_like_an_identity_number_is_masked(text: str) -> None:
    masked = mask_text(text)
    assert "1231" not in masked
    assert "0101" not in masked
    assert "隐去" in masked


@pytest.mark.parametrize(
    "text",
    [
        "2021-12-31 24:00",
        "0199b1de-7c1e-7000-8000-000000000012",
        "91500102MA5U0KXQ1T",
        "sha256:" + "12" * 32,
        "100 学时",
    ],
)
def test_dates_ids_codes_and_digests_stay(text: str) -> None:
    assert mask_text(text) == text


def test_numbers_are_masked_in_values_keys_nested_data_and_tracebacks(out: io.StringIO) -> None:
    log = logger("test")
    log.info(f"read {NUMBER}", person={"no": [NUMBER]}, number=110105199001011232, **{NUMBER: 1})
    try:
        int(f"no {NUMBER}")
    except ValueError:
        log.exception("failed")
    logging.getLogger("other").warning("row of %s", NUMBER)
    text = out.getvalue()
    assert "19491231" not in text
    assert "19900101" not in text
    assert len(text.splitlines()) == 3
    assert "ValueError" in text


def test_every_line_names_the_command_it_serves(out: io.StringIO) -> None:
    command = UUID("0199b1de-7c1e-7000-8000-000000000012")
    with for_command(command):
        logger("test").info("decided", level="unit_review")
    logger("test").info("later")
    inside, outside = map(json.loads, out.getvalue().splitlines())
    assert inside["command"] == str(command)
    assert "command" not in outside
