"""The shared vocabulary: what a run is, where it can be, what is launched, what is seen of it.

Pure values, nothing else; every other room speaks in these words.
"""
