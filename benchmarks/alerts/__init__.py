"""How good the alerts are: incidents drawn from seeds, told by the real rules and routes, judged by what was done."""
