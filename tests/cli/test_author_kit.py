"""The commands of a region's author: words, schemas, edges before cases, published texts, several years."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import invalidate_caches
from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from xueshi.assessment.case_schema import case_file_schema
from xueshi.registry import GROUP, Registry
from xueshi.registry import load as load_registry
from xueshi_cli import cases, law_here, regions
from xueshi_cli.main import run

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "notice-example"
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """Run the real entry point with a data folder of its own."""
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["xueshi", *map(str, arguments)])
        try:
            run()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        told = capfd.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def yunze(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example's plugin, installed from a copy: the only one there is; returns its package's folder."""
    package = tmp_path / "xueshi_yunze"
    shutil.copytree(
        EXAMPLE / "plugin" / "xueshi_yunze", package, ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    invalidate_caches()

    def load(*, strict: bool = True) -> Registry:
        sys.modules.pop("xueshi_yunze", None)  # each command is a process of its own
        return load_registry(strict=strict, found=[EntryPoint("yunze", "xueshi_yunze:jurisdiction", GROUP)])

    for module in (cases, law_here, regions):
        monkeypatch.setattr(module, "load", load)
    yield package
    sys.modules.pop("xueshi_yunze", None)


def changed(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, old
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_word_is_printed_with_label_type_and_values(ask: Ask) -> None:
    code, out, _ = ask("regions", "words", "release")
    assert code == 0
    assert all(word in out for word in ("脱产方式", "full 全脱产", "half 半脱产", "下列值之一"))
    told = json.loads(ask("regions", "words", "论文", "--json")[1])
    assert told["kinds"] == {"paper": "论文"}
    everything = json.loads(ask("regions", "words", "--json")[1])
    assert {"training", "paper"} <= set(everything["kinds"])
    assert any(fact["name"] == "person.level" for fact in everything["facts"])


def test_the_words_of_a_region_are_called_as_its_notice_calls_them(ask: Ask, yunze: Path) -> None:
    told = json.loads(ask("regions", "words", "yunze", "--json")[1])
    assert told["kinds"]["unit_self_study"] == "经单位批准的个人自学"
    assert told["kinds"]["standard"] == "地方技术标准"
    assert any(fact["name"] == "study_notes" for fact in told["facts"])


def test_an_unknown_word_names_the_nearest(ask: Ask) -> None:
    code, _, err = ask("regions", "words", "levle")
    assert code == 2
    assert "是不是“level”" in err


@pytest.mark.parametrize(
    ("kind", "folder"),
    [
        ("flow", "flows"),
        ("notice", "notices"),
        ("paper", "papers"),
        ("jurisdiction", "."),
        ("overlay", "flow-overlays"),
    ],
)
def test_the_schema_of_each_other_file_takes_every_file_of_its_kind(ask: Ask, kind: str, folder: str) -> None:
    code, printed, _ = ask("regions", "schema", "--of", kind)
    assert code == 0
    schema = json.loads(printed)
    jsonschema.Draft202012Validator.check_schema(schema)
    places = [PROJECT / "examples" / folder, *(PROJECT / "plugins").glob(f"*/xueshi_*/{folder}")]
    name = "jurisdiction.yaml" if kind == "jurisdiction" else "*.yaml"
    files = [file for place in places for file in sorted(place.glob(name))]
    assert files
    for file in files:
        # The product leaves days to its own model, and so does an editor's check.
        held = json.loads(json.dumps(YAML(typ="safe").load(file.read_text()), default=str))
        faults = [
            f"{file.name}: {one.message}" for one in jsonschema.Draft202012Validator(schema).iter_errors(held)
        ]
        assert faults == []
    assert not jsonschema.Draft202012Validator(schema).is_valid({**held, "unknown_key": 1})


def test_a_kind_of_file_that_does_not_exist_is_said_with_those_that_do(ask: Ask) -> None:
    code, _, said = ask("regions", "schema", "--of", "notise")
    assert code == 2
    assert "没有名为“notise”的文件种类" in said
    assert "notice" in said


def test_words_are_listed_before_the_clauses_have_a_status(ask: Ask, yunze: Path) -> None:
    file = next(yunze.glob("regulations/*.yaml"))
    file.write_text(re.sub(r"\{(encoded|procedural):", "{todo:", file.read_text(), count=1))
    code, told, _ = ask("regions", "words", "yunze")
    assert code == 0
    assert "village_service" in told or "training" in told


def test_the_schema_of_case_files_is_printed(ask: Ask) -> None:
    assert json.loads(ask("regions", "schema", "--cases")[1]) == case_file_schema()


def test_edges_are_proposed_before_there_is_a_case(ask: Ask, yunze: Path) -> None:
    for file in (yunze / "cases").glob("*.yaml"):
        file.write_text(
            "document: YUNZE2031\nconventions:\n  minimum: {total: todo}\ncases: []\n", encoding="utf-8"
        )
    code, out, err = ask("cases", "yunze", "--boundaries")
    assert code == 0, err
    assert "YUNZE2031-R3（一(二)）跨年度（按最近3年）" in out
    assert "end = 2031-12-31、2032-01-01、2032-12-31、2033-01-01" in out
    shutil.rmtree(yunze / "cases")
    assert ask("cases", "yunze", "--boundaries")[0] == 0
    code, _, err = ask("cases", "yunze")
    assert code == 2
    assert "--boundaries" in err


def test_a_clause_or_pair_that_leads_nowhere_stops_the_run(ask: Ask, yunze: Path) -> None:
    file = yunze / "cases" / "yunze2031.yaml"
    changed(
        file,
        "    clauses: [一(二)]\n    readings",
        "    clauses: [gibberish]\n    pair: nonsense\n    readings",
    )
    code, _, err = ask("cases", file)
    assert code == 2
    assert "clauses“gibberish”" in err.replace("\n", "")
    assert "pair“nonsense”" in err.replace("\n", "")


def test_clauses_without_status_take_one_line(ask: Ask, yunze: Path) -> None:
    file = yunze / "regulations" / "yunze2031.yaml"
    text = file.read_text(encoding="utf-8")
    head, _, rest = text.partition("clauses:\n")
    body, _, tail = rest.partition("readings:\n")
    todo = body.replace("encoded", "todo").replace("procedural", "todo").replace("discretionary", "todo")
    file.write_text(f"{head}clauses:\n{todo}readings:\n{tail}", encoding="utf-8")
    code, out, _ = ask("regions", "check", "yunze")
    assert code == 1
    lines = [line for line in out.splitlines() if "todo" in line]
    assert len(lines) == 1
    assert "E203 18条未定状态（todo）：一(一)、一(二)" in lines[0]
    assert "18条，没有状态18" in out.replace("\n", "")
    code, english, _ = ask("regions", "check", "yunze", "--lang", "en")
    assert "E203 18 clauses are still todo: 一(一)" in english
    assert ask("regions", "check", "yunze", "--lang", "fr")[0] == 2


def test_a_finding_is_one_line_with_a_chinese_title_and_its_repair(ask: Ask, yunze: Path) -> None:
    changed(yunze / "regulations" / "yunze2031.yaml", "needs: [running]", "neds: [running]")
    code, out, _ = ask("regions", "check", "yunze")
    assert code == 1
    [place] = [index for index, line in enumerate(out.splitlines()) if "E101" in line]
    assert "E101 没有这个键：条目2.7（二(七)）没有“neds”这个键；是不是“needs”？" in out.splitlines()[place]
    assert out.splitlines()[place + 1].strip() == "改法：改为 needs"
    english = ask("regions", "check", "yunze", "--lang", "en")[1].splitlines()
    [place] = [index for index, line in enumerate(english) if "E101" in line]
    assert 'E101 unknown key "neds" in rule 2.7 (二(七)); did you mean "needs"?' in english[place]
    assert english[place + 1].strip() == "Repair: write needs"
    [row] = [
        one for one in json.loads(ask("regions", "check", "yunze", "--json")[1]) if one["编号"] == "E101"
    ]
    assert (row["改法"], row["repair_zh"]) == ("write needs", "改为 needs")
    assert row["问题"].startswith('unknown key "neds"')
    assert row["message_zh"].startswith("条目2.7（二(七)）没有“neds”这个键")
    code, out, told = ask("rules", "read", "yunze", "--year", "2032")
    assert code == 1
    assert "E101 条目2.7（二(七)）没有“neds”这个键；是不是“needs”？改法：改为 needs" in out + told


def test_an_attached_text_is_quoted_and_compared(ask: Ask, yunze: Path, tmp_path: Path) -> None:
    request = tmp_path / "year.json"
    request.write_text(
        json.dumps({"records": [{"id": "1", "kind": "book", "facts": {"characters": 10000, "rank": 1}}]}),
        encoding="utf-8",
    )
    one = ("assess", "--region", "yunze", "--year", "2032", "--file", request, "--explain")
    assert "原文" not in ask(*one)[1]
    code, out, err = ask("rules", "attach", "yunze", EXAMPLE / "notice.txt")
    assert code == 0, err
    assert "18条中可引用原句18条" in out
    assert "原文：著作：每万字8学时，须排名前三。" in ask(*one)[1]
    assert ask("regions", "check", "yunze", "--json")[1].strip() == "[]"
    changed(yunze / "regulations" / "yunze2031.yaml", "hours: 15 per subject", "hours: 17 per subject")
    code, out, _ = ask("regions", "check", "yunze", "--json")
    assert code == 1
    [finding] = json.loads(out)
    assert finding["编号"] == "E206"
    assert "17" in finding["问题"]


def test_a_text_is_attached_while_the_rule_file_is_not_finished_and_says_so(ask: Ask, yunze: Path) -> None:
    file = yunze / "regulations" / "yunze2031.yaml"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace("{encoded:", "{todo:", 1), encoding="utf-8")
    code, out, err = ask("rules", "attach", "yunze", EXAMPLE / "notice.txt")
    assert code == 0, err
    assert "已附原文" in out
    assert "规则文件还有错误，改正以后才能引用原句" in out.replace("\n", "")
    assert "E203" in out
    assert "W206" not in ask("regions", "check", "yunze")[1], "the text is there"
    file.write_text(whole, encoding="utf-8")
    assert "18条中可引用原句18条" in ask("rules", "attach", "yunze", EXAMPLE / "notice.txt")[1]


def test_a_text_attached_again_is_kept_once_and_a_later_one_counts(
    ask: Ask, yunze: Path, tmp_path: Path
) -> None:
    text = (EXAMPLE / "notice.txt").read_text(encoding="utf-8")
    other = tmp_path / "other.txt"
    other.write_text(text.replace("每万字8学时", "每万字9学时"), encoding="utf-8")
    assert "第1份" in ask("rules", "attach", "yunze", EXAMPLE / "notice.txt")[1]
    assert "第1份" in ask("rules", "attach", "yunze", EXAMPLE / "notice.txt")[1]
    assert "第2份" in ask("rules", "attach", "yunze", other)[1]
    assert "第3份" in ask("rules", "attach", "yunze", EXAMPLE / "notice.txt")[1]
    assert ask("audit", "verify")[0] == 0


def test_a_text_with_another_digest_than_the_rule_file_names_is_refused(ask: Ask, yunze: Path) -> None:
    file = yunze / "regulations" / "yunze2031.yaml"
    notice = EXAMPLE / "notice.txt"
    digest = hashlib.sha256(notice.read_bytes()).hexdigest()
    changed(file, "  area: '990200'\n", f"  area: '990200'\n  source: {{title: 通知, sha256: {'0' * 64}}}\n")
    code, _, err = ask("rules", "attach", "yunze", notice)
    assert code == 2
    assert "不是 YUNZE2031 所依据的原文" in err.replace("\n", "")
    changed(file, "0" * 64, digest)
    assert ask("rules", "attach", "yunze", notice)[0] == 0


def test_a_year_is_assessed_with_the_years_before_it(ask: Ask, yunze: Path, tmp_path: Path) -> None:
    request = tmp_path / "year.json"
    facts = {"id": "1", "kind": "training", "facts": {"days": 9, "release": "full"}}

    def assessed(**more: object) -> dict[str, object]:
        request.write_text(json.dumps({"records": [facts], **more}), encoding="utf-8")
        code, out, err = ask("assess", "--region", "yunze", "--year", "2034", "--file", request, "--json")
        assert code == 0, err
        [window] = json.loads(out)["windows"]
        found: dict[str, object] = window
        return found

    assert assessed()["missing_years"] == [2032, 2033]
    given = assessed(years={"2032": {"total": "90"}, "2033": {"合计": 96}})
    assert (given["met"], given["average"]["total"]) == (True, 8000)  # type: ignore[index]
    short = assessed(years={"2032": {"total": "90"}, "2033": {"public": 20, "professional": "75.9"}})
    assert short["met"] is False
    out = ask("assess", "--region", "yunze", "--year", "2033", "--file", request, "--json")[1]
    ledger = [{**entry, "year": 2033} for entry in json.loads(out)["ledger"]]
    mixed = assessed(years={"2032": {"total": "140"}}, earlier=ledger)
    assert (mixed["sums"]["total"], mixed["met"]) == (24800, True)  # type: ignore[index]
    out = ask("assess", "--region", "yunze", "--year", "2034", "--file", request, "--explain")[1]
    assert "三年平均（一(二)）：2032至2034年度，合计年均应有80学时，已有82.67学时；达到" in out


def test_a_plan_is_weighed_beside_the_years_that_decide(ask: Ask, yunze: Path, tmp_path: Path) -> None:
    changed(
        yunze / "regulations" / "yunze2031.yaml",
        "average_of: R1, rests_on",
        "average_of: R1, decides: year, rests_on",
    )
    request = tmp_path / "year.json"
    years = {"2032": {"total": 90, "public": 20}, "2033": {"total": 96, "public": 20}}
    request.write_text(json.dumps({"records": [], "years": years}), encoding="utf-8")
    plan = (
        "precheck",
        "--region",
        "yunze",
        "--year",
        "2034",
        "--kind",
        "training",
        "--fact",
        "days=9",
        "--fact",
        "release=full",
    )
    out = ask(*plan, "--file", request)[1]
    # 3×80－(90＋96＋54)＝0
    assert "三年平均（一(二)）：2032至2034年度合计应有240学时，已有240学时，达到" in out
    assert "三年平均（一(二)）：还需2032、2033年度的结果，才能判定" in ask(*plan)[1]


@pytest.mark.parametrize(
    ("years", "says"),
    [
        ({"2032": {"totl": 1}}, "没有类别“totl”，是不是“total”"),
        ({"soon": {"total": 1}}, "不是年度"),
        ({"2032": {"total": "many"}}, "“many”不是学时数"),
        ([], "应为一组名称与值"),
    ],
)
def test_unreadable_years_are_named(years: object, says: str, ask: Ask, yunze: Path, tmp_path: Path) -> None:
    request = tmp_path / "year.json"
    request.write_text(json.dumps({"years": years}), encoding="utf-8")
    code, _, err = ask("assess", "--region", "yunze", "--year", "2034", "--file", request)
    assert code == 2
    assert says in err.replace("\n", "")


@pytest.mark.parametrize("options", [(), ("--explain",), ("--json",)])
def test_what_is_weighed_by_nothing_is_said(
    ask: Ask, yunze: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    request = tmp_path / "one.json"
    facts = {"declared_hours": 8}
    request.write_text(json.dumps({"records": [{"id": "甲", "kind": "training", "facts": facts}]}), "utf-8")
    asked = ("assess", "--region", "yunze", "--year", "2032", "--file", request)
    out = ask(*asked, *options)[1]
    assert "记录甲所填的" in out
    assert "载明学时数8学时" in out
    assert "没有条款使用，不影响学时" in out
    request.write_text("{}", "utf-8")
    assert "文件中没有记录（records）" in ask(*asked, *options)[1]


def test_a_year_that_is_none_and_a_value_of_a_wrong_shape_are_told(
    ask: Ask, yunze: Path, tmp_path: Path
) -> None:
    request = tmp_path / "one.json"
    request.write_text("{}", "utf-8")
    code, _, err = ask("assess", "--region", "yunze", "--year", "99999", "--file", request)
    assert code != 0
    assert "“99999”不是统计年度" in err
    request.write_text(json.dumps({"person": {"level": {"a": 1}}}), "utf-8")
    code, _, err = ask("assess", "--region", "yunze", "--year", "2032", "--file", request)
    assert code != 0
    assert "职称层级" in err
    assert "不可读" in err
