"""What both players of the durable benchmarks can be told, in JSON lines on stdin; answers are JSON lines on stdout.

| told | answers |
|---|---|
| `{"do": "open"}` | seconds until every unit waits |
| `{"do": "rate", "n": 400, "at_once": 50, "direct": false}` | seconds for n decisions, at most so many at once |
| `{"do": "steady", "per_second": 10, "seconds": 20, "direct": false}` | milliseconds of each, started on time whatever the others do |
| `{"do": "recover", "sample": 200}` | seconds from SIGKILL to the first decision on a random unit, and to the last of the sample |
| `{"do": "sizes"}` | events and bytes of histories, where the player has them |
| `{"do": "close"}` | nothing more |
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from typing import Any


class Player:
    """Something that keeps many durable units waiting and decides on them."""

    units: int
    random: Any

    async def open(self) -> dict[str, Any]:
        raise NotImplementedError

    async def decide(self, number: int) -> None:
        raise NotImplementedError

    async def decide_direct(self, number: int) -> None:
        raise NotImplementedError

    async def kill(self) -> None:
        raise NotImplementedError

    async def sizes(self) -> dict[str, Any]:
        return {}

    async def close(self) -> None:
        raise NotImplementedError


async def serve(player: Player) -> None:
    """Answer what is told until `close`."""
    loop = asyncio.get_running_loop()
    counted = 0
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        told = json.loads(line or '{"do": "close"}')
        answer: dict[str, Any] = {}
        if told["do"] == "open":
            answer = await player.open()
        elif told["do"] == "rate":
            answer = await _rate(player, told)
        elif told["do"] == "steady":
            answer = await _steady(player, counted, told)
            counted += told["per_second"] * told["seconds"]
        elif told["do"] == "recover":
            answer = await _recover(player, told["sample"])
        elif told["do"] == "sizes":
            answer = await player.sizes()
        elif told["do"] == "close":
            await player.close()
        print(json.dumps(answer), flush=True)
        if told["do"] == "close":
            return


async def _rate(player: Player, told: dict[str, Any]) -> dict[str, Any]:
    gate = asyncio.Semaphore(told["at_once"])
    decide = player.decide_direct if told.get("direct") else player.decide
    # Never two at once on the same unit: the second would be refused as stale, and that is not what is measured.
    free = deque(range(player.units))

    async def one() -> None:
        async with gate:
            number = free.popleft()
            await decide(number)
            free.append(number)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(told["n"])))
    return {"seconds": time.perf_counter() - began}


async def _steady(player: Player, first: int, told: dict[str, Any]) -> dict[str, Any]:
    decide = player.decide_direct if told.get("direct") else player.decide
    took: list[float] = []
    began = time.perf_counter()

    async def one(number: int) -> None:
        due = began + number / told["per_second"]
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await decide(first + number)
        took.append((time.perf_counter() - due) * 1000)

    await asyncio.gather(*(one(number) for number in range(told["per_second"] * told["seconds"])))
    return {"milliseconds": took}


async def _recover(player: Player, sample: int) -> dict[str, Any]:
    chosen = player.random.sample(range(player.units), min(sample, player.units))
    finished: list[float] = []
    await player.kill()
    began = time.perf_counter()

    async def one(number: int) -> None:
        await player.decide(number)
        finished.append(time.perf_counter() - began)

    first = asyncio.create_task(one(chosen[0]))
    await asyncio.gather(first, *(one(number) for number in chosen[1:]))
    return {"first": min(finished), "last": max(finished)}
