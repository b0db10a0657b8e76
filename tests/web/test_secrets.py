"""No secret goes to a page: over the stream, by every question, with names hidden as well."""

import pytest

from pop3spy.export import EXPORTERS
from security.disguises import LEAST, traces, unpacked
from security.test_program import LINES, REPLIES, SECRET
from web.inspecting import Inspected, inspecting

PATHS = (
    *("/api/snapshot", "/api/sessions", "/api/sessions/1", "/api/findings", "/api/statistics"),
    *("/api/control", "/api/sessions?filter=err", "/api/sessions/1?filter=ok"),
    *(f"/api/sessions/1/{number}/body" for number in range(1, 40)),
    *("/api/sessions/1/report", *(f"/api/sessions/1/export/{form}" for form in EXPORTERS)),
)


def found_in(text: str, *secrets: bytes) -> list[str]:
    lower = unpacked(text).lower()
    return [
        trace
        for secret in secrets
        for trace in traces(secret)
        if len(trace) > LEAST and trace in lower
    ]


async def told(inspected: Inspected) -> str:
    """Let the secret be said in every way, and repeated; return all that a page can be told."""
    browser = await inspected.browser()
    texts = []
    async with browser.events() as page:
        await page.named("reset")
        client, server = await inspected.steered.relayed.pair()
        first, *replies = REPLIES
        await server.send(first)
        await client.expect(first)
        for line, reply in zip(LINES, replies, strict=False):
            await client.send(line)
            await server.expect(line)
            await server.send(reply)
            await client.expect(reply)
        client.reset()
        await page.until(lambda event: bool(event.data.get("ending")))
        texts += [f"{event.name} {event.data}" for event in page.heard]
    for path in PATHS:
        answer = await browser.get(path)
        assert answer.status in (200, 404) or path.endswith("/body"), path
        texts.append(answer.body.decode("latin-1"))
    return "\n".join(texts)


@pytest.mark.usefixtures("either_way")
async def test_a_secret_is_nowhere_however_it_is_sent_and_repeated() -> None:
    async with inspecting(judged=True, reported=True) as inspected:
        text = await told(inspected)
        assert "carol" in text
        assert found_in(text, SECRET) == []


async def test_with_strict_nor_is_a_name() -> None:
    async with inspecting(judged=True, strict=True, reported=True) as inspected:
        text = await told(inspected)
        assert "user-1" in text
        assert found_in(text, SECRET) == []
        assert "carol" not in text
