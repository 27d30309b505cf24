"""Tests of the alert rules and of what is made from them."""
