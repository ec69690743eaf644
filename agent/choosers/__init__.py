"""Choosers: who answers the closed question that a plan asks."""
