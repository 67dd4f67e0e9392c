"""Files of articles, readers and picks that are ranked and evaluated without a store."""
