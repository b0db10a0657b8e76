"""The audit of one server: checks, each a small conversation and a judgement of it."""
