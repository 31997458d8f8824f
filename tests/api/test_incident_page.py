"""What the console says about one incident that its agent must know before acting (process.md S11, S14)."""

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.api.house import fill_directory
from tests.api.readers import publish, signed_in
from tests.process.life import ASHA, CARLA, Life
from workflows.house_messages import ReportUndeliverable
from workflows.messages import SYSTEM, Confirm, Resolve, Take


async def test_an_undelivered_question_is_said(on_file: AsyncEngine) -> None:
    """Whoever looks at a resolved incident learns that its caller was never asked, and where to mend it; nobody does once the caller has answered."""
    await fill_directory(on_file)
    life = Life(number="INC-1001-9")
    life.says(ASHA, Take())
    life.says(ASHA, Resolve("fixed", "The cable was loose."))
    await publish(on_file, life)
    async with signed_in(on_file, "asha") as browser:
        warning, page = "was asked whether it works", f"/console/{life.facts.number}"
        assert warning not in (await browser.get(page)).text
        life.says(SYSTEM, ReportUndeliverable("resolved", 1, "carla", asks_for_confirmation=True))
        await publish(on_file, life)
        told = (await browser.get(page)).text
        assert warning in told
        assert f"/outbox?number={life.facts.number}" in told
        life.says(CARLA, Confirm(1))
        await publish(on_file, life)
        assert warning not in (await browser.get(page)).text
