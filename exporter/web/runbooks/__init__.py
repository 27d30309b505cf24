"""What to do about an alert or a blocker code: pages in Markdown, served with the labels of an alert filled in."""
