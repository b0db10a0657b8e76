"""Several processes that are one proxy: who starts them, and what they tell each other."""
