"""`make bench`: what this machine does, as figures and as ratios to an empty server beside it."""
