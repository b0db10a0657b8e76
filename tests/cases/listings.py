"""Listings where one line was due, and the other way round; what listings hold."""

from cases.logins import LOGGED_IN

CASES = {
    "UIDL of one message is answered without its number": LOGGED_IN
    + """
        3                C: UIDL 4711
        3                S: +OK 9f3c00a1
        4                C: UIDL
        4                S: +OK
        4 body           S: 4711 9f3c00a1
        4 end            S: .
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "LIST of one message is answered by the whole list": LOGGED_IN
    + """
        3                C: LIST 2
        3                S: +OK 2 messages (300 octets)
        3 body           S: 1 100
        3 body           S: 2 200
        3 end            S: .
        4                C: RETR 2
        4                S: +OK
        4 body           S: Subject: tea
        4 end            S: .
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = 3 LIST: a listing
        = quit
    """,
    "UIDL of one message is answered by a list of it": LOGGED_IN
    + """
        3                C: LIST 2
        3                S: +OK 2 messages (300 octets)
        3 body           S: 1 100
        3 body           S: 2 200
        3 end            S: .
        4                C: UIDL 1
        4                S: +OK 1 message follows
        4 body           S: 1 q17
        4 end            S: .
        5                C: NOOP
        5                S: +OK
                         C closes
                         S closes
        = 3 LIST: a listing
        = 4 UIDL: a listing
        = client_closed
    """,
    "LIST of one message is answered by the whole list, whose first line says nothing": LOGGED_IN
    + """
        3                C: LIST 1
        3                S: +OK
        3 body           S: 1 100
        3 end            S: .
        4                C: LIST 1
        4                S: +OK scan listing follows
        4 body           S: 1 100
        4 end            S: .
                         C closes
                         S closes
        = 3 LIST: a listing
        = 4 LIST: a listing
        = client_closed
    """,
    "LIST and UIDL of one message are answered as they should be": LOGGED_IN
    + """
        3                C: LIST 2
        3                S: +OK 2 200
        4                C: UIDL 2
        4                S: +OK 2 q18
        5                C: LIST 3
        5                S: -ERR only 2 messages (300 octets)
        6                C: NOOP
        6                S: +OK
                         C closes
                         S closes
        = client_closed
    """,
    "deleted messages are still listed": LOGGED_IN
    + """
        3                C: LIST
        3                S: +OK
        3 body           S: 1 100
        3 body           S: 2 200
        3 end            S: .
        4                C: DELE 1
        4                S: +OK
        5                C: LIST
        5                S: +OK
        5 body           S: 1 0
        5 body           S: 2 200
        5 end            S: .
        6                C: UIDL
        6                S: +OK
        6 body           S: 1 q17
        6 body           S: 2 q18
        6 end            S: .
        7                C: STAT
        7                S: +OK 2 200
        8                C: QUIT
        8 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a list ends each of its lines with CR CR LF, and its dot too": LOGGED_IN
    + r"""
        3                C: UIDL
        3                S< +OK\r\r\n
        3 body           S< 1 q17\r\r\n
        3 body           S< 2 q18\r\r\n
        3 end            S< .\r\r\n
        4                C: NOOP
        4                S: +OK
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "an empty list ends at once": LOGGED_IN
    + """
        3                C: LIST
        3                S: +OK nothing here
        3 end            S: .
                         C closes at 30
                         S closes at 30.1
        = client_closed at 30
    """,
    "a capability begins with a dot, stuffed and not": """
        0 AUTHORIZATION  S: +OK
        1                C: CAPA
        1                S: +OK
        1 body           S: TOP
        1 body           S: .secret
        1 body           S: UIDL
        1 body           S: ..doubled
        1 end            S: .
        2                C: QUIT
        2                S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the dot of a list of capabilities comes in a read of its own": """
        0 AUTHORIZATION  S: +OK
        1                C: CAPA
        1                S: +OK what I can do
        1 body           S: TOP
        1 body           S: PIPELINING
        1 body           S: EXPIRE NEVER
        1 end            S: .
        2                C: QUIT
        2                S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the server has no UIDL": """
        0 AUTHORIZATION  S: +OK box ready
        1                C: CAPA
        1                S: +OK
        1 body           S: TOP
        1 body           S: USER
        1 body           S: SASL LOGIN PLAIN
        1 end            S: .
        2                C: AUTH LOGIN
        2 challenge SASL S: + VXNlcm5hbWU6
        2 answer         C: a2lt
        2 challenge      S: + UGFzc3dvcmQ6
        2 answer         C: dGFuc3RhYWY=
        2 TRANSACTION    S: +OK
        3                C: UIDL
        3                S: -ERR what is that
        4                C: QUIT
        4 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
}
