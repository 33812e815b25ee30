"""What officers call the verdict of a year: in tables and counts by one word, in an explanation by a sentence."""

from __future__ import annotations

from collections.abc import Sequence

VERDICT_WORDS = {"met": "完成", "not_met": "未完成", "needs_fact": "待补", "not_judged": "未能核算"}
"""Verdict → the word of columns, counts and lists: what the yearly forms print (完成、未完成)."""
VERDICT_SENTENCES = {
    "met": "达到要求",
    "not_met": "未达到要求",
    "needs_fact": "待补充，暂不能判定",
    "not_judged": "未核算",
}
"""Verdict → what is said to the person himself in his explanation."""


def verdict_sentence(verdict: str, failing: Sequence[str] = ()) -> str:
    """Say a verdict; of an open year also which requirements (`failing`, by name) are short whatever is still told."""
    sentence = VERDICT_SENTENCES[verdict]
    if verdict != "needs_fact" or not failing:
        return sentence
    return f"{sentence}；但{'、'.join(dict.fromkeys(failing))}未达到，待补充、待决定的记录有了结果也不能补足"
