"""The run store: the one writer of run state (law 6), in one SQLite file a run."""
