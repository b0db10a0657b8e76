"""The accounts of two servers compared, before and after mail has moved from one to the other."""
