"""The simulated platform: its tables, the contract's views, the world as data, and the way in and out of SQL.

In: the dialler's objects. Out: rows. It must not know how calls are made, nor that an exporter reads it.
"""
