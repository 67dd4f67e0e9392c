"""Which story goes to whom: text and profiles to matrices, one sparse product, a chosen list.

Takes values and returns values: it knows neither the store, nor the clock, nor the network.
"""

import importlib
import sys
import types


class _OnDemand(types.ModuleType):
    """A module that is imported when something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


# scikit-learn imports it for estimators that are not used here: 0.17 s of a core, and 20 MiB in
# each process that plans.
sys.modules.setdefault("scipy.stats", _OnDemand("scipy.stats"))
