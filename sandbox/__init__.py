"""Isolation: a supervisor, a zygote and one confined child per job."""
