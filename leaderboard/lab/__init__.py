"""The workbench inside a notebook kernel: the lab, its stages, charts, live view, frames, checks.

Never here: a second, simplified pipeline. A stage is the command an operator would run.
"""
