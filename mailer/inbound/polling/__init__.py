"""Mailboxes that are polled: IMAP, POP3 and Maildir, as ``bounce_mailbox`` names them."""
