"""What printing promises of any paper: the same bytes, nothing but text from data, errors that name the person."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pypdfium2
import pytest

from xueshi.documents.proofs import canonical_data, canonical_template
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, StudyEntry, UnitFiling
from xueshi.errors import PluginError, RenderError, ServiceMissingError
from xueshi.jurisdictions import YearSpan
from xueshi_templates.closure import complete_closure
from xueshi_templates.fonts import FontSet, font_folder, font_set
from xueshi_templates.render import NotRendered, Rendered, render, render_many

Person = Callable[..., PersonYear]
Paper = Callable[[str], DocumentTemplate]

IN_A_NEW_PROCESS = """
import hashlib, json, sys
from xueshi.documents.proofs import data_from_canonical, template_from_canonical
from xueshi_templates.fonts import font_folder, font_set
from xueshi_templates.render import render
template, data, format = json.load(sys.stdin)
body = render(template_from_canonical(template), data_from_canonical(data), format, fonts=font_set([font_folder()]))
print(hashlib.sha256(body).hexdigest())
"""


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return re.sub(r"\s+", "", "".join(page.get_textpage().get_text_range() for page in document))
    finally:
        document.close()


def test_two_processes_print_the_same_bytes_from_the_stored_artifacts(
    paper: Paper, person: Person, fonts: FontSet
) -> None:
    card, data = paper("registration-card"), person()
    here = hashlib.sha256(render(card, data, "pdf", fonts=fonts)).hexdigest()
    stored = json.dumps([canonical_template(card), canonical_data(data), "pdf"])
    printed = {
        subprocess.run(
            [sys.executable, "-c", IN_A_NEW_PROCESS],
            input=stored,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert printed == {here}


@pytest.mark.parametrize(
    "name", ['张"#panic("x")\\', '*bold* #import "x"', "<< 7 * 7 >>", "$x^2$ @a <b> `c`", "// --- ~ = - + 1."]
)
def test_no_name_can_be_anything_but_text(name: str, paper: Paper, person: Person, fonts: FontSet) -> None:
    text = text_of(render(paper("registration-card"), person(name=name, unit=name), "pdf", fonts=fonts))
    assert text.count(re.sub(r"\s+", "", name)) >= 2


def test_a_name_stays_text_even_where_a_template_prints_it_as_markup(person: Person, fonts: FontSet) -> None:
    careless = template_of("= << data.name >>")
    assert "#panic" in text_of(render(careless, person(name='#panic("x")'), "pdf", fonts=fonts))


@pytest.mark.parametrize("name", list("㛃䶮𠅤𬱖𫍽𫖯"))
def test_rare_names_are_printed(name: str, paper: Paper, person: Person, fonts: FontSet) -> None:
    assert f"王{name}" in text_of(
        render(paper("registration-card"), person(name=f"王{name}"), "pdf", fonts=fonts)
    )


def test_a_character_in_no_font_is_refused_with_character_and_person(
    paper: Paper, person: Person, fonts: FontSet
) -> None:
    with pytest.raises(RenderError, match=r"王\ue863（涪陵区水利工程勘测设计院）.*U\+E863"):
        render(paper("registration-card"), person(name="王\ue863"), "pdf", fonts=fonts)


def test_in_a_batch_one_bad_paper_does_not_hold_up_the_others(
    paper: Paper, person: Person, study: Callable[..., StudyEntry], fonts: FontSet
) -> None:
    people = [
        person(name="甲"),
        person(name="乙", photo=b"\xff\xd8\xffno picture"),
        person(name="丙", photo=b"GIF89a"),
        person(name="丁", entries=(study(),) * 12),
        person(name="戊", political_status="无党派人士" * 12),
    ]
    first, second, third, fourth, fifth = render_many(paper("registration-card"), people, fonts=fonts)
    assert isinstance(first, Rendered)
    assert (first.shrank, first.continued, first.pages) == (False, False, 1)
    assert first.sha256 == hashlib.sha256(first.bytes).hexdigest()
    assert isinstance(second, NotRendered)
    assert "乙（涪陵区水利工程勘测设计院）" in str(second.error)
    assert "照片" in str(second.error)
    assert isinstance(third, NotRendered)
    assert "丙（涪陵区水利工程勘测设计院）：照片不是 JPEG 或 PNG 文件" in str(third.error)
    assert isinstance(fourth, Rendered)
    assert (fourth.index, fourth.continued, fourth.pages) == (3, True, 2)
    assert isinstance(fifth, Rendered)
    assert fifth.shrank


def test_data_of_another_kind_is_refused(paper: Paper, filing: Callable[..., UnitFiling]) -> None:
    with pytest.raises(RenderError, match="需要 person_year 数据"):
        render(paper("registration-card"), filing([]), "pdf")


def template_of(text: str, **others: str) -> DocumentTemplate:
    closure = {"own.typ.j2": text, **others}
    return DocumentTemplate(
        "own", "自制表", "第一条", "person_year", YearSpan(2020), "pdf", "own.typ.j2", {}, closure
    )


SHEET = '<% extends "shared/forms/sheet.typ.j2" %><% block body %>#<< data.name >><% endblock %>'


def test_a_closure_holds_what_is_needed_and_nothing_else() -> None:
    complete = complete_closure(template_of(SHEET, **{"unused.typ.j2": "x"}))
    assert set(complete.closure) == {
        "own.typ.j2",
        "shared/forms/sheet.typ.j2",
        "shared/look/base.typ",
        "shared/look/card.typ",
    }


def test_a_city_takes_a_form_from_its_province_by_prefix(person: Person, fonts: FontSet) -> None:
    city = template_of('<% extends "province/card.typ.j2" %><% block who %>#<< data.unit >><% endblock %>')
    province = {"card.typ.j2": SHEET.replace("#<< data.name >>", "<% block who %><% endblock %>")}
    complete = complete_closure(city, {"province": province})
    assert "province/card.typ.j2" in complete.closure
    assert "涪陵区水利工程勘测设计院" in text_of(render(complete, person(), "pdf", fonts=fonts))


def test_a_missing_file_is_named_with_where_it_is_referred_to() -> None:
    with pytest.raises(PluginError, match=r"自制表.*缺少模板文件 other\.typ\.j2，引用处：own\.typ\.j2"):
        complete_closure(template_of('<% include "other.typ.j2" %>'))


def test_a_template_may_not_fetch_packages() -> None:
    with pytest.raises(PluginError, match="联网"):
        complete_closure(template_of('#import "@preview/some:1.0.0": *'))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("#<< data.nickname >>", "nickname"),
        ("#<< data.__class__.__mro__ >>", "__class__"),
        ('#read("/etc/hostname")', "排版失败"),
        ('#read("../../../etc/hostname")', "排版失败"),
        ("#<< 1.5 >>", "模板有误"),
    ],
)
def test_a_faulty_or_prying_template_is_refused(
    text: str, cause: str, person: Person, fonts: FontSet
) -> None:
    with pytest.raises(RenderError, match=cause):
        render(template_of(text), person(), "pdf", fonts=fonts)


def test_a_template_that_changes_changes_the_paper(paper: Paper, person: Person, fonts: FontSet) -> None:
    card = paper("registration-card")
    renamed = replace(card, fields={**card.fields, "name": "姓　名"})
    assert render(card, person(), "pdf", fonts=fonts) != render(renamed, person(), "pdf", fonts=fonts)


def test_without_fonts_the_message_gives_the_command(tmp_path: object) -> None:
    with pytest.raises(
        ServiceMissingError, match=r"Noto Serif SC.*make setup.*xueshi_templates\.fonts fetch"
    ):
        font_set([font_folder() / "not there"])
