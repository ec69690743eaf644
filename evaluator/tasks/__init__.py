"""Tasks: what a model is trained on and how its outputs are scored."""
