"""The platform's database: read-only sessions, what others have open, and rows as typed columns.

In: settings and what the contract asks for. Out: the rows that changed and the small relations as values. It must not
know what is counted of them, nor what is judged or shown.
"""
