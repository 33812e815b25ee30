"""Acts that came to a workflow as updates: each waits here until the one main loop has carried it out.

A workflow's own handler stands before it only to read the command; its validator, to ask its machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, Protocol, TypeVar

from temporalio import workflow


class Named(Protocol):
    """A command: all that is asked of it here is its id."""

    @property
    def id(self) -> str:
        """Id of the stored command."""


Command = TypeVar("Command", bound=Named)
Reply = TypeVar("Reply")


class Inbox(Generic[Command, Reply]):
    """Commands in the order in which they came, and what became of each; `replies` travel through continue-as-new."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        self.replies: dict[str, Reply] = dict(replies)
        self._waiting: list[Command] = []

    def __bool__(self) -> bool:
        """Tell whether anything waits."""
        return bool(self._waiting)

    def knows(self, command: Command) -> bool:
        """Tell whether a command was carried out: its repeat is judged by nobody, it gets the stored reply."""
        return command.id in self.replies

    async def answer(self, command: Command) -> Reply:
        """Let a command wait its turn; returns its reply. A known id returns what it gave before."""
        if not self.knows(command):
            self._waiting.append(command)
            await workflow.wait_condition(lambda: self.knows(command))
        return self.replies[command.id]

    def take(self) -> Command:
        """Return the command whose turn it is."""
        return self._waiting.pop(0)

    async def settle(self, carry_out: Callable[[Command], Awaitable[None]]) -> None:
        """Carry out what came in meanwhile, until no handler waits: a workflow that ends cuts none off."""
        while True:
            while self:
                await carry_out(self.take())
            if workflow.all_handlers_finished():
                return
            await workflow.wait_condition(lambda: bool(self) or workflow.all_handlers_finished())
