"""Contestants and limits that need no packages but ours: each a module to run in a process.

Its command line and output are those of `benchmarks.stopwatch`.
"""
