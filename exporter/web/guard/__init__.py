"""What stands before every page: TLS, client certificates, passwords. Knows no page."""
