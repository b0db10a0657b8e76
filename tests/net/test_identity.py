"""The certificate that clients are shown, as its file has it."""

from pathlib import Path

import pytest

from net.shop import Shop
from pop3spy.net.identity import Own


@pytest.mark.parametrize("odd", [b"\x8b", b"\xff\xfe", b" ", b"\r"])
def test_octets_that_belong_in_no_pem_file_are_passed_over_as_openssl_does(
    odd: bytes, shop: Shop, tmp_path: Path
) -> None:
    shown = shop.kinds["good"]
    chain = tmp_path / "chain.pem"
    chain.write_bytes(shown.chain.read_bytes().replace(b"\n-----END", odd + b"\n-----END", 1))
    names = Own(shown.chain, shown.key).context(b"", "").names
    assert names
    assert Own(chain, shown.key).context(b"", "").names == names
