"""Tests of the demo platform and its simulated dialler."""
