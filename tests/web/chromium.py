"""Chromium without a window, driven as a person would drive it, on this machine alone."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, TypeVar

from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from lab.processes import need

T = TypeVar("T")
PATIENCE = 60.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1400,900",
)


class Page:
    """A browser that looks at one page."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def begin(self) -> None:
        """Be a new tab, of which nothing was asked yet, and the only one."""
        others = self.driver.window_handles
        self.driver.switch_to.new_window("tab")
        new = self.driver.current_window_handle
        for other in others:
            self.driver.switch_to.window(other)
            self.driver.close()
        self.driver.switch_to.window(new)
        self.complaints()

    def open(self, url: str) -> None:
        self.driver.get(url)
        self.until(lambda: self.find(".connection.live") or self.find("[role=alert]"))

    def find(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """Return the text of the first such element; nothing if there is none."""
        script = "return (document.querySelector(arguments[0]) || {innerText: ''}).innerText"
        return str(self.driver.execute_script(script, selector))

    def until(self, happens: Callable[[], T]) -> T:
        """Wait until something *happens*; return it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if found := happens():
                    return found
            except (StaleElementReferenceException, IndexError):
                pass  # it is drawn anew
            assert time.monotonic() < deadline, self.driver.execute_script(
                "return document.body.innerText"
            )

    def shows(self, selector: str, text: str) -> None:
        self.until(lambda: text in self.text(selector))

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def click(self, words: str, within: str = "body") -> None:
        """Click the first button that has these words."""

        def clicked() -> bool:
            for button in self.find(f"{within} button"):
                if words in button.text and button.is_enabled():
                    button.click()
                    return True
            return False

        self.until(clicked)

    def fill(self, name: str, text: str, *, enter: bool = True) -> None:
        """Type *text* into the field that is called so."""
        field = self.until(lambda: self.find(f"#{name}"))[0]
        field.send_keys(Keys.CONTROL + "a")
        field.send_keys(text + ("\n" if enter else ""))

    def media(self, **features: str) -> None:
        told = [{"name": name.replace("_", "-"), "value": each} for name, each in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": told})

    def width(self, pixels: int) -> None:
        metrics = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": pixels < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.until(lambda: self.driver.execute_script("return innerWidth") == pixels)

    def violations(self) -> list[str]:
        """Return what axe finds against the page as it stands."""
        script = (files("axe_playwright_python") / "axe.min.js").read_text()
        self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": script})
        found: Any = self.driver.execute_async_script("axe.run().then(arguments[0])")
        return [
            f"{rule['id']}: {node['html'][:200]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    @property
    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        script = "return document.documentElement.scrollWidth - innerWidth"
        return int(self.driver.execute_script(script))

    def overlapping(self, selector: str) -> list[tuple[str, str]]:
        """Return which of these elements lie over one another."""
        script = (
            "return [...document.querySelectorAll(arguments[0])].map((each) => {"
            " const box = each.getBoundingClientRect();"
            " return [each.tagName, box.left, box.top, box.right, box.bottom]; })"
        )
        boxes: Any = self.driver.execute_script(script, selector)
        return [
            (one[0], other[0])
            for place, one in enumerate(boxes)
            for other in boxes[:place]
            if one[1] + 1 < other[3]
            and other[1] + 1 < one[3]
            and one[2] + 1 < other[4]
            and other[2] + 1 < one[4]
        ]

    def complaints(self) -> list[str]:
        """Return what the browser's console tells: errors of scripts, what a policy kept away."""
        told: Any = self.driver
        return [each["message"] for each in told.get_log("browser")]


@contextmanager
def chromium() -> Iterator[Page]:
    """Run a browser with a profile of its own while the block lasts."""
    options = ChromeOptions()
    options.binary_location = need("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = Chrome(options=options, service=Service(need("chromedriver")))
        try:
            yield Page(driver)
        finally:
            try:
                driver.quit()
            except WebDriverException:  # it has gone already
                driver.service.stop()
