"""Every key of ``newsletter.toml`` and ``NEWSLETTER_…``, typed, a module for each group of keys.

The environment wins over the file, the file over the defaults. A wrong value, an unknown key or a
missing one is a ``ConfigurationError`` that names the key. Durations are in the unit the key's
description says. ``Settings`` has all keys; a new one is a field of its group.
"""

from recommender.settings.loading import FILE as FILE
from recommender.settings.loading import load as load
from recommender.settings.loading import names as names
from recommender.settings.loading import unknown_variables as unknown_variables
from recommender.settings.model import Settings as Settings
from recommender.settings.schedules import DAYS as DAYS
from recommender.settings.sender import PREFIX as PREFIX
from recommender.settings.store import file_url as file_url
from recommender.settings.values import mailbox as mailbox
