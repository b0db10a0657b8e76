"""Logins that fail, and those that look as if they did."""

LOGGED_IN = """
        0 AUTHORIZATION  S: +OK ready
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 TRANSACTION    S: +OK welcome
"""

CASES = {
    "a token comes in one line with AUTH, and the server cannot take that": f"""
        0 AUTHORIZATION  S: +OK POP3 is here [QUJDREVGRw==]
        1                C: CAPA
        1                S: +OK
        1 body           S: TOP
        1 body           S: SASL PLAIN XOAUTH2
        1 end            S: .
        2                C: AUTH XOAUTH2 {"dG9rZW4g" * 200}
        2                S: -ERR that is no command. 12
                         S closes at 0.2
                         C closes at 0.3
        = server_closed at 0.2
    """,
    "a token is refused by a challenge, and the client does not answer it": """
        0 AUTHORIZATION  S: +OK webmail POP ready
        1                C: CAPA
        1                S: +OK
        1 body           S: SASL PLAIN XOAUTH2
        1 end            S: .
        2                C: AUTH XOAUTH2
        2 challenge SASL S< + \\r\\n
        2 answer         C: dXNlcj1raW0BYXV0aD1CZWFyZXIgdG9rZW4BAQ==
        2 challenge      S: + eyJzdGF0dXMiOiI0MDAifQ==
                         C closes at 5
                         S closes at 5.3
        = 2 AUTH: unanswered
        = client_closed at 5
    """,
    "NTLM is asked on by +OK": """
        0 AUTHORIZATION  S: +OK old exchange ready
        1                C: AUTH NTLM
        1 challenge SASL S: +OK
        1 answer         C: TlRMTVNTUAABAAAAB7IIogQABAAzAAAACwALACgAAAA=
        1 challenge      S: + TlRMTVNTUAACAAAADAAMADgAAAA=
        1 answer         C: TlRMTVNTUAADAAAAGAAYAGoAAAA=
        1 TRANSACTION    S: +OK you are in
        2                C: STAT
        2                S: +OK 0 0
        3                C: QUIT
        3 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "APOP has its arguments in the wrong order": """
        0 AUTHORIZATION  S: +OK <812.99@pop.example.net>
        1                C: CAPA
        1                S: +OK
        1 body           S: USER
        1 end            S: .
        2                C: APOP Encoding.Utf8 kim@example.net
        2                S: -ERR no
                         S closes
                         C closes
        = server_closed
    """,
    "APOP is tried though the greeting has no timestamp": """
        0 AUTHORIZATION  S: +OK ready <pop.example.net>
        1                C: CAPA
        1                S: -ERR what is that
        2                C: APOP kim 00112233445566778899aabbccddeeff
        2                S: -ERR what is that
                         C closes
                         S closes
        = client_closed
    """,
    "the server hangs up where a second login is tried": """
        0 AUTHORIZATION  S: +OK ready <17.5@pop.example.net>
        1                C: CAPA
        1                S: +OK
        1 body           S: SASL PLAIN
        1 end            S: .
        2                C: APOP kim 00112233445566778899aabbccddeeff
        2                S: -ERR wrong
        3                C: AUTH PLAIN
                         S closes at 1
                         C closes at 1.3
        = 3 AUTH: unanswered
        = server_closed at 1
    """,
    "the password has a line end in it, and all replies come one too late": r"""
        0 AUTHORIZATION  S: +OK webmail POP ready
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C< PASS tanstaaf\n
        3 pipelined      C:
        2 TRANSACTION    S: +OK hello
        4 pipelined      C: LIST
        3                S: -ERR what is that
        4                S: +OK 1 message
        4 body           S: 1 100
        4 end            S: .
        5                C: QUIT
        5 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a proxy in front refuses what its back end refused": """
        0 AUTHORIZATION  S: +OK pop.example.net proxy ready
        1                C: USER kim
        1 USER_GIVEN     S: +OK kim it is
        2                C: PASS tanstaaf
        2 AUTHORIZATION  S: -ERR the server behind did not like it
        3                C: QUIT
        3                S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a bare AUTH is tried first and refused": """
        0 AUTHORIZATION  S: +OK ready
        1                C< AUTH \\r\\n
        1                S: -ERR not now
        2                C: USER kim@example.net
        2 USER_GIVEN     S: +OK
        3                C: PASS tanstaaf
        3 TRANSACTION    S: +OK
        4                C: QUIT
        4 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a bare AUTH is answered by a list": """
        0 AUTHORIZATION  S: +OK ready
        1                C: AUTH
        1                S: +OK
        1 body           S: PLAIN
        1 end            S: .
        2                C: QUIT
        2                S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a password in clear is refused without TLS": """
        0 AUTHORIZATION  S: +OK ready
        1                C: USER kim
        1                S: -ERR [AUTH] not without TLS
        2                C: QUIT
        2                S: +OK
                         S closes
                         C closes
        = quit
    """,
    "POP is switched off for the account": """
        0 AUTHORIZATION  S: +OK webmail POP ready
        1                C: USER kim@example.net
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        2 AUTHORIZATION  S: -ERR [SYS/PERM] switch POP on in your settings
                         S closes
                         C closes
        = server_closed
    """,
    "AUTH PLAIN is answered by +OK and nothing else": """
        0 AUTHORIZATION  S: +OK ready
        1                C: AUTH PLAIN
        1 challenge SASL S< + \\r\\n
        1 answer         C: AGtpbQB0YW5zdGFhZg==
        1 TRANSACTION    S: +OK
        2                C: STAT
        2                S: +OK 0 0
        3                C: QUIT
        3 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a mechanism that nobody knows is offered and used": """
        0 AUTHORIZATION  S: +OK ready
        1                C: CAPA
        1                S: +OK
        1 body           S: SASL MAGIC PLAIN
        1 end            S: .
        2                C: AUTH MAGIC
        2 challenge SASL S< + \\r\\n
        2 answer         C: abracadabra-4711
        2 AUTHORIZATION  S: -ERR no
        3                C: QUIT
        3                S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a client speaks ahead behind AUTH, and a log line comes first": """
        0 AUTHORIZATION  S: +OK ready
        1                C: AUTH PLAIN AGtpbQB0YW5zdGFhZg==
        2 pipelined      C: STAT
        1 no_status      S: sasl: begin
        1 TRANSACTION    S: +OK
        2                S: +OK 0 0
                         C closes
                         S closes
        = client_closed
    """,
    "a log line comes between AUTH and its challenge": """
        0 AUTHORIZATION  S: +OK ready
        1                C: AUTH PLAIN
        1 no_status      S: sasl: begin
        1 challenge SASL S< + \\r\\n
        1 answer         C: AGtpbQB0YW5zdGFhZg==
        1 no_status      S: sasl: done
        1 TRANSACTION    S: +OK
        2                C: STAT
        2                S: +OK 0 0
                         C closes
                         S closes
        = client_closed
    """,
}
