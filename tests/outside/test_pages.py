"""What a browser is given is all in the wheel, licences of others included."""

from outside.conftest import ROOT, Outside

FOLDERS = ("web/page", "web/vendor", "report/assets")


def test_the_wheel_has_every_file_of_the_pages(outside: Outside) -> None:
    for folder in FOLDERS:
        here, there = ROOT / "pop3spy" / folder, outside.packages / "pop3spy" / folder
        files = [each for each in here.iterdir() if each.is_file()]
        assert len(files) > 2
        for each in files:
            assert (there / each.name).read_bytes() == each.read_bytes(), each.name
    assert (outside.packages / "pop3spy" / "web" / "openapi.yaml").is_file()
