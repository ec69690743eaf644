"""Child programs, tasks and results: what trains and measures a candidate."""
