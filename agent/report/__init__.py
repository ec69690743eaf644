"""The report: one self-contained page, made from the run store alone."""
