"""The simulated dialler: which lead is called when and from which number, and what comes of it.

In: the platform's objects and a moment. Out: the same objects, moved on to that moment. It knows neither SQL nor
scenarios.
"""
