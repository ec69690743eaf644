"""Recipe genes: parts of the training recipe that each candidate may have as its own."""
