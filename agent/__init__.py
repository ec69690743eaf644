"""The search: planner, choosers, loop, run store, command line, report."""
