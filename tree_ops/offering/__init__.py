"""What each operator offers on a tree: one file an operator, each with `offers` (see `offer`)."""
