"""Database dumps of other billing systems: read as text, never executed."""
