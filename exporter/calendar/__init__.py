"""Call windows and a tenant's days: what is open when, and which midnight ends a day.

In: windows and zones as plain values, instants in seconds since 1970. Out: instants and spans. Pure: it knows no
database, no campaign and no clock but the one it is given.
"""
