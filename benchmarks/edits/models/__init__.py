"""Small model files for hosts that no package holds. Ordinary models: nothing in them knows of archgraft."""
