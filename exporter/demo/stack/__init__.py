"""What runs beside the demo: Prometheus with its past, Alertmanager, Grafana, with the files of docker-compose.yml."""
