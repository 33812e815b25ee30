"""`xueshi rules draft`, `impact`, `publish`, `rollback`, `drafts` as officers use them, and what they then read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from command_line import run
from own_rules_rig import CITY, OVERLAY, OwnRulesRig, record

from xueshi.errors import InputError
from xueshi_cli.workplace import Workplace

OFFICERS = {"maker": ("--as", "maker"), "second": ("--as", "second")}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRulesRig]:
    rig = OwnRulesRig(tmp_path / "data")
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    # The commands load the installed plugins; here the made-up one stands for them.
    monkeypatch.setattr(Workplace, "registry", property(lambda _: rig.place.__dict__["registry"]))
    monkeypatch.setattr("xueshi_cli.rules.law_here", lambda **_: rig.place.registry)
    monkeypatch.setattr("xueshi_cli.assess.law_here", lambda: rig.place.registry)
    rig.enter(
        CITY, 2021, [("示例甲", [record("training", days=12)]), ("示例乙", [record("training", days=1)])]
    )
    yield rig
    rig.engine.dispose()


def file(folder: Path, text: str = OVERLAY) -> str:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def listed() -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(run("rules", "drafts", "--json", *OFFICERS["maker"]))
    return found


def test_from_the_draft_to_publication_and_back(own: OwnRulesRig, tmp_path: Path) -> None:
    said = run("rules", "draft", "example", file(tmp_path), *OFFICERS["maker"])
    assert "＋ 公共科目不少于12学时" in said
    assert "案例3个：不受影响1个，结果改变2个，本身未通过0个" in said
    assert "改变 EX-1（培训十二天" in said
    assert "--accept W206" in said
    assert "条款 EX2020：3条" in said
    [one] = listed()
    assert (one["状态"], one["起草"][:3], one["发布"], one["年度"]) == ("草案", "起草人", "", "2021年度起")
    name = one["草案"]

    assert "还没有测算全部年度的影响" in publish(name, code=1)
    weighed = run("rules", "impact", name, *OFFICERS["second"])
    assert "核算 2 人·年度（其中已封存 0），年度：2021；结果会改变的 2" in weighed
    assert "达到变为未达到：1" in weighed
    assert "已封存的结果不改变" in weighed
    rows = json.loads(run("rules", "impact", name, "--json", *OFFICERS["second"]))
    assert rows["counts"]["falls"] == 1
    assert rows["levels"] == {"intermediate": {"falls": 1, "short": 1}}
    [falls] = [row for row in rows["people"] if row["变化"] == "达到变为未达到"]
    assert (falls["姓名"], falls["结论"], falls["差额"]) == ("示例甲", "达到 → 未达到", "无 → 公共科目12")
    assert "********" in falls["证件号"]

    assert "起草、发布分离" in publish(name, "maker", code=1)
    assert "还有提示没有逐项接受：W206" in publish(name, accept="", code=1)
    assert "已发布：示人社发〔2021〕9号，2021年度起" in publish(name, accept="w206")
    assert "已发布" in publish(name, code=1)
    assert listed()[0]["发布"].startswith("复核人")
    assert "公共科目的最低学时：12（依据：示人社发〔2021〕9号）" in run(
        "rules", "read", "example", "--area", CITY, "--year", "2021"
    )
    assert "12（依据" not in run("rules", "read", "example", "--area", CITY, "--year", "2020")

    back = run("rules", "rollback", "example", "--reason", "数额有误", *OFFICERS["second"])
    name = listed()[1]["草案"]
    assert f"xueshi rules impact {name}" in back
    run("rules", "impact", name, *OFFICERS["maker"])
    assert "已恢复以前的口径" in publish(name, "maker")
    assert [row["状态"][:5] for row in listed()] == ["已恢复原口", "已办理"]
    assert "12（依据" not in run("rules", "read", "example", "--area", CITY, "--year", "2021")
    run("reconcile")


def publish(name: str, officer: str = "second", accept: str = "W206", code: int = 0) -> str:
    words = ["rules", "publish", name, "--reason", "示例", "--accept", accept, *OFFICERS[officer]]
    return run(*words, code=code)


def test_a_faulty_file_is_told_line_by_line_with_exit_code_1(own: OwnRulesRig, tmp_path: Path) -> None:
    text = OVERLAY.replace("least_public: 12", "least_publik: 12")
    said = run("rules", "draft", "example", file(tmp_path, text), *OFFICERS["maker"], code=1)
    assert "own.yaml:8: E302 本级口径设了没有的名称" in said
    assert "EX2020 没有“least_publik”；是不是“least_public”？" in said
    assert "改法：设 least_public" in said
    assert "没有存为草案" in said
    told = json.loads(
        run("rules", "draft", "example", file(tmp_path, text), "--json", *OFFICERS["maker"], code=1)
    )
    assert told["draft"] is None
    assert told["findings"][0]["code"] == "E302"
    assert listed() == []
    assert own.engine is not None


@pytest.mark.usefixtures("own")
def test_what_is_no_file_of_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="找不到本级口径的文件"):
        run("rules", "draft", "example", str(tmp_path / "none.yaml"), *OFFICERS["maker"])
    (tmp_path / "big.yaml").write_bytes(b"#" * (256 * 1024 + 1))
    with pytest.raises(InputError, match="超过 256 KB"):
        run("rules", "draft", "example", str(tmp_path / "big.yaml"), *OFFICERS["maker"])
    (tmp_path / "gbk.yaml").write_bytes("口径".encode("gbk"))
    with pytest.raises(InputError, match="不是UTF-8文本"):
        run("rules", "draft", "example", str(tmp_path / "gbk.yaml"), *OFFICERS["maker"])


@pytest.mark.usefixtures("own")
def test_the_list_of_people_goes_to_a_workbook(tmp_path: Path) -> None:
    run("rules", "draft", "example", file(tmp_path), *OFFICERS["maker"])
    book = tmp_path / "影响.xlsx"
    run("rules", "impact", listed()[0]["草案"], "--xlsx", str(book), *OFFICERS["maker"])
    sheet = openpyxl.load_workbook(book).active
    assert sheet is not None
    names = [str(row[3]) for row in sheet.iter_rows(values_only=True)]
    assert {"示例甲", "示例乙"} <= set(names)


def test_a_year_judged_without_a_campaign_follows_what_is_published(own: OwnRulesRig, tmp_path: Path) -> None:
    own.published()
    year = tmp_path / "year.json"
    year.write_text(
        json.dumps(
            {"records": [{"id": "1", "kind": "training", "facts": {"days": 12, "end": "2021-04-01"}}]}
        ),
        encoding="utf-8",
    )
    words = ("assess", "--region", "example", "--area", CITY, "--file", str(year), "--explain")
    said = run(*words, "--year", "2021")
    assert "公共科目（一）：应有12学时，已有0学时，还差12学时" in said
    assert "一：公共科目的最低学时：12（依据：示人社发〔2021〕9号）" in said
    assert "应有12学时" not in run(*words, "--year", "2020")


def test_asking_for_the_law_makes_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "none"))
    assert Workplace.here().registry.bureau() == ()
    assert not (tmp_path / "none").exists()
