"""What each kind of edit does: one file an operator, each with `apply` (see `protocol`)."""
