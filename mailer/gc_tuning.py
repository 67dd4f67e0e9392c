"""How often a process looks for values that nobody needs any more.

Planning and sending make a great many small values that live for a moment. By default the
interpreter walks all that is loaded again and again to see what of it could go: a sixth of the time
of sending, and more of planning. It knows nothing of what the process does.
"""

import gc

NEW_VALUES = 20_000
"""After how many new values it looks through the new ones."""


def pause_gc() -> None:
    """To be called before anything is loaded: looking through it again and again takes a seventh of
    the time that a command needs to start."""
    gc.disable()


def relax_gc() -> None:
    """To be called once, when everything is loaded: that stays, and is not looked at again."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(NEW_VALUES, *gc.get_threshold()[1:])
