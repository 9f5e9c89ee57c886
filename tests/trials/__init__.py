"""Trials of money and calendar that are larger than a test; told in `docs/trials.md`.

Each is a command (`python -m tests.trials.…`) with a small form that pytest runs.
"""
