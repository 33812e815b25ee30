"""The page 学时认定说明 says what the explanation says."""

from __future__ import annotations

from datetime import date

import pypdfium2
import pytest

from xueshi.documents.proofs import canonical_data, data_from_canonical
from xueshi.documents.types import ExplainedRecord, ExplainedYear
from xueshi_templates.explanation import explanation_pdf

YEAR = ExplainedYear(
    person="示例人",
    unit="示例院",
    area="990102",
    year=2021,
    period="2020-11-01至2021-10-31",
    law="《示例办法》示人发〔2020〕1号（EX2020）",
    verdict="未达到要求",
    totals=(("公需科目", "20学时"), ("合计", "52学时")),
    requirements=("每年度累计（第七条）：应有80学时，已有52学时，还差28学时",),
    notes=("提示：宽于国家规定",),
    until="2021-10-31",
    cures=(("每年度累计还差28学时", ("短期培训；每课时1学时；补足28学时需28课时",)),),
    records=(ExplainedRecord("业务培训（培训班）", "计入，计32学时", (("依据", "《EX2020》标准2"),)),),
    readings=("EX2020-Q2取“单列”",),
    rules_digest="0" * 64,
    made_on=date(2021, 10, 20),
)


@pytest.mark.fonts
def test_every_sentence_stands_on_the_page_and_the_bytes_are_the_same() -> None:
    body = explanation_pdf(YEAR)
    assert explanation_pdf(YEAR) == body
    with pypdfium2.PdfDocument(body) as pdf:
        text = "".join("".join(page.get_textpage().get_text_range().split()) for page in pdf)
    for words in (
        YEAR.person,
        YEAR.unit,
        YEAR.verdict,
        *YEAR.requirements,
        *YEAR.notes,
        "还可以怎样补足",
        "标准2",
    ):
        assert "".join(words.split()) in text


def test_the_data_of_the_page_comes_back_as_it_was() -> None:
    assert data_from_canonical(canonical_data(YEAR)) == YEAR
