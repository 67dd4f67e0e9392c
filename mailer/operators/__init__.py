"""Who runs the newsletter: accounts, sign-in, and a log of what was done."""
