"""A bureau's own settings of a flow: what may be set, and how everything else is refused (file, line, repair)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flow_folder import RECORDS, registry_of, write

from xueshi.errors import InputError, PluginError
from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_overlay import FlowOverlay, overlaid
from xueshi.flows.overlay_target import set_flows
from xueshi.flows.region_flows import PlacedFlow
from xueshi.plugin_files import read_flow_overlay

OVERLAY = """\
xueshi: 1
overlay:
  of: EX-yearly
  by: 示例市人社局
  document: 示人发〔2021〕9号
  decided: 2021-09-01
  years: 2021 to 2022
set:
  unit: {mode: any}
  hrss: {days: 15, needed: 1, sample: 40%, signers: {centre: 示例区人事考试中心}}
drop: []
require: []
"""


@pytest.fixture
def flow(tmp_path: Path) -> ApprovalFlow:
    return registry_of(write(tmp_path / "plugin")).ask("example").approval_flows(2021)[-1]


def set_by(flow: ApprovalFlow, folder: Path, text: str = OVERLAY, year: int = 2021) -> ApprovalFlow:
    file = folder / "own.yaml"
    file.write_text(text, encoding="utf-8")
    return overlaid(flow, read_flow_overlay(file, "own.yaml"), year)


def test_days_mode_number_names_and_share_are_set_and_cited(flow: ApprovalFlow, tmp_path: Path) -> None:
    made = set_by(flow, tmp_path)
    assert [level.id for level in made.levels] == ["unit", "self_check", "department", "hrss"]
    hrss = made.level("hrss")
    assert (hrss.days, hrss.mode, hrss.needed, hrss.sample) == (15, "n_of", 1, 40)
    assert [signer.name for signer in hrss.signers] == ["人社部门", "示例区人事考试中心"]
    assert made.level("unit").mode == "any"
    assert "示人发〔2021〕9号" in hrss.reading
    assert hrss.clause == flow.level("hrss").clause
    assert made.level("self_check") == flow.level("self_check")


def test_a_level_that_the_flow_leaves_to_the_bureau_can_be_dropped(
    flow: ApprovalFlow, tmp_path: Path
) -> None:
    text = OVERLAY.partition("set:")[0] + "drop: [hrss]\n"
    made = set_by(flow, tmp_path, text)
    assert [level.id for level in made.levels] == ["unit", "self_check", "department"]


def test_a_level_that_is_left_out_can_be_required(flow: ApprovalFlow, tmp_path: Path) -> None:
    text = (
        Path(tmp_path / "plugin/flows/yearly.yaml")
        .read_text()
        .replace("optional: yes", "optional: on_request", 1)
    )
    wished = registry_of(write(tmp_path / "other", yearly=text)).ask("example").approval_flows(2021)[-1]
    made = set_by(wished, tmp_path, OVERLAY.replace("require: []", "require: [department]"))
    assert made.level("department").optional == "no"
    with pytest.raises(InputError, match=r"own\.yaml:9: F304 .*缺省不设.*require 中写上 department"):
        set_by(wished, tmp_path, OVERLAY.replace("  unit: {mode: any}", "  department: {days: 3}"))
    assert "依示例市人社局示人发〔2021〕9号调整" in made.level("department").reading


def test_a_flow_for_records_is_set_by_the_same_file(tmp_path: Path) -> None:
    registry = registry_of(write(tmp_path / "plugin"))
    records = next(one for one in registry.ask("example").approval_flows(2021) if one.purpose == "record")
    text = OVERLAY.partition("set:")[0].replace("EX-yearly", "EX-records") + "set: {unit: {days: 5}}\n"
    made = set_by(records, tmp_path, text)
    assert made.level("unit").days == 5
    assert made.channels == records.channels


@dataclass(frozen=True)
class Fault:
    code: str
    old: str
    new: str
    says: str
    repair: str
    also: tuple[str, str] = ("", "")


FAULTS = [
    Fault("F301", "of: EX-yearly", "of: EX-yaerly", "调整的是流程 EX-yaerly", "of: EX-yearly"),
    Fault("F302", "years: 2021 to 2022", "years: 2022", "只适用于 2022–2022 年度，通知是 2021 年度", "把 2021 写入 years"),
    Fault("F303", "  unit: {mode: any}", "  unti: {mode: any}", "没有环节“unti”；是否为“unit”", "写 unit"),
    Fault("F304", "drop: []", "drop: [self_check]", "“单位考核”（EX2020 三）不是可选环节，不能去掉", "从 drop 中删去 self_check"),
    Fault("F304", "require: []", "require: [self_check]", "不是可选环节，不能另行要求", "从 require 中删去 self_check"),
    Fault("F304", "drop: []\nrequire: []", "require: [hrss]\ndrop: [hrss]", "“hrss”既要求又去掉", "只留一处"),
    Fault("F304", "  hrss: {days: 15", "  hrss: {days: 15", "“人社部门抽查”已去掉", "从 set 或 drop 中删去 hrss", also=("drop: []", "drop: [hrss]")),
    Fault("F309", "drop: []", "drop: [department]", "去掉department后，有行业主管部门的用人单位提交的申报没有人审核", "从 drop 中删去 department"),
    Fault("F305", "signers: {centre:", "signers: {center:", "没有岗位 center；是否为 centre", "岗位仍为：hrss、centre"),
    Fault("F306", "  unit: {mode: any}", "  self_check: {sample: 5%}", "“单位考核”不是抽查环节", "删去 sample"),
    Fault("F307", "days: 15", "days: 0", "不能是 0 个工作日", "至少为 1"),
    Fault("F308", "needed: 1,", "needed: 3,", "只有 2 个办理部门，不可能有 3 个签署", "needed 写 1 至 2"),
    Fault("F308", "needed: 1,", "needed: 1, mode: all,", "既写 mode: all 又写 needed", "mode: n_of"),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.code}-{fault.new[:20].strip()}")
def test_what_a_bureau_may_not_set_is_refused_with_line_and_repair(
    flow: ApprovalFlow, tmp_path: Path, fault: Fault
) -> None:
    assert OVERLAY.count(fault.old) == 1
    text = OVERLAY.replace(fault.old, fault.new).replace(*fault.also)
    with pytest.raises(InputError) as told:
        set_by(flow, tmp_path, text)
    line = text[: text.index(fault.new)].count("\n") + 1
    [found] = [one for one in str(told.value).splitlines() if fault.says in one]
    assert found.startswith(f"own.yaml:{line}: {fault.code} ")
    assert fault.repair in found.partition("改法：")[2]


def test_all_faults_are_told_at_once(flow: ApprovalFlow, tmp_path: Path) -> None:
    text = OVERLAY.replace("days: 15", "days: 0").replace("signers: {centre:", "signers: {center:")
    with pytest.raises(InputError) as told:
        set_by(flow, tmp_path, text)
    assert len(str(told.value).splitlines()) == 2


@pytest.mark.parametrize(
    "word", ["clause: 我说的", "returns_to: [unit]", "body: unit", "name: 新名", "optional: yes"]
)
def test_nothing_else_may_be_set(flow: ApprovalFlow, tmp_path: Path, word: str) -> None:
    with pytest.raises(PluginError, match=rf"own\.yaml:\d+: unknown key \"{word.partition(':')[0]}\""):
        set_by(flow, tmp_path, OVERLAY.replace("{mode: any}", f"{{mode: any, {word}}}"))


def test_the_flow_that_comes_out_passes_the_checks_of_every_flow(flow: ApprovalFlow, tmp_path: Path) -> None:
    """A bureau's settings on a flow that was broken before are no way around its checks."""
    levels = tuple(replace(level, returns_to=("hrss",)) for level in flow.levels)
    with pytest.raises(InputError, match=r"own\.yaml:9: F107 EX-yearly：环节 unit 退回到 hrss"):
        set_by(replace(flow, levels=levels), tmp_path)


