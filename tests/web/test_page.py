"""The page in a real browser, on a real proxy, in front of a real server."""

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from poplib import POP3, error_proto
from threading import Thread

import pytest
from playwright.sync_api import Browser

from browser.chromium import browser
from cli.conftest import upstream
from cli.program import Program, client, running
from lab.clients import CLIENTS, Login
from lab.loopback import Address
from lab.mailserver import FEW_USER, PASSWORD, MailServer
from lab.servers import dovecot
from web.page import PATIENCE, Page, new_profile

__all__ = ["browser", "dovecot", "upstream"]

pytestmark = pytest.mark.lab
CAPTURES = Path(__file__).parents[2] / "captures"


@dataclass
class Shown:
    """A proxy, and a page that looks at it."""

    program: Program
    port: int
    link: str
    page: Page
    closing: ExitStack

    def session(self, user: str = "demo", password: str = "demo") -> POP3:
        """Return a client that has logged in, once the page shows that."""
        pop = client(self.port)
        self.closing.callback(pop.close)
        pop.user(user)
        pop.pass_(password)
        self.page.until(lambda: "PASS" in self.page.text(".transcript"))
        return pop


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with new_profile(browser) as found:
        yield found


@contextmanager
def shown(page: Page, server: str, *options: str) -> Iterator[Shown]:
    """Let *page* look at a proxy of *server* while the block lasts."""
    with (
        running(
            "proxy", "--upstream", server, "--listen", ":0", "--web", "0", "--quiet", *options
        ) as program,
        ExitStack() as closing,
    ):
        link = program.says(r"inspector at (http://\S+)")[1]
        port = program.port()
        page.open(link)
        yield Shown(program, port, link, page, closing)
        assert page.complaints == []


@pytest.fixture
def steered(page: Page, upstream: str) -> Iterator[Shown]:
    with shown(page, upstream, "--web-control") as found:
        yield found


def later(pop: POP3, command: str) -> Thread:
    """Say *command*, whose reply is long in coming."""
    thread = Thread(target=pop._shortcmd, args=(command,))  # type: ignore[attr-defined]
    thread.start()
    return thread


def test_mpop_and_dovecot_talk_while_a_person_holds_edits_and_drops(
    page: Page, dovecot: MailServer, tmp_path: Path
) -> None:
    mpop = next(each for each in CLIENTS if each.name == "mpop")
    with shown(page, str(dovecot.address), "--web-control") as found:
        page.fill("hold", "verb = STAT or verb = QUIT")
        page.shows("aside", "Hold nothing")
        saved: list[bytes] = []
        login = Login(user=FEW_USER)

        def download() -> None:
            saved.extend(mpop.download(Address("127.0.0.1", found.port), tmp_path, login))

        fetching = Thread(target=download)
        fetching.start()
        page.shows(".desk", "held as 1")
        page.shows(".top", "1 held")
        page.until(lambda: page.tab.title() == "1 held · pop3spy")
        page.press("Escape", "e")
        page.fill("held1", "stat")
        page.shows(".desk", "held as 2")
        page.press("g")
        fetching.join(30)
        assert saved == [mpop.keeps(each) for each in dovecot.holds(FEW_USER)]
        page.shows(".list", "quit")
        page.shows(".transcript", "RETR")
        page.shows(".transcript .own", "edited")
        page.shows(".verdict", f"logged in as {FEW_USER}")
        assert PASSWORD not in page.tab.content()
        page.fill("hold", "verb = DELE")
        page.shows("aside", "Hold nothing")
        pop = found.session(FEW_USER, PASSWORD)
        pop.sock.sendall(b"DELE 1\r\n")
        page.shows(".desk", "held as 3")
        page.tab.reload()
        page.shows(".desk", "held as 3")
        page.click("Drop", ".desk")
        page.shows(".transcript", "dropped")
        assert pop.stat()[0] == len(saved)
        pop.quit()


