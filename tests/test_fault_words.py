"""What libraries say in English reaches an officer in Chinese: fields, JSON, files, the database."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from flow_folder import registry_of, write
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import OperationalError

from xueshi.assessment.record_names import with_names
from xueshi.errors import PluginError
from xueshi.fault_words import field_fault, json_fault, system_fault
from xueshi.plugin_files import read_flow_overlay, read_notice
from xueshi_cli import main

LATIN_WORDS = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}")


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: int = 1
    day: date = date(2024, 1, 1)
    word: Literal["甲", "乙"] = "甲"
    words: list[str] = Field(default=[], max_length=2)
    share: int = Field(default=1, ge=1, le=99)
    sure: bool = True
    named: dict[str, int] = {}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"number": "x"}, "应为整数"),
        ({"number": [1]}, "应为整数"),
        ({"number": 1.5}, "应为整数"),
        ({"day": "2024-13-01"}, "应为日期，如 2024-12-31"),
        ({"word": "丙"}, "只能写 '甲'、'乙'"),
        ({"words": "一"}, "应为列表，如 [甲, 乙]，没有的写 []"),
        ({"words": ["一", "二", "三"]}, "最多 2 项"),
        ({"words": [1]}, "应为一段文字"),
        ({"share": 0}, "不能小于 1"),
        ({"share": 100}, "不能大于 99"),
        ({"sure": "也许"}, "应为是或否（yes 或 no）"),
        ({"named": 3}, "应为“名称: 值”的若干项"),
        ({"other": 3}, "没有这一项"),
    ],
)
def test_a_wrong_field_is_told_in_chinese(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as told:
        Form.model_validate(given)
    assert field_fault(dict(told.value.errors()[0])) == says


def test_a_fault_that_nobody_foresaw_is_not_told_in_the_librarys_words() -> None:
    assert field_fault({"type": "url_scheme", "msg": "URL scheme should be http"}) == "写法不对"


def test_where_json_ends_is_told_by_line_and_column() -> None:
    with pytest.raises(ValueError, match="Expecting") as told:
        json.loads('{\n "a": 1,\n]')
    assert json_fault(told.value) == "第 3 行第 1 列起读不下去"
    with pytest.raises(UnicodeDecodeError) as text:
        "继续教育".encode("gb18030").decode()
    assert json_fault(text.value) == "不是 UTF-8 文字"


NOTICE = """\
xueshi: 1
id: n
area: 990102
year: 2021
number: 示例〔2021〕1号
title: 通知
issuer: 示例市人社局
issued: 2021-10-01
opens: 2021-10-08
closes: 2021-11-30
flow: EX-yearly
papers: []
"""
OVERLAY = """\
xueshi: 1
overlay: {of: EX-yearly, by: 局, document: 文, decided: 2021-09-01, years: 2021}
set:
  hrss: {days: 15, sample: 40%}
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("flow: EX-yearly", "flwo: EX-yearly", "own.yaml:11: 没有“flwo”这一项；是否为“flow”？改法：写 flow"),
        ("issuer: 示例市人社局\n", "", "own.yaml:1: 缺少 issuer。改法：补上"),
        ("papers: []", "papers: 登记卡", "own.yaml:12: papers: 应为列表"),
        ("year: 2021", "year: 二〇二一", "own.yaml:4: year: 应为整数（写的是 '二〇二一'）。改法：改正这一项"),
        ("2021-11-30", "2021-11-31", "own.yaml:10: closes: 没有2021-11-31这一天；该月最后一日是2021-11-30"),
        ("papers: []", "papers: [", "own.yaml:13: 这一行读不下去（YAML）"),
    ],
)
def test_an_officers_own_notice_is_told_in_chinese(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(NOTICE.replace(old, new), encoding="utf-8")
    with pytest.raises(PluginError) as told:
        read_notice(file, "own.yaml", "example", "zh")
    assert says in str(told.value)
    assert not LATIN_WORDS.search(str(told.value))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("years: 2021", "years: 2021到2022", "改法：写 2024、2024 to 2026 或 2024 to open"),
        ("40%", "四成", "改法：写 1% 至 99%"),
        ("hrss: {days: 15, sample: 40%}", "hrss: 15", "own.yaml:4: set.hrss: 应为“名称: 值”的若干项"),
        (OVERLAY, "", "own.yaml:1: 文件是空的"),
        (OVERLAY, "学时", "own.yaml:1: 文件是空的，或不是“名称: 值”的样子"),
    ],
)
def test_an_officers_own_settings_are_told_in_chinese(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(OVERLAY.replace(old, new), encoding="utf-8")
    with pytest.raises(PluginError) as told:
        read_flow_overlay(file, "own.yaml", "zh")
    assert says in str(told.value)


def test_a_file_in_another_encoding_is_told_as_such(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(OVERLAY, encoding="gb18030")
    with pytest.raises(PluginError, match="不是 UTF-8 文字。改法：用文本编辑器另存为 UTF-8"):
        read_flow_overlay(file, "own.yaml", "zh")


def test_a_plugins_own_files_stay_in_the_words_of_their_authors(tmp_path: Path) -> None:
    text = (write(tmp_path) / "flows" / "yearly.yaml").read_text().replace("  days: 10", "  dayz: 10")
    with pytest.raises(PluginError, match='unknown key "dayz"; did you mean "days"'):
        registry_of(write(tmp_path, yearly=text)).ask("example").approval_flows(2021)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EISDIR, errno.EROFS])
def test_what_the_system_says_of_a_file_is_chinese(number: int) -> None:
    assert not re.search("[A-Za-z]", system_fault(OSError(number, os.strerror(number))))


def ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> tuple[int, str]:
    def work() -> Any:
        def fail() -> None:
            raise error

        return fail

    monkeypatch.setattr(main, "build", work)
    with pytest.raises(SystemExit) as left:
        main.run()
    return int(str(left.value.code)), capsys.readouterr().err


def test_a_path_that_cannot_be_written_ends_as_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = str(tmp_path / "没有" / "x.zip")
    code, said = ended(monkeypatch, capsys, FileNotFoundError(errno.ENOENT, "No such file", missing))
    assert code == 2
    assert "没有这个文件或文件夹；请核对路径" in said
    assert "No such" not in said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("database is locked", "数据库正忙"),
        ("database or disk is full", "磁盘已满"),
        ("unable to open database file", "xueshi doctor"),
    ],
)
def test_a_database_that_does_not_answer_ends_as_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str, told: str
) -> None:
    code, shown = ended(monkeypatch, capsys, OperationalError("SELECT 1", {}, Exception(said)))
    assert code == 3
    assert told in shown
    assert "SELECT" not in shown


def test_a_fault_of_ours_is_told_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise OSError(errno.EPIPE, "no file was named")

    monkeypatch.setattr(main, "build", broken)
    monkeypatch.setattr(sys, "argv", ["xueshi"])
    with pytest.raises(OSError, match="no file was named"):
        main.run()


def test_a_record_is_named_as_officers_know_it() -> None:
    names = {"r0003": "第3条记录（a）", "r0030": "第30条记录（b）", "1": "记录“培训”"}
    assert (
        with_names("记录r0003：天数不可读，见记录r0030", names)
        == "第3条记录（a）：天数不可读，见第30条记录（b）"
    )
    assert (
        with_names("与记录1为同一课程，记录12、学习记录保留", names)
        == "与记录“培训”为同一课程，记录12、学习记录保留"
    )
    assert with_names("没有编号", {}) == "没有编号"
