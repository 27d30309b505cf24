"""What `/metrics` says: the catalogue of families, their samples, counters that never fall, finished bytes.

In: totals, small relations, views. Out: snapshots. It must not know the database, nor when it is asked.
"""
