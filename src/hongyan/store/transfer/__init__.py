"""How a house leaves its store: into another kind of store (move), into a file (backup), and back
out of one (restore). Each checks by counts and sums that everything has arrived.
"""
