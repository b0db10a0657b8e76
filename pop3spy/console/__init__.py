"""The console: POP3 spoken by hand, with nothing to get wrong."""
