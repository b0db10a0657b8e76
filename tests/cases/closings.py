"""Who hung up, when, and what had no reply then."""

from cases.logins import LOGGED_IN

CASES = {
    "the server hangs up behind a refused login, and the client stays": """
        0 AUTHORIZATION  S: +OK mail here
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 AUTHORIZATION  S: -ERR [AUTH] not you
                         S closes at 0.2
                         C closes at 60.2
        = server_closed at 0.2
    """,
    "the server hangs up after five minutes, and the client learns it ten minutes later": LOGGED_IN
    + """
                         S closes at 300.2
        3                C: NOOP
                         C closes at 900.2
        = 3 NOOP: unanswered
        = server_closed at 300.2
    """,
    "the last line of the client has no end": LOGGED_IN
    + """
        0 unfinished     C< QUIT
                         C closes at 60
                         S closes at 60.1
        = client_closed at 60
    """,
    "the server says nothing at all": """
                         C closes at 30
                         S closes at 30.2
        = client_closed at 30
    """,
    "mail is deleted and nobody says QUIT": LOGGED_IN
    + """
        3                C: RETR 1
        3                S: +OK
        3 body           S: Subject: tea
        3 end            S: .
        4                C: DELE 1
        4                S: +OK
                         C closes at 2
                         S closes at 2.2
        = client_closed at 2
    """,
    "a command gets no reply, and the client gives up": LOGGED_IN
    + """
        3                C: TOP 70 0
                         C closes at 120
                         S closes at 120.2
        = 3 TOP: unanswered
        = client_closed at 120
    """,
    "the server greets and hangs up": """
        0 AUTHORIZATION  S: +OK mail here
                         S closes at 0.1
                         C closes at 1.1
        = server_closed at 0.1
    """,
    "the client says no more and still hears its replies": LOGGED_IN
    + """
        3                C: STAT
        4 pipelined      C: QUIT
                         C closes at 1
        3                S: +OK 0 0
        4 UPDATE         S: +OK
                         S closes at 2
        = quit at 1
    """,
    "the server hangs up before QUIT is answered": LOGGED_IN
    + """
        3                C: QUIT
                         S closes at 1
                         C closes at 2
        = 3 QUIT: unanswered
        = server_closed at 1
    """,
    "the client hangs up behind QUIT before the server does": LOGGED_IN
    + """
        3                C: QUIT
        3 UPDATE         S: +OK
                         C closes at 1
                         S closes at 2
        = quit at 1
    """,
    "the client resets in the middle of a message": LOGGED_IN
    + """
        3                C: RETR 1
        3                S: +OK
        3 body           S: Subject: tea
                         C resets at 3
        = 3 RETR: broke off
        = client_reset at 3
    """,
    "the server resets where a reply is due": LOGGED_IN
    + """
        3                C: STAT
                         S resets at 3
        = 3 STAT: unanswered
        = server_reset at 3
    """,
    "the greeting sends the client away": """
        0 AUTHORIZATION  S: -ERR [SYS/TEMP] too many of you
                         S closes at 0.1
                         C closes at 0.2
        = refused
        = server_closed at 0.1
    """,
    "the client asks on behind a greeting that sends it away": """
        0 AUTHORIZATION  S: -ERR not from your address
        1                C: CAPA
        1                S: -ERR no
        2                C: QUIT
        2                S: +OK
                         S closes at 0.1
                         C closes at 0.2
        = refused
        = quit at 0.1
    """,
}
