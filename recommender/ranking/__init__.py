"""Which story goes to whom: text and profiles to matrices, one sparse product, a chosen list.

Takes values and returns values: it knows neither the store, nor the clock, nor the network.
"""
