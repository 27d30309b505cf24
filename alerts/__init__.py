"""Alert rules, runbooks and routes: what wakes a person, and what that person reads."""
