"""What pages of pop3spy have in common: a look, a script, and a policy that allows no more."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pop3spy import __version__
from pop3spy.report.assets import asset, assets_of
from pop3spy.report.words import FILTERS

Templates = Environment
"""What finds templates, and fills them."""

_HOME: Final = "pop3spy.report"


def environment(*packages: str) -> Templates:
    """Return what finds templates in the ``assets`` of *packages*, and then in those of reports."""
    texts: dict[str, str] = {}
    for package in (_HOME, *reversed(packages)):
        texts |= assets_of(f"{package}.assets")

    def load(name: str) -> tuple[str, str, None] | None:
        return (texts[name], name, None) if name in texts else None  # no file, and never another

    made = Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.globals["version"] = __version__
    return made


def page_of(made: Templates, template: str, styles: Iterable[str] = (), **values: Any) -> str:
    """Return the page of a *template* that extends ``base.html``; *styles* go beyond the usual."""
    style = "".join((asset("tokens.css"), asset("report.css"), *styles))
    script = asset("report.js")
    return made.get_template(template).render(
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        **values,
    )


def _hash(text: str) -> str:
    """Return what a content security policy calls *text* (CSP Level 3, section 2.3.1)."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
