"""Which build the tests run on: the sources as they are, or with COMPILED=1 the compiled build."""

import os
from importlib import import_module
from importlib.machinery import ExtensionFileLoader
from types import FunctionType

import pytest

COMPILED = os.environ.get("COMPILED") == "1"


def is_compiled(module: str) -> bool:
    """Return whether *module*, by its full name, is machine code."""
    spec = import_module(module).__spec__
    return spec is not None and isinstance(spec.loader, ExtensionFileLoader)


def needs_python(part: type, name: str) -> None:
    """Skip a test that lets the method *name* of *part* fail, if it is compiled.

    Compiled code calls it without a look-up, so nothing can be put in its place.
    """
    if not isinstance(getattr(part, name), FunctionType):
        pytest.skip(f"{part.__name__}.{name} is compiled: nothing can stand in its place")
