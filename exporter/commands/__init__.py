"""The commands: each has one look at the database or at a running exporter, and prints what it found.

In: arguments. Out: text and an exit status. Nothing but the demo's own command may be imported from the demo.
"""
