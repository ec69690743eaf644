"""What a process takes away from itself, one layer a file; `confine` puts them on in the order that works."""
