"""The rules by concern, one module each."""