def test_a_command_is_held_edited_answered_and_dropped(steered: Shown) -> None:
    page = steered.page
    pop = steered.session()
    page.fill("hold", "verb = DELE")
    page.shows("aside", "Hold nothing")

    replying = later(pop, "DELE 1")
    page.shows(".desk", "held as 1")
    page.press("Escape", "e")
    page.until(lambda: page.find("#held1"))
    assert page.value("#held1") == "DELE 1"
    page.fill("held1", "NOOP")
    replying.join(10)
    page.shows(".transcript .own", "NOOP")
    page.shows(".transcript .own", "edited")

    def refused() -> None:
        with pytest.raises(error_proto, match=r"^b'-ERR not today'$"):
            pop.dele(2)

    answered = Thread(target=refused)
    answered.start()
    page.shows(".desk", "held as 2")
    page.press("a")
    page.fill("held2", "-ERR not today")
    answered.join(10)
    page.shows(".transcript", "-ERR not today")

    pop.sock.sendall(b"DELE 3\r\n")
    page.shows(".desk", "held as 3")
    page.click("Drop", ".desk")
    page.until(lambda: not page.find(".desk"))
    assert pop.noop().startswith(b"+OK")
    assert pop.stat()[0] == 5  # the server heard of none
    page.shows(".transcript", "dropped")


def test_a_page_that_is_loaded_anew_shows_what_it_showed(steered: Shown) -> None:
    page = steered.page
    pop = steered.session()
    pop.retr(1)
    page.shows(".transcript", "RETR 1")
    page.find(".list li a")[0].click()
    before = page.text(".transcript")
    page.tab.reload()
    page.shows(".transcript", "RETR 1")
    assert page.text(".transcript") == before
    pop.noop()
    page.shows(".transcript", "NOOP")


def test_two_tabs_show_one_truth(steered: Shown) -> None:
    page = steered.page
    pop = steered.session()
    page.fill("hold", "verb = NOOP")
    page.shows("aside", "Hold nothing")
    other = page.another()
    other.open(steered.link.partition("#")[0])
    assert other.value("#hold") == "verb = NOOP"
    replying = later(pop, "NOOP")
    other.shows(".desk", "held as 1")
    page.shows(".desk", "held as 1")
    page.click("Let go", ".desk")
    replying.join(10)
    page.until(lambda: not page.find(".desk"))
    other.until(lambda: not other.find(".desk"))
    third = page.another()
    third.open(steered.link.partition("#")[0])
    third.shows(".transcript", "NOOP")
    assert not third.find(".desk")
    assert not other.complaints + third.complaints


def test_a_browser_without_the_link_sees_nothing(steered: Shown, browser: Browser) -> None:
    steered.session()
    with new_profile(browser) as other:
        other.open(steered.link)  # which was used
        assert "use the link that was printed" in other.text("[role=alert]")
        assert not other.find(".list, .transcript")


def test_a_mistake_in_a_filter_is_told_at_its_column(steered: Shown) -> None:
    page = steered.page
    pop = steered.session()
    pop.retr(1)
    pop.noop()
    page.shows(".transcript", "NOOP")
    page.press("/")
    page.type("verb = RETR and")
    page.shows("#filter-told", "column 16")
    assert page.tab.locator("#filter").get_attribute("aria-invalid") == "true"
    page.type(" ok")
    page.shows(".filter", "1 of 4 exchanges")
    page.until(lambda: "NOOP" not in page.text(".transcript"))
    pop.retr(2)
    page.shows(".filter", "2 of 5 exchanges")


def test_faults_are_switches(steered: Shown) -> None:
    page = steered.page
    pop = steered.session()
    page.fill("fault", "stal after=100", enter=False)
    page.shows("#fault-told", "did you mean stall?")
    page.fill("fault", 'answer line="-ERR broken" when verb = STAT')
    page.shows(".faults", "-ERR broken")
    with pytest.raises(error_proto, match="broken"):
        pop.stat()
    page.until(lambda: page.find(".faults input"))[0].click()
    page.shows(".faults", "off")
    assert pop.stat()[0] == 5
    page.until(lambda: page.find(".faults input"))[0].click()
    page.until(lambda: page.find(".faults input:checked"))
    page.until(lambda: page.text(".faults .quiet") == "on")
    with pytest.raises(error_proto, match="broken"):
        pop.stat()


