"""Editing the user's own files: the same edits as the search's, written as a person would write them."""
