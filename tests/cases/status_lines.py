"""Replies that are no status line, or hardly one."""

from cases.logins import LOGGED_IN

CASES = {
    "a refused login is written with a plus, and the client goes on": """
        0 AUTHORIZATION  S: +OK mail here
        1                C: USER kim@example.net
        1 USER_GIVEN     S: +OK and the password?
        2                C: PASS tanstaaf
        2 no_status      S: +ERR the inbox of this account cannot be read
        3                C: STAT
        3                S: -ERR not before you have logged in
        4                C: QUIT
        4                S: +OK so long
                         S closes at 0.2
                         C closes at 0.3
        = 2 PASS: taken as answered by '+ERR the inbox of this account cannot be read'
        = quit at 0.2
    """,
    "a refusal is written -OK": LOGGED_IN
    + """
        3                C: DELE 9
        3 no_status      S: -OK there is no such message
        4                C: STAT
        4                S: +OK 2 300
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = 3 DELE: taken as answered by '-OK there is no such message'
        = quit
    """,
    "the plus is missing": LOGGED_IN
    + """
        3                C: STAT
        3 no_status      S: OK 2 300
        4                C: NOOP
        4                S: +OK
                         C closes at 9.2
                         S closes at 9.3
        = 3 STAT: taken as answered by 'OK 2 300'
        = client_closed at 9.2
    """,
    "a blank stands in front of the plus": LOGGED_IN
    + """
        3                C: STAT
        3 no_status      S:  +OK 2 300
        4                C: NOOP
        4                S: +OK
                         C closes
                         S closes
        = 3 STAT: taken as answered by ' +OK 2 300'
        = client_closed
    """,
    "a blank stands behind the plus, as RFC 1082 prints it": LOGGED_IN
    + """
        3                C: STAT
        3                S: + OK 2 300
        4                C: NOOP
        4                S: - ERR why should I
                         C closes
                         S closes
        = client_closed
    """,
    "the blank behind +OK is missing": LOGGED_IN
    + """
        3                C: STAT
        3 no_status      S: +OK2 300
        4                C: NOOP
        4                S: +OK
                         C closes
                         S closes
        = 3 STAT: taken as answered by '+OK2 300'
        = client_closed
    """,
    "the blank behind -ERR is missing": LOGGED_IN
    + """
        3                C: RETR 7
        3 no_status      S: -ERR7 is not there
        4                C: NOOP
        4                S: +OK
                         C closes
                         S closes
        = 3 RETR: taken as answered by '-ERR7 is not there'
        = client_closed
    """,
    "a tab, a bracket or a colon stands behind the status": LOGGED_IN
    + r"""
        3                C: STAT
        3                S: +OK\t2 300
        4                C: DELE 1
        4                S: -ERR[SYS/TEMP] try again
        5                C: NOOP
        5                S: +OK: nothing done
        6                C: NOOP
        6                S: +OK[X-IDLE] nothing done
                         C closes
                         S closes
        = client_closed
    """,
    "status lines have nothing behind them": """
        0 AUTHORIZATION  S: +OK
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 AUTHORIZATION  S: -ERR
        3                C: USER kim
        3 USER_GIVEN     S: +OK
        4                C: QUIT
        4                S: +OK
                         S closes
                         C closes
        = quit
    """,
    "two replies in a row are no status lines": LOGGED_IN
    + """
        3                C: DELE 1
        3 no_status      S: OK gone
        4                C: DELE 2
        4 no_status      S: OK gone
        5                C: STAT
        5                S: +OK 0 0
                         C closes
                         S closes
        = 3 DELE: taken as answered by 'OK gone'
        = 4 DELE: taken as answered by 'OK gone'
        = client_closed
    """,
    "the last reply is no status line": LOGGED_IN
    + """
        3                C: NOOP
        3                S: +OK
        4                C: QUIT
        4 no_status      S: Bye
                         S closes at 1
                         C closes at 2
        = 4 QUIT: taken as answered by 'Bye'
        = quit at 1
    """,
    "a refusal is written in Chinese": r"""
        0 AUTHORIZATION  S: +OK ready
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 AUTHORIZATION  S: -ERR \xe5\xaf\x86\xe7\xa0\x81\xe9\x94\x99\xe8\xaf\xaf
                         S closes
                         C closes
        = server_closed
    """,
    "an empty line of the client is refused like a command": LOGGED_IN
    + """
        3                C: STAT
        3                S: +OK 2 300
        4                C:
        4                S: -ERR say something
        5                C: NOOP
        5                S: +OK
                         C closes
                         S closes
        = client_closed
    """,
}
