"""Templates: compiled once, filled per reader from fragments that are remembered."""
