"""Which zero-cost proxies there are. Nothing here imports torch."""

CONTROLS = ("parameters", "flops")
"""What a proxy has to beat before it is worth its cost."""
NAMES = (*CONTROLS, "synflow", "naswot", "zico", "gradsign")
