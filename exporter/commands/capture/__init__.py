"""The evidence archive: everything that one attaches to an escalation, in one file that its receiver can open."""
