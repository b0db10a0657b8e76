"""Every promise of what is withstood has tests; tests/test_docs.py sees that the page has them."""

from pathlib import Path

from security.withstood import TESTS, WITHSTOOD, held


def test_every_promise_is_held_by_a_test_and_every_mark_is_of_a_promise() -> None:
    assert {each.promise for each in held()} == set(WITHSTOOD)


def test_a_mark_is_known_to_pytest_and_stands_at_a_function() -> None:
    """A mark on a class or a parameter would be found by nobody."""
    written = sum(
        file.read_text(encoding="utf-8").count("@pytest.mark.promise(")
        for file in Path(TESTS).rglob("test_*.py")
        if file.name != Path(__file__).name
    )
    assert written == len({(each.file, each.test) for each in held()})
