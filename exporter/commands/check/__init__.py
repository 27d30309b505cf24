"""The command `check`: would the exporter work well on this database?"""
