"""What can go wrong: named scenarios, what each does to the dialler's world, and how that is put back.

In: names with parameters. Out: a world in which something is wrong. The dialler must not know them.
"""
