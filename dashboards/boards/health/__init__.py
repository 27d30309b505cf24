"""Exporter health: can the figures be trusted? A module a section; `board` puts them together."""
