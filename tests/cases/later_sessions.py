"""Sessions that mean something only beside another one of the same maildrop."""

from cases.logins import LOGGED_IN

CASES = {
    "unique-ids before some of the mail is deleted": LOGGED_IN
    + """
        3                C: UIDL
        3                S: +OK
        3 body           S: 1 q17
        3 body           S: 2 q18
        3 body           S: 3 q19
        3 end            S: .
        4                C: RETR 2
        4                S: +OK
        4 body           S: Subject: tea
        4 end            S: .
        5                C: DELE 1
        5                S: +OK
        6                C: QUIT
        6 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the same unique-ids stand at other numbers, and mail comes again": LOGGED_IN
    + """
        3                C: UIDL
        3                S: +OK
        3 body           S: 1 q18
        3 body           S: 2 q19
        3 end            S: .
        4                C: RETR 1
        4                S: +OK
        4 body           S: Subject: tea
        4 end            S: .
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a unique-id names one message": LOGGED_IN
    + """
        3                C: UIDL
        3                S: +OK
        3 body           S: 1 2044
        3 end            S: .
        4                C: RETR 1
        4                S: +OK
        4 body           S: Message-ID: <tea@example.net>
        4 end            S: .
        5                C: DELE 1
        5                S: +OK
        6                C: QUIT
        6 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the same unique-id names another message later": LOGGED_IN
    + """
        3                C: UIDL
        3                S: +OK
        3 body           S: 1 2044
        3 end            S: .
        4                C: RETR 1
        4                S: +OK
        4 body           S: Message-ID: <milk@example.net>
        4 end            S: .
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "all mail is there for the first client": """
        0 AUTHORIZATION  S: +OK webmail POP ready
        1                C: USER kim@example.net
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 TRANSACTION    S: +OK
        3                C: UIDL
        3                S: +OK
        3 body           S: 1 w-1
        3 body           S: 2 w-2
        3 end            S: .
        4                C: RETR 1
        4                S: +OK here it is
        4 body           S: Subject: tea
        4 end            S: .
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "what the first client took is hidden, though the user asked for recent mail": """
        0 AUTHORIZATION  S: +OK webmail POP ready
        1                C: USER recent:kim@example.net
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 TRANSACTION    S: +OK
        3                C: UIDL
        3                S: +OK
        3 body           S: 1 w-2
        3 end            S: .
        4                C: QUIT
        4 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "the maildrop is taken by a first session": LOGGED_IN
    + """
        3                C: STAT
        3                S: +OK 0 0
                         C closes
                         S closes
        = client_closed
    """,
    "the maildrop is taken, and a second session is refused": """
        0 AUTHORIZATION  S: +OK ready
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 AUTHORIZATION  S: -ERR [IN-USE] somebody else reads this mail
                         S closes
                         C closes
        = server_closed
    """,
    "the client comes again too soon": """
        0 AUTHORIZATION  S: +OK
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 AUTHORIZATION  S: -ERR [LOGIN-DELAY] once in five minutes
                         S closes
                         C closes
        = server_closed
    """,
    "a password works": """
        0 AUTHORIZATION  S: +OK POP3 is here
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 TRANSACTION    S: +OK you are in
        3                C: QUIT
        3 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a password that worked before is refused as wrong": """
        0 AUTHORIZATION  S: +OK POP3 is here
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 AUTHORIZATION  S: -ERR no such user, or another password
                         S closes
                         C closes
        = server_closed
    """,
}
