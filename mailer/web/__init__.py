"""The reader's side: pages, links from mail, and what operators watch. ``app`` joins them.

A module is one noun with its ``ROUTES``. GET and HEAD never change what is known of a reader; mail
scanners follow every link.
"""
