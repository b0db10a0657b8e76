"""Sessions as OpenTelemetry has them: a span each, with an event for each exchange.

``attributes`` says how facts are called there, ``spans`` makes them, ``sending`` sends them.
Only who asks for it loads this: it needs the extra ``otlp``.
"""
