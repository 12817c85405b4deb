"""What a person sees of a run that goes on: a tree that redraws itself, or lines where there is no terminal."""
