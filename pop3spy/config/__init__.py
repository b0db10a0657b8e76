"""Settings: what there is to set, and what a file sets."""
