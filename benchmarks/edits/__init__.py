"""How many edits give what was intended, and how fast."""
