"""`make dist`: what a release consists of, made and tried where nothing but it is installed."""
