"""What a platform must show us: relations, columns and codes as data, and what a database has of them.

In: the columns that were found. Out: what can be read, and what is missing with its remedy. It knows no connection and
no row.
"""
