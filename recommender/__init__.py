"""Who reads, what there is to read, and which story goes to whom. Knows nothing of mail."""
