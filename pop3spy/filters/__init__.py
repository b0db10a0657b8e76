"""Which exchanges somebody wants: filter expressions, read and applied."""
