"""Reports that reconcile: each number is a sum over rows that can be opened and taken along.

`measures.py` holds the one definition of each number; figures, lists and files read it.
"""
