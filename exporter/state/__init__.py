"""What one process leaves for the next: a file in a directory, whole or not at all, for one database and one way to
count.

In: a tree of plain values and arrays, of whoever has a state. Out: the same, or a sentence that says why not. It must
not know what the values mean.
"""
