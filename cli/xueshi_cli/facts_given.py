"""Facts that somebody gives on the command line or in a JSON file: names and values in code or in Chinese."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xueshi.assessment.program import program
from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts, YearAssessment
from xueshi.errors import InputError
from xueshi.fault_words import json_fault, system_fault
from xueshi.hours import parse_hours
from xueshi.regulations.diagnostics import nearest
from xueshi.regulations.pack import RulePack
from xueshi.regulations.vocabulary import Fact

RECORD_KEYS = ("id", "name", "kind", "year", "makeup_for", "facts", "claimed")
FILE_KEYS = ("person", "records", "earlier", "years")
MINIMUM = ("minimum", "最低要求")
"""Under `years`, beside the hours of a year: what was asked of it, where no law of that year is encoded."""
EXAMPLE = '{"person": {"level": "senior"}, "records": [{"id": "1", "kind": "training", "facts": {"days": 3}, "claimed": "24"}]}'


def read_request(file: Path, pack: RulePack, area: str, year: int) -> PersonYearRequest:
    """Read one person's year from a JSON file; `claimed` is a number of hours as text or whole number.

    Raises InputError naming the place in the file and what may stand there.
    """
    try:
        body = json.loads(file.read_text(encoding="utf-8"), parse_float=str)
    except FileNotFoundError as error:
        raise InputError(f"{file}：没有这个文件；请核对路径") from error
    except OSError as error:
        raise InputError(f"{file}：不能读取（{system_fault(error)}）；请核对路径和权限") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}：不是UTF-8的JSON（{json_fault(error)}）；例如 {EXAMPLE}") from error
    body = _mapping(body, f"{file}", FILE_KEYS)
    records = body.get("records", [])
    if not isinstance(records, list):
        raise InputError(f"{file}：records应为列表；例如 {EXAMPLE}")
    read = tuple(
        _record(one, place, f"{file}：第{place}条记录", pack) for place, one in enumerate(records, start=1)
    )
    ids = [one.id for one in read]
    if twice := [one for one in dict.fromkeys(ids) if ids.count(one) > 1]:
        raise InputError(f"{file}：记录编号“{twice[0]}”出现两次；请为每条记录使用不同的id")
    person = person_facts(_mapping(body.get("person", {}), f"{file}：person"), pack, f"{file}：person")
    earlier = _earlier(body.get("earlier", []), f"{file}：earlier")
    return PersonYearRequest(area, year, person, read, earlier)


def read_years(file: Path, pack: RulePack) -> dict[int, dict[str, int]]:
    """Read from the same file what other years came to: `"years": {"2031": {"total": "70", "public": 20}}`, in hours.

    For requirements over several years; returns hundredths by category or sum. A total that is not given is added up
    where every category is; nothing that is left out is taken for 0. Raises InputError.
    """
    body = json.loads(file.read_text(encoding="utf-8"), parse_float=str).get("years", {})
    found: dict[int, dict[str, int]] = {}
    for year, totals in _mapping(body, f"{file}：years").items():
        where = f"{file}：years中的{year}"
        if not (year.isdigit() and len(year) == 4):
            raise InputError(f'{where}不是年度；例如 "years": {{"2031": {{"total": "70"}}}}')
        told = {key: hours for key, hours in _mapping(totals, where).items() if key not in MINIMUM}
        held = _by_category(told, where, pack)
        if "total" not in held and held.keys() >= pack.categories.keys():
            held["total"] = sum(held[code] for code in pack.categories)
        found[int(year)] = held
    return found


def read_minimums(file: Path, pack: RulePack) -> dict[int, dict[str, int]]:
    """Read from the same file what years without an encoded law asked: `"2021": {"total": "70", "minimum": {"total": "72"}}`.

    Returns hundredths by category or sum, only of the years that say so. Raises InputError.
    """
    body = json.loads(file.read_text(encoding="utf-8"), parse_float=str).get("years", {})
    found: dict[int, dict[str, int]] = {}
    for year, totals in body.items():
        where = f"{file}：years中{year}的minimum"
        for word in MINIMUM:
            if word in totals:
                found[int(year)] = _by_category(_mapping(totals[word], where), where, pack)
    return found


def years_wanted(
    pack: RulePack, result: YearAssessment, pack_of: Callable[[int], RulePack | None]
) -> tuple[str, ...]:
    """Say what of other years would tell a requirement over several years, and how the file gives it; nothing where none is open."""
    compiled = program(pack)
    wanted: dict[int, dict[str, Any]] = {}
    without: dict[int, None] = {}
    for window in result.windows:
        one = compiled.by_id[window.id]
        by_minimum = [compiled.scopes[name] for name in (*one.average_of, *one.sum_of, *one.every)]
        own = [one.of] if one.at_least is not None else []
        for year in (*window.missing_years, *window.untold) if window.met is None else ():
            held = wanted.setdefault(year, {})
            held.update(dict.fromkeys((*by_minimum, *own), "学时数"))
            if by_minimum and pack_of(year) is None:
                without[year] = None
                held.setdefault("minimum", {}).update(dict.fromkeys(by_minimum, "学时数"))
    if not wanted:
        return ()
    shape = json.dumps({str(year): wanted[year] for year in sorted(wanted)}, ensure_ascii=False)
    said = f'跨年度要求还不能判定：请在文件中补充 "years": {shape}'
    if without:
        years = "、".join(map(str, sorted(without)))
        said += f"；{years}年度没有已编入的规定，minimum写当年规定的最低学时"
    return (said,)


def _by_category(hours: Mapping[str, Any], where: str, pack: RulePack) -> dict[str, int]:
    """Read hours by category or sum, given by code or Chinese label, as hundredths."""
    known = [*pack.categories, *pack.sums, "total"]
    labels = {label: code for code, label in pack.labels.items()}
    found: dict[str, int] = {}
    for key, value in hours.items():
        code = labels.get(key, key)
        if code not in known:
            raise InputError(f"{where}：没有类别“{key}”{_near(key, known)}；可用：{'、'.join(known)}")
        try:
            found[code] = int(parse_hours(str(value)))
        except (ValueError, ArithmeticError) as error:
            raise InputError(f"{where}：{key}“{value}”不是学时数；最多两位小数") from error
    return found


def given_facts(words: Sequence[str], pack: RulePack, kind: str) -> dict[str, Any]:
    """Read `name=value` words; names and values may be the Chinese of the vocabulary. Raises InputError."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise InputError(f"--fact “{word}”应写成 名称=值，如 days=3 或 天数=3")
        fact = fact_named(name.strip(), pack, f"--fact {word}", kind)
        if fact.name in found:
            raise InputError(f"--fact {fact.label}（{fact.name}）给了两次；请只留一个")
        found[fact.name] = value_of(fact, text.strip())
    return found


