"""What pages, the terminal and the evidence show of a campaign, as plain data (the shape is in docs/pages.md)."""
