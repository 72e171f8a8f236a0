"""Other stream processors, each in an environment of its own; they consume, decode and sum.

`<name>/requirements.in` says what each needs, `requirements.txt` pins it; `<name>/__main__.py` is
the contestant, by `benchmarks.stopwatch`. They write nothing to Redis: only what is in memory is
compared with them.
"""
