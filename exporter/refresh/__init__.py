"""One refresh after the other: the only place that knows source, ledger, diagnosis and metrics together.

In: settings and a database. Out: the page that is served, replaced as a whole. It must not know HTTP.
"""
