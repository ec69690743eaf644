"""Why a machine lets no job compile, in words that any system can read: nothing of Linux is imported here."""

COMPILER = "g++"
"""What `torch.compile` starts for code on the CPU."""
NOT_CONFINED = "needs namespaces, Landlock and seccomp together (tiers A and A')"
NOT_APART = "needs namespaces for each job, which this machine refuses inside of others"
NO_COMPILER = f"needs {COMPILER} in the system's own folders: install it (Debian, Ubuntu: apt install {COMPILER})"
