"""Real models inside wheels, offline and without a key."""
