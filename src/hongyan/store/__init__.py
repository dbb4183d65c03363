"""Stores: each the one truth of a house. One file or folder a store, one contract suite for all."""
