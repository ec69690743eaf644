"""`archgraft doctor`: one row per thing that matters on a machine, and what to do about it."""
