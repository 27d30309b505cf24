"""OMniLeads: its views, and a generator of rows as Asterisk and the web application write them."""
