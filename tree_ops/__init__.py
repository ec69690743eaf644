"""Pure trees: mining, the library, edits, adapters, emission. Runs no mined code."""
