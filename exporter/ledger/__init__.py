"""Running totals of tasks and calls, equal after every refresh to a full GROUP BY at its snapshot.

In: rows that changed, totals by GROUP BY. Out: counts and sums by campaign and key. It must not know what they mean: no
verdict, no metric, no page.
"""
