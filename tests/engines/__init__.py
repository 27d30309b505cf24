"""Our boards and rules on other engines than Debian's Prometheus: `make engines` runs these."""
