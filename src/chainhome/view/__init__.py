"""The map, the scope and the replay in a browser: one self-contained page from a run, or the same page served."""
