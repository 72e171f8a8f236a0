"""What the pipeline costs, measured: `python -m benchmarks`, or `make bench`.

Each part is a module with `run(options) -> Part`; `parts` lists them. Nothing here is imported by
the `leaderboard` package.
"""
