"""``python -m report.picture``: the picture of a report that the README shows."""

import tempfile
from pathlib import Path

from browser.chromium import chromium
from cli.program import run_here
from report.browser import address_of, shown

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Take the picture of the beginning of a report on a sample."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        sample = ROOT / "captures" / "dovecot-refused.yaml"
        done = run_here("report", str(sample), "-o", str(page))
        assert done.status == 0, done.err
        with chromium() as browser, shown(browser, address_of(page), width=1200) as seen:
            seen.page.screenshot(path=ROOT / "docs" / "report.png", full_page=False)


if __name__ == "__main__":
    main()
