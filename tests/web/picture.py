"""Draws the picture of the inspector: ``make picture`` runs it on a machine of its own.

There mail.example.org is this machine, and its ports are free.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from poplib import POP3, error_proto
from threading import Thread

from browser.chromium import chromium
from cli.program import running
from web.page import new_profile

FAULT = 'answer line="-ERR [SYS/TEMP] not now" when verb = TOP'
PICTURE = Path(__file__).parents[2] / "docs" / "inspector.png"


def main() -> int:
    """Let sessions take place, and keep what the page shows."""
    with (
        running("serve", "--listen", "mail.example.org:110", "--quiet") as server,
        running(
            *("proxy", "--upstream", "mail.example.org:110", "--listen", ":1110", "--quiet"),
            *("--web", "--web-control", "--fault", FAULT),
        ) as proxy,
        chromium() as browser,
        new_profile(browser) as page,
    ):
        server.says("listening")
        page.open(proxy.says(r"inspector at (http://\S+)")[1])
        earlier()
        pop = login()
        pop.stat()
        pop.list()
        pop.uidl()
        pop.retr(2)
        refused(lambda: pop.top(3, 0))
        page.fill("hold", "verb = DELE")
        page.shows("aside", "Hold nothing")
        deleting = Thread(target=pop.dele, args=(2,))
        deleting.start()
        page.shows(".desk", "held as 1")
        page.fill("fault", "stal after=100", enter=False)
        page.shows("#fault-told", "stall")
        page.click("Answer", ".desk")
        page.fill("held1", "-ERR [SYS/TEMP] not today", enter=False)
        page.tab.screenshot(path=PICTURE)
        page.click("Let go", ".desk")
        deleting.join(10)
        pop.quit()
    return 0


def login() -> POP3:
    pop = POP3("127.0.0.1", 1110, timeout=10)
    pop.user("demo")
    pop.pass_("demo")
    return pop


def earlier() -> None:
    """Have a session that ends well, one that is refused, and one without QUIT."""
    pop = login()
    pop.retr(1)
    pop.quit()
    pop = POP3("127.0.0.1", 1110, timeout=10)
    pop.user("demo")
    refused(lambda: pop.pass_("wrong"))
    pop.quit()
    pop = login()
    pop.list()
    refused(lambda: pop.retr(99))
    pop.close()


def refused(ask: Callable[[], object]) -> None:
    with suppress(error_proto):
        ask()


if __name__ == "__main__":
    sys.exit(main())
