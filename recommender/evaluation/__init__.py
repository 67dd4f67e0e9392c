"""How good a ranking is: metrics, baselines to stand beside, and intervals to doubt with.

Takes values and returns values; a ranking is judged by what readers kept, which it never sees.
"""
