"""How much of real packages can be mined, and how truly: `python -m benchmarks.mining`."""
