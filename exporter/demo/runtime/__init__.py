"""What a demo runs on: its server, its clock, its history, and the dialler as a process of its own."""