def test_a_session_is_followed_by_keyboard_alone(steered: Shown) -> None:
    page = steered.page
    pop = steered.session()
    pop.retr(1)
    page.shows(".transcript", "RETR 1")
    page.press("k")
    page.shows(".detail", "RETR 1")
    page.shows(".detail", "Good morning")
    page.press("l")
    page.shows(".ladder", "RETR 1")
    page.press("s")
    page.shows(".statistics", "RETR")
    page.press("t", "Escape")
    page.until(lambda: not page.find(".detail"))
    page.press("?")
    page.shows("dialog[open]", "Keys")
    page.press("Escape")
    page.until(lambda: not page.find("dialog"))
    page.press("n")
    page.shows("dialog[open]", "Note")
    page.type("here it is")
    page.press("Enter")
    page.shows(".notes", "note: here it is")


def test_a_session_is_ended_by_hand(steered: Shown) -> None:
    page = steered.page
    pop = steered.session()
    page.click("End session", ".say")
    page.shows("dialog[open]", "End session 1?")
    page.click("End it", "dialog")
    assert pop.sock.recv(1) == b""
    page.shows(".list", "gate")
    page.until(lambda: not page.find(".say"))


def test_findings_come_with_what_to_do(steered: Shown) -> None:
    page = steered.page
    pop = steered.session()
    assert pop.stat()[0] == 5
    with pytest.raises(error_proto):
        pop.retr(99)
    page.shows(".findings", "message-number-bad")
    page.click("message-number-bad", ".findings")
    page.shows(".explained", "To do:")
    page.shows(".explained", "Rests on:")


def test_when_the_proxy_stops_what_was_said_stays_and_nothing_can_be_done(
    page: Page, upstream: str
) -> None:
    with shown(page, upstream, "--web-control") as found:
        pop = found.session()
        pop.quit()
        found.page.shows(".list", "quit")
        found.program.stopped(signal.SIGTERM)
        found.page.shows(".top", "the proxy has stopped")
        assert "PASS" in found.page.text(".transcript")
        assert not [each for each in found.page.find("aside form button") if each.is_enabled()]


def test_without_control_a_page_looks_and_does_nothing(page: Page, upstream: str) -> None:
    with shown(page, upstream) as found:
        found.session()
        assert not found.page.find("#hold, #fault, #say, .top button")
        assert "--web-control" in found.page.text("footer")


def test_a_session_is_saved_while_it_lasts(page: Page, upstream: str) -> None:
    with shown(page, upstream) as found:
        pop = found.session()
        assert pop.stat()[0] == 5
        page.shows(".transcript", "STAT")
        name, report = page.saved(lambda: page.click("Report", ".save"))
        assert name == "pop3spy-s1.html"
        assert b"Still open after" in report
        page.tab.locator(".menu summary").click()
        assert page.violations() == []
        name, dialogue = page.saved(lambda: page.click("dialogue", ".menu"))
        assert name == "pop3spy-s1.txt"
        assert b"C: STAT\nS: +OK 5 " in dialogue
        assert "C: PASS ████████\n".encode() in dialogue
        page.tab.locator(".menu summary").click()
        page.press("Escape")
        page.until(lambda: not page.find(".menu[open]"))


def test_why_something_cannot_be_saved_is_told_beside_it(page: Page) -> None:
    with running("show", "--web", CAPTURES / "dovecot-cut-off.yaml") as program:
        page.open(program.says(r"inspector at (http://[^;\s]+)")[1])
        page.shows(".transcript", "USER")
        program.stopped(signal.SIGINT)
        page.click("Report", ".save")
        page.shows(".save [role=status]", "cannot be reached")


