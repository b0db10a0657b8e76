"""What decides about each frame of a side that is gated: whether, when and how it goes on."""
