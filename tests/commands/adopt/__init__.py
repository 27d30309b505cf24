"""What `adopt` prints is run on made-up diallers."""
