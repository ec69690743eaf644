"""`archgraft refactor`: one module for another in the user's own files, verified before anything is written."""
