"""`python -m campaign_exporter`: the command, where no script is on PATH."""

from campaign_exporter import main

main()