RECORDS_ONLY = OVERLAY.partition("set:")[0].replace("EX-yearly", "EX-records")


def records_flow(folder: Path, **changed: str) -> ApprovalFlow:
    found = registry_of(write(folder, **changed)).ask("example").approval_flows(2021)
    return next(one for one in found if one.purpose == "record")


def test_a_way_in_never_loses_its_last_verifier(tmp_path: Path) -> None:
    optional = RECORDS.replace("  signers:\n  - {role: unit_verifier, name: 机构}", "  optional: yes\n  signers:\n  - {role: unit_verifier, name: 机构}")  # fmt: skip
    flow = records_flow(tmp_path / "one", records=optional)
    with pytest.raises(
        InputError, match=r"own\.yaml:8: F309 去掉agency后，.*以“本人申请”申报的学时没有人认定"
    ) as told:
        set_by(flow, tmp_path, RECORDS_ONLY + "drop: [agency]\n")
    assert "从 drop 中删去 agency" in str(told.value)


def test_a_verifier_beside_another_may_be_dropped_or_required(tmp_path: Path) -> None:
    both = RECORDS.replace("channels:", "- id: above\n  name: 主管部门复核\n  clause: EX2020 三\n  body: area\n  optional: yes\n  signers:\n  - {role: hrss, name: 人社部门}\nchannels:", 1).replace("levels: [unit, agency]\n  personal", "levels: [unit, agency, above]\n  personal")  # fmt: skip
    flow = records_flow(tmp_path / "one", records=both)
    made = set_by(flow, tmp_path, RECORDS_ONLY + "drop: [above]\n")
    assert made.channel("person").levels == ("unit", "agency")
    wished = records_flow(tmp_path / "two", records=both.replace("optional: yes", "optional: on_request"))
    required = set_by(wished, tmp_path, RECORDS_ONLY + "require: [above]\nset: {above: {days: 3}}\n")
    assert (required.level("above").optional, required.level("above").days) == ("no", 3)


