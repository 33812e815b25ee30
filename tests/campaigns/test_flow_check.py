"""Every check of a flow: a broken file gets its code, the line, the nearest valid word and one repair."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import flow_folder
import pytest
from flow_folder import FILES, registry_of, write

from xueshi.flows.flow import ApprovalFlow, FlowLevel, Signer
from xueshi.flows.flow_check import flow_findings


@dataclass(frozen=True)
class Fault:
    """One way to break a file: what is replaced by what, and what the finding must say."""

    code: str
    of: str
    old: str
    new: str
    says: str
    repair: str
    at: str = ""
    """Text of the line the finding must name; the line of the change when empty."""
    severity: str = "E"
    stands_in: str = ""
    """The file the finding names, where it is not the broken one."""


HRSS = "- id: hrss\n  name: 人社部门抽查"
CHANNELS = flow_folder.RECORDS.partition("channels:\n")[2].partition("leaving:")[0]
UNIT_LEVEL = flow_folder.YEARLY.partition("levels:\n")[2].partition("- id: self_check")[0]
DEPARTMENT = "- id: department" + flow_folder.YEARLY.partition("- id: department")[2].partition(HRSS)[0]

FAULTS = [
    Fault("F101", "records", f"channels:\n{CHANNELS}leaving: {{levels: [unit, agency], clause: EX2020 三}}\n", "channels: []\n", "without channels", "add one", at="xueshi: 1"),
    Fault("F102", "yearly", "name: 主管部门审核\n  clause: EX2020 三", "name: 主管部门审核\n  clause: ''", "level department has no clause", "the article it rests on", at="- id: department"),
    Fault("F102", "records", "name: 人社部门上报\n  clause: EX2020 三", "name: 人社部门上报\n  clause: ''", "channel hrss has no clause", "the article", at="- id: hrss"),
    Fault("F102", "records", "agency], clause: EX2020 三}", "agency], clause: ''}", "leaving has no clause", "the article", at="leaving:"),
    Fault("F103", "yearly", "- id: self_check", "- id: unit", "level unit stands twice; the second is never reached", "another id", at="- id: unit\n  name: 单位考核"),
    Fault("F103", "records", "- id: hrss", "- id: person", "channel person stands twice", "another id", at="- id: person\n  name: 人社部门上报"),
    Fault("F104", "yearly", "  signers:\n  - {role: unit_verifier, name: 考核人}", "  signers: []", "nobody can act at level self_check", "a role that signs"),
    Fault("F104", "yearly", "role: unit_verifier, name: 考核人", "role: unit_clerk, name: 考核人", "unit_clerk may not decide", "a role that signs", at="  signers:\n  - {role: unit_clerk"),
    Fault("F104", "yearly", "role: unit_personnel", "role: person", "level unit needs all of its signers, and person may not decide", "remove person", at="  signers:\n  - {role: unit_ce"),
    Fault("F104", "records", "leaving: {levels: [unit, agency]", "leaving: {levels: []", "leaving names nobody", "levels:"),
    Fault("F105", "yearly", "role: unit_personnel", "role: unit_ce", "role unit_ce stands twice at level unit", "a role of its own", at="  signers:\n  - {role: unit_ce"),
    Fault("F106", "yearly", "needed: 2", "needed: 3", "level hrss needs 3 of 2 signers; that can never be had", "needed: 1 to 2"),
    Fault("F107", "yearly", "returns_to: [department, unit]", "returns_to: [departmant, unit]", 'returns to departmant, which is no earlier level; did you mean "department"?', "returns_to: [department]"),
    Fault("F107", "yearly", "name: 考核人}\n  returns_to: [unit]", "name: 考核人}\n  returns_to: [hrss]", "level self_check returns to hrss, which is no earlier level", "returns_to: [unit]", at="  returns_to: [hrss]"),
    Fault("F108", "yearly", "name: 行业主管部门}\n  returns_to: [unit]", "name: 行业主管部门}\n  returns_to: [self_check]", "level department returns to self_check, but no unit ever passes both", "delete self_check", at="  returns_to: [self_check]"),
    Fault("F109", "records", "only: {kind: hr_agency}", "only: {kind: hr_agancy}", 'units of kind "hr_agancy", which no unit is; did you mean "hr_agency"?', "kind: hr_agency"),
    Fault("F110", "records", "levels: [unit, agency]\n  personal", "levels: [unit]\n  personal", "no channel passes level agency; it is never reached", "name it in the levels of a channel", at="- id: agency"),
    Fault("F111", "records", "levels: [unit, agency]\n  personal", "levels: [unit, agencey]\n  personal", 'channel person passes agencey, which is no level of the flow; did you mean "agency"?', "levels: [agency]", at="  levels: [unit, agencey]"),
    Fault("F111", "records", "leaving: {levels: [unit, agency]", "leaving: {levels: [unit, agancy]", 'leaving passes agancy, which is no level of the flow; did you mean "agency"?', "levels: [agency]"),
    Fault("F112", "records", "levels: [unit, agency]\n  personal", "levels: [agency, unit]\n  personal", "passes its levels in another order", "levels: [unit, agency]", at="  levels: [agency, unit]"),
    Fault("F113", "records", "  filed_by:\n  - {role: hrss, name: 人社部门}", "  filed_by: []", "nobody can file by channel hrss", "filed_by: - {role"),
    Fault("F114", "records", "  name: 机构核准\n", "  name: 机构核准\n  sample: 5%\n", "a record has no units to choose from", "delete sample", at="  sample: 5%"),
    Fault("F114", "yearly", "clause: EX2020 三\nlevels:", "clause: EX2020 三\nleaving: {levels: [unit], clause: EX2020 三}\nlevels:", "a campaign does not know when a person leaves", "purpose: record", at="leaving:"),
    Fault("F114", "yearly", "  sample: 20%\n  optional: yes\n", "  sample: 20%\nchannels:\n- {id: post, name: 邮寄, clause: EX2020 三, filed_by: [{role: person, name: 本人}]}\n", "a campaign has no channels, post stands in it", "purpose: record", at="- {id: post"),
    Fault("F115", "yearly", "  name: 单位审核\n", "  name: 单位审核\n  only: {kind: employer}\n", "a unit of kind hr_agency with a department begins at department, not at a level of its own", "body: unit", at="- id: department"),
    Fault("F116", "yearly", "  only: {has_department: no}\n", "  only: {has_department: no, kind: employer}\n", "for a unit of kind hr_agency without a department only unit is left: nobody decides", "a level that decides", at="- id: unit"),
    Fault("F117", "records", "  only: {kind: [employer, base, training_body]}\n", "  only: {kind: [employer, base]}\n", "channel person names verifiers, but a unit of kind training_body with a department has none of them", "add a level", at="  levels: [unit, agency]\n  personal"),
    Fault("F118", "yearly", "role: unit_verifier, name: 考核人", "role: unit_leader, name: 考核人", "level self_check decides, but none of its signers may settle", "role: unit_verifier", at="  signers:\n  - {role: unit_leader"),
    Fault("F119", "yearly", "  name: 单位审核\n", "  name: 单位审核\n  optional: yes\n", "level unit is the unit's own: every unit submits by it", "delete optional", at="  optional: yes\n  clause"),
    Fault("F120", "yearly", "  days: 10", "  days: 0", "level department has 0 working days", "at least 1"),
    Fault("F120", "records", "  within_days: 20", "  within_days: 0", "channel hrss has 0 working days", "at least 1"),
    Fault("F120", "records", "  within_days: 20", "  within_calendar_days: 0", "channel hrss has 0 calendar days", "at least 1"),
    Fault("F120", "records", "  within_days: 20", "  within_days: 20\n  within_calendar_days: 30", "channel hrss has 30 calendar days and 20 working days", "one of within_days", at="  within_calendar_days:"),
    Fault("F121", "yearly", "  days: 10", "  escalate: {after_days: 5, to_role: bureau, clause: EX2020 三}", "level department escalates, but has no days that could pass", "days: the working days"),
    Fault("F122", "yearly", "  days: 10", "  days: 10\n  escalate: {after_days: 5, to_role: industry_dept, clause: EX2020 三}", "level department escalates to industry_dept, who acts at it already", "to_role: another role", at="  escalate:"),
    Fault("F201", "yearly", "role: centre, name", "role: center, name", 'role center is no body of the areas it serves (centre, hrss); did you mean "centre"?', "role: centre"),
    Fault("F201", "yearly", "  reading: 本行业的主管部门\n", "", "role industry_dept is no body of the areas", "say in `reading` who it is", at="  - {role: industry_dept"),
    Fault("F202", "records", "- id: hrss", "- id: hrs", "rule 2.2: channel hrss is none of EX-records (person, hrs); did you mean \"hrs\"?", "channel: hrs", at="  2.2: {clause", stands_in="ex2020"),
    Fault("F202", "records", "- id: person", "- id: self", "rule 2.1 and 1 more rules: channel person is none of EX-records (self, hrss)", "add a channel person to EX-records", at="defaults: {category", stands_in="ex2020"),
    Fault("F203", "records", flow_folder.RECORDS, "", "EX2020 has no flow for records", "channels person, hrss", at="xueshi: 1", severity="W", stands_in="ex2020"),
    Fault("F204", "records", "purpose: record\ninstrument: EX2020\nyears: 2020 to open", "purpose: campaign\ninstrument: EX2020\nyears: 2022 to open", "EX-yearly is a campaign flow of EX2020 too, in 2022", "before 2022", at="years: 2022 to open"),
    Fault("F205", "yearly", "instrument: EX2020", "instrument: EX2002", 'instrument "EX2002" is none of this jurisdiction; did you mean "EX2020"?', "instrument: EX2020"),
    Fault("F206", "yearly", "name: 主管部门审核\n  clause: EX2020 三", "name: 主管部门审核\n  clause: EX2020 四", 'EX2020 has no clause "四"', "name a clause of EX2020", at="  clause: EX2020 四"),
    Fault("F206", "yearly", "name: 主管部门审核\n  clause: EX2020 三", "name: 主管部门审核\n  clause: EX2002 三", 'names no known text; did you mean "EX2020"?', "begin with the instrument: EX2020", at="  clause: EX2002 三"),
    Fault("F206", "yearly", "name: 主管部门审核\n  clause: EX2020 三", "name: 主管部门审核\n  clause: EX2020", "clause EX2020 names the text, but no clause of it", "clause: EX2020 and the number", at="  clause: EX2020\n"),
    Fault("F208", "yearly", "years: 2020 to 2022\n", "years: 2020 to 2022\narea: 980102\n", 'area "980102" lies outside this jurisdiction; did you mean "990102"?', "area: 990102", at="area: 980102"),
]  # fmt: skip


def line_of(text: str, part: str) -> int:
    """The 1-based line of the one place where `part` stands."""
    assert text.count(part) >= 1, part
    return text[: text.index(part)].count("\n") + 1


def test_the_flows_as_they_stand_have_no_fault(tmp_path: Path) -> None:
    assert registry_of(write(tmp_path)).flow_findings("example") == []


@pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda fault: f"{fault.code}-{fault.of}-{fault.new[:24].strip()}"
)
def test_a_broken_flow_is_told_with_place_and_repair(tmp_path: Path, fault: Fault) -> None:
    texts = {Path(name).stem: text for name, text in FILES.items()}
    text = texts[fault.of]
    assert text.count(fault.old) == 1, f"{fault.old!r} stands {text.count(fault.old)} times"
    texts[fault.of] = text.replace(fault.old, fault.new)
    found = registry_of(write(tmp_path, **{fault.of: texts[fault.of]})).flow_findings("example")
    same = [one for one in found if one.code == fault.code and fault.says in one.message]
    assert same, "\n".join(str(one) for one in found) or "nothing found"
    [one] = same
    where = fault.stands_in or fault.of
    assert one.severity == fault.severity
    assert fault.repair in one.repair
    assert Path(one.file).stem == where
    assert one.line == line_of(texts[where], fault.at or fault.new.lstrip("\n"))
    assert one.code in str(one)


def test_every_code_has_its_test() -> None:
    source = Path(flow_findings.__code__.co_filename).parent
    written = {
        code
        for name in ("flow_check.py", "region_flows.py")
        for code in re.findall(r'"(F\d{3})"', (source / name).read_text())
    }
    assert written == {fault.code for fault in FAULTS}


def test_an_unknown_key_and_a_share_that_is_none_are_told_where_they_stand(tmp_path: Path) -> None:
    from xueshi.errors import PluginError

    texts = flow_folder.YEARLY.replace("  sample: 20%", "  sample: 120%").replace("  needed: 2", "  neded: 2")
    with pytest.raises(PluginError) as told:
        registry_of(write(tmp_path, yearly=texts)).flow_findings("example")
    assert f"yearly.yaml:{line_of(texts, '  sample: 120%')}" in str(told.value)
    assert "1% to 99%" in str(told.value)
    assert 'did you mean "needed"' in str(told.value)


def test_a_flow_made_in_python_is_told_by_its_id() -> None:
    level = FlowLevel("unit", "单位", "第一条", "unit", "any", (Signer("unit_ce", "部门"),))
    [alone] = {one.code for one in flow_findings(ApprovalFlow("X", "示例", "campaign", "X2020", (level,)))}
    assert alone == "F116"
    [empty] = flow_findings(ApprovalFlow("X", "示例", "campaign", "X2020"))
    assert (empty.code, "X: a campaign without levels" in empty.message) == ("F101", True)
