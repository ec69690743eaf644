"""Plain losses; those of detection models stay transformers' own."""