def test_a_flow_for_records_is_named_as_such(tmp_path: Path) -> None:
    flow = records_flow(tmp_path / "one")
    with pytest.raises(InputError, match="学时登记用的是 EX-records"):
        set_by(flow, tmp_path, RECORDS_ONLY.replace("EX-records", "EX-record"))


def test_what_is_kept_of_the_settings_is_read_back_the_same(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    for text in (OVERLAY, OVERLAY.replace("2021 to 2022", "2021 to open")):
        file.write_text(text, encoding="utf-8")
        overlay = read_flow_overlay(file, "own.yaml")
        assert FlowOverlay.of_plain(json.loads(json.dumps(overlay.as_plain()))) == replace(
            overlay, file="", lines={}
        )


def placed(folder: Path) -> list[PlacedFlow]:
    return registry_of(write(folder)).ask("example").placed_flows()


def test_the_settings_are_laid_over_every_version_of_the_flow_they_name(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(RECORDS_ONLY + "set: {unit: {days: 5}}\n", encoding="utf-8")
    [made] = set_flows(placed(tmp_path / "one"), read_flow_overlay(file, "own.yaml"), "990102")
    assert made.level("unit").days == 5


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("EX-records", "EX-record", r"own\.yaml:3: F301 本地区没有流程 EX-record；是否为“EX-records”"),
        (
            "2021 to 2022",
            "2012 to 2015",
            r"own\.yaml:7: F302 只适用于 2012–2015 年度，流程 EX-records 用于 2020至",
        ),
    ],
)
def test_settings_of_no_flow_or_of_other_years_are_refused(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(RECORDS_ONLY.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=says):
        set_flows(placed(tmp_path / "one"), read_flow_overlay(file, "own.yaml"), "990102")


def test_settings_of_another_areas_flow_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(RECORDS_ONLY, encoding="utf-8")
    flows = [replace(one, flow=replace(one.flow, area="990101")) for one in placed(tmp_path / "one")]
    with pytest.raises(InputError, match=r"F301 流程 EX-records 只用于地区 990101，不用于 990102"):
        set_flows(flows, read_flow_overlay(file, "own.yaml"), "990102")
