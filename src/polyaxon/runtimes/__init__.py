"""Runtimes: each renders a launch plan for one kind of machine. The contract is `runtimes/base.py`."""
