"""Campaign live: one campaign. A module a section; `board` puts them together."""
