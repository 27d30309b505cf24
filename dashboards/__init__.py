"""Grafana dashboards, made with grafanalib on the metric names of `exporter.metrics.catalogue`."""
