"""Made-up people, filings and papers that the tests of printing share. Missing fonts fail, with the command to run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from xueshi_chongqing import jurisdiction

from xueshi.documents.filings import JudgedPerson, unit_filing
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, StudyEntry, UnitFiling
from xueshi_templates.closure import complete_closure
from xueshi_templates.fonts import FontSet, font_folder, font_set


@pytest.fixture(scope="session")
def fonts() -> FontSet:
    """The fetched fonts alone, so that pictures and digests do not depend on what else a machine has."""
    return font_set([font_folder()])


@pytest.fixture(scope="session")
def paper() -> Callable[[str], DocumentTemplate]:
    papers = {one.id: complete_closure(one) for one in jurisdiction.document_templates(2021)}
    return papers.__getitem__


@pytest.fixture(scope="session")
def study() -> Callable[..., StudyEntry]:
    def make(**changed: Any) -> StudyEntry:
        plain: dict[str, Any] = {
            "start": date(2021, 2, 7),
            "end": date(2021, 2, 9),
            "content": "成渝地区双城经济圈建设与高质量发展专题培训",
            "form": "远程培训",
            "hours": 960,
            "result": "优秀",
            "certificate": "ZS20210304",
            "category": "public",
            "category_label": "公需科目",
        }
        return StudyEntry(**{**plain, **changed})

    return make


@pytest.fixture(scope="session")
def person(study: Callable[..., StudyEntry]) -> Callable[..., PersonYear]:
    def make(**changed: Any) -> PersonYear:
        plain: dict[str, Any] = {
            "region": "chongqing",
            "area": "500102",
            "area_name": "涪陵区",
            "year": 2021,
            "number": "K500102-2021-00001",
            "name": "曹敏英",
            "sex": "女",
            "born": date(1969, 6, 1),
            "political_status": "群众",
            "unit": "涪陵区水利工程勘测设计院",
            "post": "水工结构设计",
            "title": "高级工程师",
            "level": "senior",
            "verdict": "met",
            "entries": (study(), study(category_label="专业科目", content="水工钢筋混凝土结构设计规范解读")),
            "verified_on": date(2021, 11, 26),
        }
        return PersonYear(**{**plain, **changed})

    return make


@pytest.fixture(scope="session")
def filing() -> Callable[..., UnitFiling]:
    def make(people: list[tuple[str, str | None]], **changed: Any) -> UnitFiling:
        plain: dict[str, Any] = {
            "region": "chongqing",
            "area": "500102",
            "area_name": "涪陵区",
            "year": 2021,
            "unit": "涪陵区水利工程勘测设计院",
            "filed_on": date(2021, 10, 28),
            "verified_on": date(2021, 11, 26),
            "number": "S500102-2021-0001",
        }
        return unit_filing([JudgedPerson(*one) for one in people], **{**plain, **changed})

    return make
