"""The facts about a body as they are defined, read octet by octet, for comparison."""

from pop3spy.session.body_scan import BodyScan

Facts = dict[str, object]

CR, LF = b"\r\n"


def facts_by_definition(body: bytes, exact: int) -> Facts:
    """Return the facts about *body* of which *exact* octets are read for everything."""
    starts = [0, *(at + 1 for at, octet in enumerate(body) if octet == LF)]
    texts = [body[at:].split(b"\n", 1)[0] for at in starts]
    lines = dict(zip(starts, texts, strict=True))
    whole = len(body) <= exact
    near = len(body) if whole else exact - 5  # where a line that is like a reply may begin

    dotted = [at for at in starts if body.startswith(b".", at)]
    unstuffed = [at for at in dotted if body[at + 1 : at + 2] not in (b"", b".", b"\r", b"\n")]
    lone = [at for at in range(len(body)) if is_odd_lone_dot(body, at)]
    lone = [at for at in lone if at <= near or body[at - 1] == LF or at == 0]
    read = body[:exact]
    bare_cr = [at for at in range(len(read) - 1) if read[at] == CR and read[at + 1] != LF]
    bare_lf = [at for at in range(len(read)) if read[at] == LF and read[max(0, at - 1)] != CR]
    header, empty = header_of(body)
    return {
        "octets": len(body),
        "stuffed": len(dotted),
        "size": len(body) - len(dotted),
        "lines": len(starts) - 1 if whole else None,
        "bare_lf": len(bare_lf),
        "bare_cr": len(bare_cr),
        "unstuffed": (len(unstuffed), min(unstuffed, default=None)),
        "over_stuffed": len([at for at in dotted if body.startswith(b"..", at)]),
        "lone_dots": (len(lone), min(lone, default=None)),
        "nul": body.count(b"\0"),
        "first_nul": body.index(b"\0") if b"\0" in body else None,
        "longest": max(998, *(len(line.removesuffix(b"\r")) for line in lines.values())),
        "has_blank_line": empty is not None,
        "header": header,
        "body_lines": None if empty is None or not whole else body.count(b"\n", empty),
    }


def is_odd_lone_dot(body: bytes, at: int) -> bool:
    """Return whether a line of a dot alone is at *at*, with a bare LF or CR before or behind."""
    if body[at] != ord("."):
        return False
    before = "crlf" if at == 0 else end_at(body, at - 1)
    behind = end_at(body, at + 1)
    if body[at + 1 :] == b"\r" and before not in ("lf", "cr"):
        return False  # nobody knows what that CR would have become
    return bool(before and behind) and {before, behind} != {"crlf"}


def end_at(body: bytes, at: int) -> str:
    """Return what line end the octet at *at* is of."""
    around = body[max(0, at - 1) : at + 2]
    if body[at : at + 1] == b"\n":
        return "crlf" if at and around.startswith(b"\r\n") else "lf"
    if body[at : at + 1] == b"\r":
        return "crlf" if body[at + 1 : at + 2] == b"\n" else "cr"
    return ""


def header_of(body: bytes) -> tuple[tuple[object, ...], int | None]:
    """Return what is said of the header, and where the line behind the empty one begins."""
    header, at = b"", 0
    for line in split(body):
        at += len(line)
        if line in (b"\n", b"\r\n", b"\r\r\n"):
            return described(header), at
        header += line.removeprefix(b".")
    return described(header), None


def described(header: bytes) -> tuple[object, ...]:
    """Return the facts about *header*, without its dots."""
    try:
        header.decode()
        utf8 = True
    except UnicodeDecodeError:
        utf8 = False
    found = [line for line in split(header) if line.lower().startswith(b"message-id:")]
    eight_bit = sum(octet > 0x7F for octet in header)
    return len(header), header.count(b"\n"), eight_bit, utf8, bool(found)


def split(octets: bytes) -> list[bytes]:
    """Return the lines of *octets* with their ends, which are LF."""
    pieces = octets.split(b"\n")
    return [piece + b"\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


def facts_of_scan(scan: BodyScan) -> Facts:
    """Return the same facts as *scan* has them."""
    found, header = scan.beginnings, scan.header
    assert header is not None
    return {
        "octets": scan.octets,
        "stuffed": found.stuffed,
        "size": scan.size,
        "lines": scan.lines,
        "bare_lf": scan.ends.bare_lf,
        "bare_cr": scan.ends.bare_cr,
        "unstuffed": (found.unstuffed.count, found.unstuffed.first),
        "over_stuffed": found.over_stuffed,
        "lone_dots": (found.lone_dots.count, found.lone_dots.first),
        "nul": scan.nul,
        "first_nul": scan.first_nul,
        "longest": scan.longest_line,
        "has_blank_line": scan.has_blank_line,
        "header": (
            header.octets,
            header.lines,
            header.eight_bit,
            header.utf8,
            header.message_id is not None,
        ),
        "body_lines": scan.body_lines,
    }
