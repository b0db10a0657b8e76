"""The built-in messages: short, and each a case that mail software must get right.

They are stored as Unix stores mail, with LF; the octets that are sent and counted have CRLF.
"""

from typing import Final

from pop3spy.postoffice.memory import MemoryMaildrop

_WELCOME = """\
From: The Postmaster <postmaster@pop3spy.example>
To: Demo <demo@pop3spy.example>
Subject: Welcome to the post office
Date: Mon, 05 Jan 2026 09:00:00 +0000
Message-ID: <welcome@pop3spy.example>

Good morning,

your letters are sorted and waiting.  Take as many as you like;
those you mark with DELE are thrown away when you say QUIT,
and if you leave without a word, everything stays where it is.

The Postmaster
"""

_PICTURE = """\
From: =?utf-8?Q?Zo=C3=AB_Andr=C3=A9?= <zoe@pop3spy.example>
To: Demo <demo@pop3spy.example>
Subject: =?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4g8J+QpyAo?=
 =?utf-8?B?bWl0IEJpbGQp?=
Date: Mon, 05 Jan 2026 09:12:00 +0100
Message-ID: <picture@pop3spy.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=-perforation"

This part is for readers without MIME.
--=-perforation
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe vom Rhein!  The picture is a single pixel; it was a foggy day.

--=-perforation
Content-Type: image/gif; name="fog.gif"
Content-Disposition: attachment; filename="fog.gif"
Content-Transfer-Encoding: base64

R0lGODlhAQABAIAAAMzMzAAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==
--=-perforation--
"""

_DOTS = """\
From: Dot <dot@pop3spy.example>
To: Demo <demo@pop3spy.example>
Subject: Lines that begin with dots
Date: Mon, 05 Jan 2026 09:20:00 +0000
Message-ID: <dots@pop3spy.example>

On the wire each line that begins with a dot gets one more:
.
That was a lone dot, and this message goes on.
..
...and so on.
.profile and .bashrc begin with one too.
A dot inside. a line is left alone.
.
"""

_EMPTY = """\
From: Quiet <quiet@pop3spy.example>
To: Demo <demo@pop3spy.example>
Subject: (nothing to add)
Date: Mon, 05 Jan 2026 09:30:00 +0000
Message-ID: <empty@pop3spy.example>

"""

_EIGHT_BIT = """\
From: Hana <hana@pop3spy.example>
To: Demo <demo@pop3spy.example>
Subject: Tea, in 8 bit
Date: Mon, 05 Jan 2026 09:41:00 +0900
Message-ID: <tea@pop3spy.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

お茶をどうぞ。 Du thé ? Etwas Gebäck dazu?
Žádný spěch.  The kettle is on. ☕
"""

DEMO_MESSAGES: Final = (
    (b"demo-welcome", _WELCOME.encode()),
    (b"demo-picture", _PICTURE.encode()),
    (b"demo-dots", _DOTS.encode()),
    (b"demo-empty", _EMPTY.encode()),
    (b"demo-tea", _EIGHT_BIT.encode()),
)
"""Each message's unique-id and its text as stored."""


def demo_maildrop() -> MemoryMaildrop:
    """Return a maildrop with the built-in messages, all of them."""
    return MemoryMaildrop(DEMO_MESSAGES)
