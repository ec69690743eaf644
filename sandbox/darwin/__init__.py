"""The sandbox of macOS: a fresh interpreter per job, confined by Seatbelt.

Written without a Mac at hand, and not yet tested on one: the canaries decide, on each machine, what it is worth. What
doesn't need a Mac is tested on Linux, with a stand-in for `sandbox-exec` that confines nothing.
"""
