"""Many accounts, several at a time: who takes the next one, and what is done with each result."""

import asyncio
from collections.abc import Callable, Iterator

from pop3spy.migration.account import (
    AccountPair,
    ComparedAccount,
    ComparisonSettings,
    compare_account,
)

Take = Callable[[ComparedAccount], None]
"""Is told of each account when it is done."""


async def compare_accounts(
    accounts: Iterator[AccountPair], settings: ComparisonSettings, jobs: int, take: Take
) -> None:
    """Compare *accounts*, so many *jobs* at a time; each has one connection to either server.

    No more of them are in memory than are being compared.
    """

    async def work() -> None:
        for account in accounts:
            take(await compare_account(account, settings))

    async with asyncio.TaskGroup() as group:
        for _ in range(jobs):
            group.create_task(work())
