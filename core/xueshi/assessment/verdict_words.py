"""What officers call the verdict of a year: in tables and counts by one word, in an explanation by a sentence."""

from __future__ import annotations

VERDICT_WORDS = {"met": "完成", "not_met": "未完成", "needs_fact": "待补", "not_judged": "未能核算"}
"""Verdict → the word of columns, counts and lists: what the yearly forms print (完成、未完成)."""
VERDICT_SENTENCES = {
    "met": "达到要求",
    "not_met": "未达到要求",
    "needs_fact": "待补充，暂不能判定",
    "not_judged": "未核算",
}
"""Verdict → what is said to the person himself in his explanation."""
