"""How others write lists of readers: encodings and separators, headers, words and dates.

``table`` reads a file row by row; ``services`` holds what each newsletter service exports. What a
value must be is no affair of this package: ``subscribers.fields`` checks it.
"""
