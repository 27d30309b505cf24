"""What boards are made of: questions to Prometheus and SQL, panels, what holds of their fields, colours, the layout.

In: names of the catalogue. Out: JSON as Grafana 12 would save it. It must not know any board.
"""
