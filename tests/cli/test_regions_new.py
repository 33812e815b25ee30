"""`xueshi regions new`: a whole distribution, its clause map from the numbering of the notice, never overwriting."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from xueshi.errors import InputError
from xueshi_cli.notice_text import notice_text
from xueshi_cli.regions import app

NOTICE = """关于开展某市专业技术人员继续教育工作的通知
某人社发〔2031〕7号
各有关单位：
一、学习任务
（一）每年不少于60学时。
未满一年的按月计算。
（二）其中公需科目不少于20学时。
二、学时认定：下列活动计算学时。
1. 参加培训，每天6学时。
2．论文，每篇10学时。
（1）第一作者全数；
三、本通知自印发之日起施行。
某市人力资源和社会保障局
2031年3月5日
附件1
办法
第一条 为规范管理。
第二条 单位负责登记。
"""
EXPECTED = ["一(一)", "一(二)", "二", "二1", "二2", "二2(1)", "三", "附件1第一条", "附件1第二条"]


def new(folder: Path, *more: str, name: str = "sample", area: str = "990100") -> Any:
    return CliRunner().invoke(app, ["new", name, "--area", area, "-o", str(folder), *more])


def notice(tmp_path: Path, text: str = NOTICE) -> str:
    file = tmp_path / "notice.txt"
    file.write_text(text, encoding="utf-8")
    return str(file)


def rule_file(folder: Path) -> dict[str, Any]:
    (file,) = (folder / "xueshi_sample" / "regulations").glob("*.yaml")
    tree: dict[str, Any] = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    return tree


def test_the_clause_map_follows_the_numbering_of_the_text(tmp_path: Path) -> None:
    assert new(tmp_path / "x", "--from", notice(tmp_path)).exit_code == 0
    tree = rule_file(tmp_path / "x")
    assert list(tree["clauses"]) == EXPECTED
    assert all(list(status) == ["todo"] for status in tree["clauses"].values())
    header = tree["regulation"]
    assert header["id"] == "SAMPLE2031"
    assert header["title"] == "关于开展某市专业技术人员继续教育工作的通知"
    assert header["number"] == "某人社发〔2031〕7号"
    assert header["issuer"] == "某市人力资源和社会保障局"
    assert str(header["issued"]) == "2031-03-05"


def test_a_word_file_tells_the_same(tmp_path: Path) -> None:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in NOTICE.splitlines())
    file = tmp_path / "notice.docx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>',
        )
    assert new(tmp_path / "x", "--from", str(file)).exit_code == 0
    assert list(rule_file(tmp_path / "x")["clauses"]) == EXPECTED


def test_a_word_file_with_automatic_numbers_is_refused_with_the_way_out(tmp_path: Path) -> None:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    file = tmp_path / "notice.docx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{space}"><w:body><w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>任务</w:t></w:r></w:p>'
            "</w:body></w:document>",
        )
    with pytest.raises(InputError, match=r"自动编号.*\.txt"):
        notice_text(file)


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("a.pdf", b"%PDF", "只能读"),
        ("a.docx", b"no zip", "不是可读的 Word"),
        ("a.txt", b"  \n", "没有文字"),
        ("a.txt", b"\xff\xfe\xff\x80\xff", "另存为 UTF-8"),
    ],
)
def test_an_unreadable_notice_is_named(tmp_path: Path, name: str, body: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(InputError, match=message):
        notice_text(tmp_path / name)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    assert new(folder).exit_code == 0
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    again = new(folder, "--place", "另一市")
    assert isinstance(again.exception, InputError)
    assert "没有写入任何文件" in str(again.exception)
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        ({"name": "Bad-Name"}, [], "不能作地区代码"),
        ({"area": "99010"}, [], "六位数字"),
        ({}, ["--instrument", "ex 1"], "不能作文件编号"),
        ({}, ["--parent", "NOWHERE1"], "没有上位文件 NOWHERE1"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: dict[str, str], given: list[str], message: str
) -> None:
    answer = new(tmp_path / "x", *given, **arguments)
    assert isinstance(answer.exception, InputError)
    assert message in str(answer.exception)
    assert not (tmp_path / "x").exists()


def test_an_installed_name_is_refused(tmp_path: Path) -> None:
    answer = new(tmp_path / "x", name="national")
    assert "已安装" in str(answer.exception)


def test_the_flows_of_a_scaffold_ask_for_their_clauses_and_have_no_other_fault(tmp_path: Path) -> None:
    from flow_folder import registry_of

    assert new(tmp_path / "x", "--from", notice(tmp_path)).exit_code == 0
    package = tmp_path / "x" / "xueshi_sample"
    found = registry_of(package).flow_findings("example")
    assert {finding.code for finding in found} == {"F206"}
    for file in (package / "flows").glob("*.yaml"):
        file.write_text(file.read_text().replace("clause: SAMPLE2031", "clause: SAMPLE2031 二"))
    assert registry_of(package).flow_findings("example") == []


def test_the_last_paragraph_of_an_article_is_listed_as_part_of_the_article(tmp_path: Path) -> None:
    text = "第一条 为规范管理。\n第二条 参加培训的，按时间计算：\n（一）5天以内的，每天6学时；\n（二）其余每天4学时。\n报到的时间不计。\n"
    assert new(tmp_path / "x", "--from", notice(tmp_path, text), "--instrument", "SAMPLE2031").exit_code == 0
    clauses = rule_file(tmp_path / "x")["clauses"]
    assert list(clauses) == ["第一条", "第二条", "第二条(一)", "第二条(二)"]
    assert clauses["第二条"]["todo"].endswith("报到的时间不计。")
    assert "报到" not in clauses["第二条(二)"]["todo"]
