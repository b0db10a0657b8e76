"""The command of the live console that lets a browser in."""

from pop3spy.console.registry import RefusalError
from pop3spy.console.rows import Row, RowTone
from pop3spy.live.console import LIVE_COMMANDS, LiveConsole


@LIVE_COMMANDS.add("web", "", "gives a new link to the inspector; each lets one browser in, once")
async def web(console: LiveConsole, _: str) -> None:
    """Give a link."""
    if console.new_link is None:
        raise RefusalError("there is no inspector; start with --web")
    console.tell(Row("  ", console.new_link(), RowTone.BODY, None))
