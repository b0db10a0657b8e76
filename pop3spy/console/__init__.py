"""What both consoles use: rows, prompts, masks, explanations, and the table of commands."""
