"""A made-up instrument and a difference file, small enough to break in every way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xueshi.regulations.check import check
from xueshi.regulations.diagnostics import Diagnostic
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

EXAMPLE = """\
xueshi: 1
regulation:
  id: EX2020
  title: 示例办法
  number: 示人发〔2020〕1号
  issuer: 示例市人力资源和社会保障局
  issued: 2020-01-08
  effective: 2020-01-08
  years: 2020 to open
  area: 990100
clauses:
  一: {encoded: 每年72学时，其中公共24}
  二: {procedural: 单位组织}
  三: {encoded: 各类活动}
  四: {discretionary: 内容是否适当}
readings:
  Q1: {ask: 正好2000字, clause: 三, options: {lower: 按少的, higher: 按多的}, default: lower}
  Q2: {ask: 合作论文, clause: 三, options: {each: 各计全数, first: 仅第一作者}, default: each}
parameters:
  exam_part: {label: 须经考试取得的学时, clause: 一, unit: hour, default: none}
categories: {public: 公共科目, professional: 专业科目}
sums: {examined: {label: 经考试取得, where: {special_exam: yes}}}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  3.1: {clause: 三, name: 公共科目课程, for: public_course, needs: [passed], hours: 12 per course, category: public}
  3.2:
    clause: 三
    name: 培训
    for: training
    rows:
      3.2a: {when: {hours_stated: yes}, hours: stated, at_most: {event: 40}}
      3.2b: {when: {hours_stated: no}, hours: 6 per day, less: travel_days, partial: whole}
  3.3:
    clause: 三
    name: 学术会议
    for: conference
    overlap: Q1
    rows:
      3.3a:
        when: {level: national}
        hours: 10
        plus:
          3.3b: {when: {paper: yes, characters: upto 2000}, hours: 5}
          3.3c: {when: {paper: yes, characters: from 2000}, hours: 8}
      3.3d: {when: {level: [provincial, city]}, hours: 6}
  3.4: {clause: 三, name: 论文, for: paper, except: [{Q2: first, rank: over 1}], hours: 20, share: {rank: {1: 100%, then: -20%}}}
groups:
  3.4g: {clause: 三, name: 同一论文, of: [3.4], same: work, count: once}
requirements:
  R1: {clause: 一, of: total, at_least: 72}
  R2: {clause: 一, of: public, at_least: 1/3 of R1}
  R3: {clause: 一, of: examined, at_least: exam_part}
manual:
  M1: {clause: 四, who: unit, decide: 内容是否适当, gives: nothing}
"""

CHILD = """\
xueshi: 1
regulation:
  id: EX2024
  title: 示例补充通知
  number: none
  issuer: 示例市人力资源和社会保障局
  issued: 2024-01-08
  effective: none
  years: 2024 to open
  area: 990100
  parent: EX2020
clauses:
  甲: {encoded: 公共科目每门15}
  乙: {encoded: 增加讲课；不再认定论文}
rules:
  3.1: {change: amend, clause: 甲, hours: 15 per course}
  3.4: {change: remove, clause: 乙, why: 不再认定}
  9.1: {change: add, clause: 乙, name: 讲课, for: teaching, hours: 2 per hour, partial: prorate}
groups:
  3.4g: {change: remove, clause: 乙, why: 论文不再认定}
"""

Broken = Callable[..., list[Diagnostic]]


def diagnose(**texts: str) -> list[Diagnostic]:
    """Check the last of the instruments given (id → text), with the others as possible parents."""

    def source_of(instrument: str) -> RegulationSource:
        return RegulationSource(f"{instrument.lower()}.yaml", texts[instrument])

    return check(list(texts)[-1], source_of)


@pytest.fixture
def example() -> str:
    return EXAMPLE


@pytest.fixture
def child() -> str:
    return CHILD


@pytest.fixture
def broken() -> Broken:
    """Break the example (or, with `of="child"`, the difference file) in one place and return what is found."""

    def call(old: str, new: str, *, of: str = "example") -> list[Diagnostic]:
        text = EXAMPLE if of == "example" else CHILD
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the {of}"
        text = text.replace(old, new)
        return diagnose(EX2020=text) if of == "example" else diagnose(EX2020=EXAMPLE, EX2024=text)

    return call


@pytest.fixture
def check_texts() -> Broken:
    return diagnose


@pytest.fixture
def law() -> Callable[..., RulePack]:
    """Make a law of one clause from `rules` (lines) and further sections."""

    def make(rules: str, more: str = "", **config: object) -> RulePack:
        head = EXAMPLE.partition("clauses:")[0].replace("EX2020", "EX")
        body = "\n".join(f"  {line}" for line in rules.strip("\n").splitlines())
        text = (
            f"{head}clauses: {{一: {{encoded: 示例}}}}\ncategories: {{public: 公共科目, professional: 专业科目}}\n"
            "year: {clause: 一, starts: 01-01, person_as_of: end}\n"
            f"defaults: {{category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}}\n{more}rules:\n{body}\n"
        )
        return resolve_pack("EX", lambda _: RegulationSource("ex.yaml", text), config=config)

    return make
