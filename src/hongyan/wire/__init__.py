"""Formats and signatures without I/O, used from both sides."""
