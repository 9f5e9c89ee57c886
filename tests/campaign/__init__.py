"""The trial of the outbox: a hostile provider, workers that are killed, and a count at the end."""
