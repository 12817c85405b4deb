"""Local-first automation of machine-learning work.

Training code imports `polyaxon.tracking` and `polyaxon.client` from here: keep this module and those two
importable on Python 3.8 with the standard library alone.
"""

__version__ = "0.1.0"
