"""What is served over HTTP: `/metrics`, the pages for people, cards and runbooks.

In: the newest page of the refresh. Out: responses. It must not touch the database, nor make a scrape wait.
"""
