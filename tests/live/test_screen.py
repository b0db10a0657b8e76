"""What stands above a prompt, and how much of it."""

import asyncio
import io

from pop3spy.live.pace import BURST, Paced
from pop3spy.live.screen import Screen


class Drawn:
    """A prompt that writes what it does."""

    is_running = True

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream
        self.renderer = self
        self.drawn = asyncio.Event()

    def erase(self) -> None:
        self.stream.write("[erased]")

    def invalidate(self) -> None:
        self.stream.write("[prompt]")
        self.drawn.set()


async def test_rows_are_gathered_and_stand_above_the_prompt_in_order() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    screen.write("before\n")
    prompt = Drawn(stream)
    with screen.above(prompt):
        screen.write("one\n")
        screen.write("two\n")
        await prompt.drawn.wait()
        screen.write("three\n")
    screen.write("after\n")
    assert stream.getvalue() == "before\n[erased]one\ntwo\n[prompt]three\nafter\n"


async def test_a_prompt_that_is_gone_is_not_drawn() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    first, second = Drawn(stream), Drawn(stream)
    with screen.above(first):
        screen.soon()
    with screen.above(second):
        await second.drawn.wait()
    assert not first.drawn.is_set()


async def test_as_much_as_can_be_read_passes_and_the_rest_is_counted() -> None:
    stream = io.StringIO()
    paced = Paced(stream)
    for _ in range(BURST):
        paced.write("row\n")
    assert stream.getvalue() == "row\n" * BURST
    for _ in range(1234):
        paced.write("row\n")
    assert stream.getvalue() == "row\n" * BURST
    paced._go_on()
    assert stream.getvalue().splitlines()[BURST:] == [
        " … 1,234 lines left out, too fast to read; :filter shows fewer"
    ]


async def test_what_was_left_out_is_told_though_nothing_more_comes() -> None:
    told = asyncio.Event()

    class Told(io.StringIO):
        def write(self, text: str) -> int:
            if "left out" in text:
                told.set()
            return super().write(text)

    paced = Paced(Told())
    for _ in range(BURST + 1):
        paced.write("row\n")
    async with asyncio.timeout(15):
        await told.wait()
