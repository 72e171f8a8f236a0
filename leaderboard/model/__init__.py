"""What the product knows, as values and pure functions.

Here: events, the simulator, the fold from events to changes, ranking, the oracle.
Never here: I/O, clocks, global randomness, threads; nothing else of this package but `errors`.
"""
