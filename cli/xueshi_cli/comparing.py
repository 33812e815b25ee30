"""`xueshi regions compare`: which rule sets, and how their comparison is shown."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import typer

from xueshi.errors import InputError
from xueshi.plugin_check import floor_of
from xueshi.registry import Registry
from xueshi.regulations.comparison import column, table
from xueshi.regulations.floor import VERDICTS, Difference, against_floor
from xueshi.regulations.pack import RulePack
from xueshi_cli.output import show_table


def show_comparison(
    registry: Registry, laws: list[str], floor: str, year: int | None, *, as_json: bool
) -> None:
    """Print the table side by side, then each set against the floor; JSON holds both, and the rules one by one."""
    encoded = _encoded(registry)
    lowest = floor or floor_of(registry)
    if lowest and lowest not in encoded:
        raise InputError(f"没有文件 {lowest}；已编码：{'、'.join(encoded) or '无'}")
    chosen = _chosen(laws, encoded, lowest)
    packs = [registry.pack_of(instrument) for instrument in chosen]
    base = registry.pack_of(lowest) if lowest else None
    columns = [column(pack, base, year) for pack in packs]
    kinds = {code: label for pack in packs for code, label in pack.kinds.items()}
    found = [one for pack in packs for one in against_floor(pack, base, year)] if base is not None else []
    if as_json:
        data = {
            "columns": [asdict(one) for one in columns],
            "floor": lowest,
            "differences": [asdict(one) for one in found],
        }
        typer.echo(json.dumps(data, ensure_ascii=False))
        return
    show_table("规则比较", table(columns, kinds), as_json=False, empty="没有可比较的文件")
    if base is not None:
        rows = [_row(one, next(pack for pack in packs if pack.id == one.instrument), base) for one in found]
        show_table(
            f"与{base.title}（{base.id}，{base.data['instrument']['issued']}）比较",
            rows,
            as_json=False,
            empty="",
        )


def _encoded(registry: Registry) -> dict[str, str]:
    return {
        one.id: code
        for code in registry.codes()
        for one in registry.ask(code).jurisdiction().instruments
        if one.file is not None
    }


def _chosen(laws: list[str], encoded: dict[str, str], lowest: str) -> list[str]:
    if not laws:
        return [one for one in encoded if one != lowest]
    found: list[str] = []
    for law in laws:
        named = [law] if law in encoded else [one for one, code in encoded.items() if code == law]
        if not named:
            regions = "、".join(dict.fromkeys(encoded.values()))
            raise InputError(
                f"没有已编码的地区或文件“{law}”；地区：{regions or '无'}；文件：{'、'.join(encoded) or '无'}"
            )
        found += [one for one in named if one not in found]
    return found


def _row(one: Difference, pack: RulePack, base: RulePack) -> dict[str, Any]:
    labels = {**base.categories, **pack.labels}
    return {
        "文件": f"{one.instrument}（{pack.data['instrument']['issued']}）",
        "项目": labels.get(one.of, one.of),
        "比较": VERDICTS[one.verdict] + ("（上位文为一般要求）" if one.guide else ""),
        "本文件": f"{one.local}（{one.local_clause}）" if one.local_clause else "",
        "上位文": f"{one.superior}（{one.superior_clause}）" if one.superior_clause else "",
    }
