import doctest
import importlib
import pkgutil

import pytest

import pop3spy.protocol

MODULES = [module.name for module in pkgutil.iter_modules(pop3spy.protocol.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(f"pop3spy.protocol.{name}")

    assert doctest.testmod(module).failed == 0
