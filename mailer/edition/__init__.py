"""One newsletter in one period, from its opening to its end: who gets what and when, frozen."""
