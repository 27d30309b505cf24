"""The platform's database: read-only sessions, what others have open, and rows as typed columns.

In: settings and what the contract asks for. Out: the rows that changed and the small relations as values. It
says by what rows are counted, as SQL, but keeps no totals, and must not know what is judged or shown.
"""
