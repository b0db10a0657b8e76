"""Bodies that end too early, too late or never, and what stands in them."""

from cases.logins import LOGGED_IN

CASES = {
    "dots at the beginning of lines are not doubled": LOGGED_IN
    + """
        3                C: STAT
        3                S: +OK 1 55
        4                C: RETR 1
        4                S: +OK 55 octets
        4 body           S: Subject: numbers
        4 body           S:
        4 body           S: one half is
        4 body           S: .5 of it
        4 body           S: and no more
        4 end            S: .
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a message ends at a dot of its own, and its rest answers nothing": LOGGED_IN
    + """
        3                C: LIST 1
        3                S: +OK 1 80
        4                C: RETR 1
        4                S: +OK 80 octets
        4 body           S: Subject: a dot
        4 body           S:
        4 body           S: You will see this.
        4 body           S:
        4 end            S: .
        0 unasked        S:
        0 unasked        S: You will not see this.
        0 unasked        S: .
        5                C: DELE 1
        5                S: +OK
        6                C: QUIT
        6 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the rest of a message that ended early comes when the next reply is due": LOGGED_IN
    + """
        3                C: RETR 1
        3                S: +OK 80 octets
        3 body           S: Subject: a dot
        3 end            S: .
        4                C: DELE 1
        4 no_status      S: You will not see this.
        4 no_status      S: .
        4                S: +OK
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the client leaves dots doubled, and the wire is right": LOGGED_IN
    + """
        3                C: RETR 1
        3                S: +OK
        3 body           S: Subject: a picture
        3 body           S:
        3 body           S: at=3D10.20=
        3 body           S: ..30.40
        3 end            S: .
        4                C: QUIT
        4 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the final dot comes in pieces, and a dot ends a line": LOGGED_IN
    + r"""
        3                C: RETR 1
        3                S: +OK
        3 body           S: Subject: tea
        3 body           S:
        3 body           S: This is a sentence.
        3 body           S: And more
        3 end            S: .
        4                C: NOOP
        4                S: +OK
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the final dot is glued to the last line": LOGGED_IN
    + """
        3                C: RETR 1
        3                S: +OK
        3 body           S: Subject: tea
        3 body           S:
        3 body           S: five.
        4 pipelined      C: NOOP
        3 body           S: +OK
                         C closes at 9.2
                         S closes at 9.3
        = 3 RETR: broke off
        = 4 NOOP: unanswered
        = client_closed at 9.2
    """,
    "the server fails behind its +OK, and sends no dot": LOGGED_IN
    + """
        3                C: TOP 1 0
        3                S: +OK here it comes
        3 body           S: -ERR the disk is gone
                         C closes at 60
                         S closes at 60.1
        = 3 TOP: broke off, inside it '-ERR the disk is gone'
        = client_closed at 60
    """,
    "the server fails in a message, and the client asks on": LOGGED_IN
    + """
        3                C: RETR 1
        3                S: +OK here it comes
        3 body           S: Subject: tea
        3 body           S:
        3 body           S: -ERR the disk is gone
        4 pipelined      C: NOOP
                         C closes
                         S closes
        = 3 RETR: broke off, inside it '-ERR the disk is gone'
        = 4 NOOP: unanswered
        = client_closed
    """,
    "the server fails behind its +OK, and answers what the client asks on": LOGGED_IN
    + """
        3                C: TOP 1 0
        3                S: +OK here it comes
        3 body           S: -ERR the disk is gone
        4 pipelined      C: NOOP
        3 body           S: +OK
        5 pipelined      C: QUIT
        3 body           S: +OK bye
                         S closes
                         C closes
        = 3 TOP: broke off, inside it '-ERR the disk is gone'
        = 4 NOOP: unanswered
        = 5 QUIT: unanswered
        = server_closed
    """,
    "a message that quotes a refusal is a message": LOGGED_IN
    + """
        3                C: RETR 1
        3                S: +OK
        3 body           S: Subject: your question
        3 body           S:
        3 body           S: -ERR means no.
        3 end            S: .
                         C closes
                         S closes
        = client_closed
    """,
    "a list takes the place of the body that failed: its dot ends it": LOGGED_IN
    + """
        3                C: TOP 1 0
        3                S: +OK here it comes
        3 body           S: -ERR the disk is gone
        4 pipelined      C: LIST
        3 body           S: +OK
        3 body           S: 1 100
        3 end            S: .
        5 pipelined      C: NOOP
                         C closes
                         S closes
        = 3 inside it '-ERR the disk is gone'
        = 4 LIST: unanswered
        = 5 NOOP: unanswered
        = client_closed
    """,
    "two messages are written into one another": """
        0 AUTHORIZATION  S: +OK
        1                C: CAPA
        1                S: +OK
        1 body           S: PIPELINING
        1 end            S: .
        2                C: USER kim
        2 USER_GIVEN     S: +OK
        3                C: PASS tanstaaf
        3 TRANSACTION    S: +OK
        4                C: RETR 1
        5 pipelined      C: RETR 2
        4                S: +OK
        4 body           S: Subject: tea
        4 body           S:
        4 body           S: +OK
        4 body           S: Subject: milk
        4 end            S: .
        5 no_status      S: .
        6                C: NOOP
        6                S: +OK
        7                C: QUIT
        7 UPDATE         S: +OK
                         S closes
                         C closes
        = 5 RETR: taken as answered by '.'
        = quit
    """,
    "a message is refused because the day's share is used up": LOGGED_IN
    + """
        3                C: STAT
        3                S: +OK 9 30000
        4                C: RETR 8
        4                S: -ERR too much for today: 8
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the server hangs up in the middle of a line of a message": LOGGED_IN
    + """
        3                C: LIST 1
        3                S: +OK 1 200
        4                C: RETR 1
        4                S: +OK 200 octets
        4 body           S: Subject: tea
        4 body           S:
        4 body           S< and the first ha
                         S closes at 4
                         C closes at 4.2
        = 4 RETR: broke off
        = server_closed at 4
    """,
    "a refusal has a body": LOGGED_IN
    + """
        3                C: RETR 1
        3                S: -ERR something went wrong
        0 unasked        S: Subject: tea
        0 unasked        S:
        0 unasked        S: five
        0 unasked        S: .
        4                C: NOOP
        4                S: +OK
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
}
