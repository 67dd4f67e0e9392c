"""What became of editions, in numbers: read from the ledger and from readers' answers."""
