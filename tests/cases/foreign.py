"""TLS where clear text is spoken, the other way round, and other protocols on the port."""

CASES = {
    "a client speaks SMTP": """
        0 AUTHORIZATION  S: +OK ready
        1                C: EHLO laptop.example.net
        1                S: -ERR what is that
                         C closes
                         S closes
        = client_closed
    """,
    "a client speaks HTTP": """
        0 AUTHORIZATION  S: +OK ready
        1                C: GET /mail HTTP/1.0
        2 pipelined      C: Host: pop.example.net
        3 pipelined      C: Authorization: Basic a2ltOnRhbnN0YWFm
        4 pipelined      C:
        1                S: -ERR what
        2                S: -ERR what
        3                S: -ERR what
        4                S: -ERR what
        0 unasked        S: -ERR enough of that
                         S closes at 1
                         C closes at 1.2
        = server_closed at 1
    """,
    "a client begins TLS on a port where none is spoken": r"""
        0 AUTHORIZATION  S: +OK ready
        0 tls OPAQUE     C< \x16\x03\x01\x00\x0a\x01\x00\x00\x06\x03\x03\x00\n\r\n
        0 unasked        S: -ERR what is that
                         C closes at 1
                         S closes at 1.2
        = client_closed at 1
    """,
    "a client waits for a greeting where TLS is spoken": """
                         C closes at 60
                         S closes at 60.2
        = client_closed at 60
    """,
    "capabilities are asked for before STLS and not behind it": r"""
        0 AUTHORIZATION  S: +OK ready
        1                C: CAPA
        1                S: +OK
        1 body           S: STLS
        1 body           S: UIDL
        1 end            S: .
        2                C: STLS
        2 TLS            S: +OK now
        0 tls            C< \x16\x03\x01\x00\x05hello
        0 tls            S< \x16\x03\x03\x00\x05hello
        0 tls            C< \x17\x03\x03\x00\x06secret
        0 tls            S< \x17\x03\x03\x00\x06secret
                         S closes at 2
                         C closes at 2.1
        = server_closed at 2
    """,
    "the handshake behind STLS fails": r"""
        0 AUTHORIZATION  S: +OK ready
        1                C: STLS
        1 TLS            S: +OK
        0 tls            C< \x16\x03\x01\x00\x05hello
        0 tls            S< \x16\x03\x01\x00\x05hello
        0 tls            C< \x15\x03\x01\x00\x02\x02\x46
                         C closes at 0.5
                         S closes at 0.6
        = client_closed at 0.5
    """,
    "the header of a TLS record stands in front of a clear reply": r"""
        0 AUTHORIZATION  S: +OK ready
        1                C: USER kim
        1 USER_GIVEN     S: +OK
        2                C: PASS tanstaaf
        0 tls_header     S< \x17\x03\x03\x00\x44
        2 TRANSACTION    S: +OK welcome
        3                C: STAT
        3                S: +OK 0 0
        4                C: QUIT
        4 UPDATE         S: +OK
                         S closes
                         C closes
        = quit
    """,
    "a proxy in front sends its header": """
        0 proxy          C: PROXY TCP4 192.0.2.7 192.0.2.1 40000 110
        0 AUTHORIZATION  S: +OK ready
        1                C: QUIT
        1                S: +OK
                         S closes
                         C closes
        = quit
    """,
}
