"""The console of ``pop3spy connect``: POP3 spoken by hand, with nothing to get wrong."""
