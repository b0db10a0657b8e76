"""Greetings that are none, and what stands in front of one."""

CASES = {
    "a byte order mark stands in front of the greeting": r"""
        0 banner AUTHORIZATION inferred  S: \xef\xbb\xbf+OK ready
        1                                C: USER kim
        1 USER_GIVEN                     S: +OK
        2                                C: PASS tanstaaf
        2 TRANSACTION                    S: +OK
                                         C closes
                                         S closes
        = client_closed
    """,
    "line ends are LF, CR CR LF and CRLF in one session, and case is small": r"""
        0 banner AUTHORIZATION inferred  S: \xef\xbb\xbf+OK ready
        1                                C: USER kim
        1 USER_GIVEN                     S: +ok
        2                                C: PASS tanstaaf
        2 TRANSACTION                    S< +OK in\n
        3                                C: LIST
        3                                S< +OK\n
        3 body                           S< 1 100\n
        3 body                           S< 2 200\n
        3 end                            S< .\n
        4                                C: STAT
        4                                S< +OK 2 300\r\r\n
        5                                C: NOOP
        5                                S: +OK
        6                                C: QUIT
        6 UPDATE                         S: +OK
                                         S closes
                                         C closes
        = quit
    """,
    "a picture stands in front of the greeting": r"""
        0 banner         S:   __  __
        0 banner         S:  |  \\/  |  MailHost 3
        0 banner         S:
        0 AUTHORIZATION  S: +OK ready
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: QUIT
        2                S: +OK
                         S closes
                         C closes
        = quit
    """,
    "there is a banner and no greeting": """
        0 banner AUTHORIZATION inferred  S: MailHost 3 POP3
        1                                C: USER kim
        1 USER_GIVEN                     S: +OK
        2                                C: QUIT
        2                                S: +OK
                                         S closes
                                         C closes
        = quit
    """,
    "a server speaks SMTP": """
        0 banner AUTHORIZATION inferred  S: 220 mx.example.net ESMTP
        1                                C: CAPA
        1 no_status                      S: 502 5.5.2 what is that
                                         C closes at 1
                                         S closes at 1.2
        = 1 CAPA: taken as answered by '502 5.5.2 what is that'
        = client_closed at 1
    """,
}