def test_nothing_that_is_said_becomes_markup_or_moves_text(page: Page) -> None:
    said = b"+OK <img src=x onerror=alert(1)><script>alert(2)</script>\xe2\x80\xaeabc\x1b[31m"
    listening = socket.create_server(("127.0.0.1", 0))
    with listening, shown(page, f"127.0.0.1:{listening.getsockname()[1]}") as found:
        pop = found.closing.enter_context(socket.create_connection(("127.0.0.1", found.port)))
        server = found.closing.enter_context(listening.accept()[0])
        server.sendall(said + b"\r\n")
        assert pop.recv(1000)
        page.shows(".transcript", "<img src=x onerror=alert(1)>")
        page.shows(".transcript", "\\u202eabc\\x1b[31m")
        assert not page.find(".transcript img, .transcript script")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 1000, 360])
def test_everybody_can_use_it(steered: Shown, theme: str, width: int) -> None:
    page = steered.page
    if theme == "dark":
        page.dark()
    page.width(width)
    assert page.violations() == []
    pop = steered.session()
    pop.retr(1)
    assert pop.stat()[0] == 5
    with pytest.raises(error_proto):
        pop.retr(99)
    page.shows(".findings", "message-number-bad")
    page.click("message-number-bad", ".findings")
    page.fill("fault", "stal", enter=False)
    page.shows("#fault-told", "stall")
    page.fill("hold", "verb = NOOP")
    page.shows("aside", "Hold nothing")
    replying = later(pop, "NOOP")
    page.shows(".desk", "held as 1")
    for view in ("Transcript", "Ladder", "Statistics"):
        page.click(view, ".filter")
        page.until(lambda: page.find(".transcript, .ladder, .statistics table"))
        assert page.violations() == []
        assert page.overflow <= 0
        assert page.overlapping(".columns > *") == []
        assert page.overlapping("main > *") == []
        assert max(page.heights(".ladder .rung, .transcript tr"), default=0) < 200
    page.click("Transcript", ".filter")
    page.find("#e3 a")[0].click()
    page.shows(".detail", "Good morning")
    assert page.violations() == []
    page.click("Keys", "footer")
    page.shows("dialog[open]", "Keys")
    assert page.violations() == []
    assert page.overflow <= 0
    page.press("Escape")
    page.until(lambda: not page.find("dialog"))
    page.click("Let go", ".desk")
    replying.join(10)


def test_a_recording_is_read_and_never_changed(page: Page) -> None:
    with running("show", "--web", CAPTURES / "dovecot-cut-off.yaml") as program:
        page.open(program.says(r"inspector at (http://[^;\s]+)")[1])
        page.shows(".top", "a recording")
        page.shows(".transcript", "USER")
        assert not page.find("#hold, #fault, #say, .top button")
        page.click("Ladder", ".filter")
        page.shows(".ladder", "server")
        assert page.violations() == []
        assert page.complaints == []
        name, told = page.saved(lambda: page.click("Report", ".save"))
        assert name == "pop3spy-s1.html"
        assert b"<!doctype html>" in told
        assert b"mail.example.org" in told
        page.tab.locator(".menu summary").click()
        name, told = page.saved(lambda: page.click("dialogue", ".save"))
        assert name == "pop3spy-s1.txt"
        assert b"C: USER" in told
        assert program.stopped(signal.SIGINT).status == 130


def test_workers_have_one_page(page: Page, upstream: str) -> None:
    with shown(page, upstream, "--web-control", "--workers", "2") as found:
        pops = [client(found.port) for _ in range(4)]
        for pop in pops:
            found.closing.callback(pop.close)
        page.shows(".top", "4 open")
        page.fill("hold", "verb = USER")
        page.shows("aside", "Hold nothing")
        replying = later(pops[-1], "USER demo")
        page.shows(".desk", "held as")
        page.press("Escape", "g")
        replying.join(10)
        page.until(lambda: not page.find(".desk"))
        # Which worker takes a client is the kernel's choice, so it need not be the newest session.
        page.tab.locator(".list li a", has_text="USER_GIVEN").click(timeout=PATIENCE * 1000)
        page.until(lambda: b"USER demo" in page.saved(lambda: page.click("Report", ".save"))[1])
        for pop in pops:
            pop.quit()
        page.shows(".top", "0 open")
