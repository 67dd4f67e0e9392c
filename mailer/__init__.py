"""From picks to inboxes, and back. Imports ``recommender``, never the other way round."""
