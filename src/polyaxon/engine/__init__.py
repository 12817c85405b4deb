"""The decision core: (state of one root, event, now) → changes to commit and commands to carry out. Pure."""