def kind_named(word: str, pack: RulePack) -> str:
    """Return the code of a kind given as code or Chinese label. Raises InputError naming the nearest."""
    if word in pack.kinds:
        return word
    for code, label in pack.kinds.items():
        if label == word:
            return code
    known = [info.kind for info in pack.kinds_with_rules()]
    listed = "、".join(f"{info.kind}（{info.label}）" for info in pack.kinds_with_rules())
    raise InputError(f"没有种类“{word}”{_near(word, known)}；{pack.id}有认定标准的种类：{listed}")


def fact_named(word: str, pack: RulePack, where: str, kind: str = "") -> Fact:
    """Return the fact given by name or Chinese label. Raises InputError naming those that rules of the kind read."""
    if word in pack.facts:
        return pack.facts[word]
    read = next((info.facts for info in pack.kinds_with_rules() if info.kind == kind), ())
    for fact in [*(pack.facts[info.name] for info in read), *pack.facts.values()]:
        if fact.label == word:
            return fact
    listed = "、".join(f"{info.name}（{info.label}）" for info in read)
    offered = f"；该种类的认定读：{listed}" if listed else ""
    raise InputError(f"{where}：没有名为“{word}”的事实{_near(word, pack.facts)}{offered}")


def value_of(fact: Fact, value: Any) -> Any:
    """Turn Chinese words of a value into its code; everything else stays for the engine to read or refuse."""
    if not isinstance(value, str):
        return value
    if value == "无":
        return None
    for code, label in fact.values.items():
        if value == label:
            return {"yes": True, "no": False}[code] if fact.type == "yes_no" else code
    if fact.type == "list":
        return [part.strip() for part in value.replace("，", ",").replace("、", ",").split(",")]
    return value


def person_facts(given: Mapping[str, Any], pack: RulePack, where: str) -> dict[str, Any]:
    """Read the facts of the person: names with or without `person.`, or the Chinese label."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        full = name if name.startswith("person.") else f"person.{name}"
        fact = pack.facts[full] if full in pack.facts else fact_named(name, pack, where)
        if not fact.name.startswith("person."):
            raise InputError(f"{where}：{fact.label}（{fact.name}）不是本人的事实；请写在记录的facts中")
        found[fact.name] = value_of(fact, value)
    return found


def _record(one: Any, place: int, where: str, pack: RulePack) -> RecordFacts:
    body = _mapping(one, where, RECORD_KEYS)
    if not isinstance(body.get("kind"), str):
        raise InputError(f"{where}：缺少kind（种类）；例如 {EXAMPLE}")
    kind = kind_named(body["kind"], pack)
    facts = {
        (fact := fact_named(name, pack, where, kind)).name: value_of(fact, value)
        for name, value in _mapping(body.get("facts", {}), f"{where}的facts").items()
    }
    makeup = body.get("makeup_for")
    if makeup is not None and (type(makeup) is not int or "year" in body):
        raise InputError(f"{where}：makeup_for应为补训所属的年度，如2021，并且不再写year")
    year = body.get("year") if makeup is None else makeup
    if year is not None and type(year) is not int:
        raise InputError(f"{where}：year应为年度，如2021")
    claimed = body.get("claimed")
    try:
        hundredths = None if claimed is None else parse_hours(str(claimed))
    except (ValueError, ArithmeticError) as error:
        raise InputError(
            f'{where}：claimed“{claimed}”不是学时数；请写如 24 或 "9.5"，最多两位小数'
        ) from error
    named = str(body.get("name", ""))
    return RecordFacts(str(body.get("id", place)), kind, facts, year, hundredths, named, makeup is not None)


def _mapping(body: Any, where: str, known: Sequence[str] | None = None) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise InputError(f"{where}应为一组名称与值；例如 {EXAMPLE}")
    for key in body:
        if known is not None and key not in known:
            raise InputError(f"{where}：没有“{key}”一项{_near(key, known)}；可用：{'、'.join(known)}")
    return body


def _earlier(body: Any, where: str) -> tuple[LedgerEntry, ...]:
    try:
        return tuple(LedgerEntry.from_json(one) for one in body)
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(f"{where}应为以前年度的台账条目，照 xueshi assess --json 的ledger填写") from error


def _near(word: str, known: Iterable[str]) -> str:
    found = nearest(word, list(known))
    return f"，是不是“{found}”？" if found else ""
