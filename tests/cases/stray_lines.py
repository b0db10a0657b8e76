"""Lines that stand in front of replies, behind them, or in their place."""

from cases.logins import LOGGED_IN

CASES = {
    "an empty line stands in front of one reply": LOGGED_IN
    + """
        3                C: DELE 3
        3 no_status      S:
        3                S: +OK it will go
        4                C: DELE 4
        4                S: +OK it will go
        5                C: STAT
        5                S: +OK 2 300
        6                C: QUIT
        6 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "every reply has an empty line behind it": LOGGED_IN
    + """
        3                C: NOOP
        3                S: +OK
        0 unasked        S:
        4                C: STAT
        4                S: +OK 2 300
        0 unasked        S:
                         C closes
                         S closes
        = client_closed
    """,
    "a log line comes in front of the refusal": """
        0 AUTHORIZATION  S: +OK <77.4@pop.example.net>
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 no_status      S: notice: checkpw said no (kim from 192.0.2.7)
        2 AUTHORIZATION  S: -ERR not you
        3                C: USER kim
        3 USER_GIVEN     S: +OK
        4                C: QUIT
        4                S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a script warns in front of the login's reply": """
        0 AUTHORIZATION  S: +OK ready
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 no_status      S: Notice: Undefined index: box in login.php on line 12
        2 TRANSACTION    S: +OK welcome
        3                C: STAT
        3                S: +OK 1 100
        4                C: RETR 1
        4                S: +OK
        4 body           S: Subject: tea
        4 body           S:
        4 body           S: At five?
        4 end            S: .
        5                C: DELE 1
        5                S: +OK
        6                C: QUIT
        6 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a whole trace of the program comes in front of a reply with a body": LOGGED_IN
    + """
        3                C: TOP 1 0
        3 no_status      S: DEBUG top(1, 0)
        3 no_status      S: DEBUG open /var/mail/kim
        3 no_status      S:
        3 no_status      S: DEBUG 44 octets
        3                S: +OK
        3 body           S: Subject: tea
        3 end            S: .
        4                C: NOOP
        4                S: +OK
                         C closes
                         S closes
        = client_closed
    """,
    "the login's reply is a log line, and STAT proves that it worked": """
        0 AUTHORIZATION          S: +OK ready
        1                        C: USER kim
        1 USER_GIVEN             S: +OK
        2                        C: PASS tanstaaf
        2 no_status              S: user kim authenticated
        3                        C: STAT
        3 TRANSACTION inferred   S: +OK 1 100
        4                        C: QUIT
        4 UPDATE                 S: +OK
                                 S closes
                                 C closes
        = 2 PASS: taken as answered by 'user kim authenticated'
        = quit
    """,
    "the login's reply is a log line, and a message proves that it worked": """
        0 AUTHORIZATION          S: +OK ready
        1                        C: APOP kim 00112233445566778899aabbccddeeff
        1 no_status              S: apop: kim is fine
        2                        C: RETR 1
        2 TRANSACTION inferred   S: +OK
        2 body                   S: Subject: tea
        2 end                    S: .
                                 C closes
                                 S closes
        = 1 APOP: taken as answered by 'apop: kim is fine'
        = client_closed
    """,
    "a client that pipelines has an odd line among its replies": LOGGED_IN
    + """
        3                C: DELE 1
        4 pipelined      C: DELE 2
        5 pipelined      C: STAT
        3                S: +OK
        4 no_status      S: rm: 2: busy
        4                S: -ERR not now
        5                S: +OK 1 100
        6                C: DELE 2
        7 pipelined      C: QUIT
        6 no_status      S: rm: 2: busy
        6                S: +OK
        7 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a client that pipelines speaks on while an odd line waits for its reply": LOGGED_IN
    + """
        3                C: DELE 1
        4 pipelined      C: DELE 2
        3                S: +OK
        4 no_status      S: rm: 2: busy
        5 pipelined      C: DELE 3
        4                S: +OK
        5                S: +OK
                         C closes
                         S closes
        = client_closed
    """,
    "a client that pipelined gets an odd line for each of its last commands": LOGGED_IN
    + """
        3                C: DELE 1
        4 pipelined      C: DELE 2
        3 no_status      S: gone
        3 no_status      S: gone as well
                         C closes
                         S closes
        = 3 DELE: taken as answered by 'gone'
        = 4 DELE: taken as answered by 'gone as well'
        = client_closed
    """,
    "a client that pipelined gets one odd line for two commands": LOGGED_IN
    + """
        3                C: DELE 1
        4 pipelined      C: DELE 2
        3 no_status      S: gone
                         S closes
                         C closes
        = 3 DELE: taken as answered by 'gone'
        = 4 DELE: unanswered
        = server_closed
    """,
}
