"""``python -m mutation TARGET``: whether the tests notice small mistakes in a part of the program.

A sample of all mutants is tried, each against the tests that reach its line; those that survive are
printed, and want a test or an explanation (``docs/mutation.md``).
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from mutation.running import run

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Target:
    """A part of the program, some modules of a package, and the tests that judge it."""

    package: str
    modules: str
    tests: str
    cases: int = 0
    """Cases of each test that are asked, evenly spread; 0: all."""


TARGETS = {
    "decoder": Target(
        "protocol",
        "decoder command_reader reply_reader line_buffer outstanding pending_command body replies",
        "protocol session/test_read_at_once.py gate net/test_faults.py",
    ),
    "tracker": Target(
        "session",
        "tracker reading maildrop ending closings waiting listing listing_lines bus",
        "session cases filters gate net/test_faults.py logs/test_waiting.py logs/test_closings.py"
        " capture/test_closings.py capture/test_old_recordings.py capture/test_recorded_facts.py"
        " redaction/test_secret_memory.py"
        " redaction/test_line_facts.py",
    ),
    "redactor": Target(
        "redaction",
        "*",
        "redaction security/test_strict.py security/test_visible.py security/test_facts.py"
        " security/test_typed.py",
        cases=4,
    ),
    "engine": Target(
        "findings",
        "engine judged asking raising observed precedence dispatch remembering watching history",
        "findings/test_engine.py findings/test_asking.py findings/test_own_faults.py"
        " findings/test_history.py findings/test_remembering.py"
        " findings/test_mail_not_recorded.py findings/test_tried_out.py"
        " findings/test_cases.py findings/test_rules.py findings/test_sizes.py"
        " findings/test_logins.py findings/test_refusals.py findings/test_any_login.py"
        " findings/test_framing.py findings/test_timing.py"
        " findings/test_bad_input.py findings/test_correct_sessions.py",
    ),
}
"""Those tests are named that run in their own process and are about the part."""


def main() -> int:
    """Try what the command line says, and print figures."""
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--sample", type=int, default=100, help="how many mutants; 0: all")
    parser.add_argument("--seed", default="0", help="another one makes another sample")
    options = parser.parse_args()
    target = TARGETS[options.target]
    folder = ROOT / "pop3spy" / target.package
    files = [file for name in target.modules.split() for file in sorted(folder.glob(f"{name}.py"))]
    tests = [ROOT / "tests" / name for name in target.tests.split()]
    paths = [file.relative_to(Path.cwd()) for file in files]
    return run(paths, tests, options.sample, options.seed, target.cases)


if __name__ == "__main__":
    sys.exit(main())
