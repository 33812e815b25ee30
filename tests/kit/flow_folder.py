"""A made-up jurisdiction in a folder, small enough to break its flows in every way."""

from __future__ import annotations

from pathlib import Path

import pluggy

from xueshi.data_jurisdiction import DataJurisdiction
from xueshi.hookspecs import PROJECT, SPECS
from xueshi.registry import Registry

JURISDICTION = """\
xueshi: 1
jurisdiction: {code: example, name: 示例市}
areas:
  '990100': {name: 示例市, bodies: {hrss: 示例市人社局}}
  '990102': {name: 示例区, bodies: {hrss: 示例区人社局, centre: 示例区考试中心}}
applies:
- {area: '990100', years: 2020 to open, use: EX2020, clause: EX2020 一}
"""
RULES = """\
xueshi: 1
regulation:
  id: EX2020
  title: 示例办法
  number: none
  issuer: 示例市人社局
  issued: 2020-01-08
  effective: none
  years: 2020 to open
  area: 990100
clauses:
  一: {encoded: 每年72学时}
  二: {encoded: 各类活动}
  三: {procedural: 登记与审核}
categories: {professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: person, evidence: 证明}
rules:
  2.1: {clause: 二, name: 培训, for: training, hours: 6 per day}
  2.2: {clause: 二, name: 公共科目, for: public_course, hours: stated, channel: hrss}
  2.3: {clause: 二, name: 会议, for: conference, hours: 6 per day}
requirements:
  R1: {clause: 一, of: total, at_least: 72}
"""
YEARLY = """\
xueshi: 1
id: EX-yearly
title: 年度验证
purpose: campaign
instrument: EX2020
years: 2020 to 2022
clause: EX2020 三
levels:
- id: unit
  name: 单位审核
  clause: EX2020 三
  body: unit
  mode: all
  signers:
  - {role: unit_ce, name: 继续教育部门}
  - {role: unit_personnel, name: 人事部门}
- id: self_check
  name: 单位考核
  clause: EX2020 三
  only: {has_department: no}
  body: unit
  signers:
  - {role: unit_verifier, name: 考核人}
  returns_to: [unit]
- id: department
  name: 主管部门审核
  clause: EX2020 三
  only: {has_department: yes}
  body: area
  signers:
  - {role: industry_dept, name: 行业主管部门}
  returns_to: [unit]
  days: 10
  optional: yes
  reading: 本行业的主管部门
- id: hrss
  name: 人社部门抽查
  clause: EX2020 三
  body: area
  mode: n_of
  needed: 2
  signers:
  - {role: hrss, name: 人社部门}
  - {role: centre, name: 考试中心}
  returns_to: [department, unit]
  sample: 20%
  optional: yes
"""
RECORDS = """\
xueshi: 1
id: EX-records
title: 学时登记
purpose: record
instrument: EX2020
years: 2020 to open
clause: EX2020 三
levels:
- id: unit
  name: 单位核准
  clause: EX2020 三
  only: {kind: [employer, base, training_body]}
  body: unit
  signers:
  - {role: unit_verifier, name: 单位}
- id: agency
  name: 机构核准
  clause: EX2020 三
  only: {kind: hr_agency}
  body: unit
  signers:
  - {role: unit_verifier, name: 机构}
channels:
- id: person
  name: 本人申请
  clause: EX2020 三
  filed_by:
  - {role: person, name: 本人}
  levels: [unit, agency]
  personal_application: yes
- id: hrss
  name: 人社部门上报
  clause: EX2020 三
  filed_by:
  - {role: hrss, name: 人社部门}
  within_days: 20
leaving: {levels: [unit, agency], clause: EX2020 三}
"""
FILES = {
    "jurisdiction.yaml": JURISDICTION,
    "regulations/ex2020.yaml": RULES,
    "flows/yearly.yaml": YEARLY,
    "flows/records.yaml": RECORDS,
}


class FolderJurisdiction(DataJurisdiction):
    """A data jurisdiction whose folder is any folder, not an installed package's."""

    def __init__(self, folder: Path) -> None:
        super().__init__("example")
        self.folder = folder

    @property
    def root(self) -> Path:
        return self.folder


def write(folder: Path, **changed: str) -> Path:
    """Write the files, `changed` (by the file's stem) instead of the text as it stands; an empty text leaves one out."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = changed.get(path.stem, text)
        if body:
            path.write_text(body, encoding="utf-8")
    return folder


def registry_of(folder: Path) -> Registry:
    """A registry that holds this one jurisdiction."""
    manager = pluggy.PluginManager(PROJECT)
    for spec in SPECS:
        manager.add_hookspecs(spec)
    manager.register(FolderJurisdiction(folder), name="example")
    return Registry(manager)
