"""What the alert benchmark does itself is held against the programs that it imitates."""
