"""Chaos: a fleet of web and worker processes on one PostgreSQL, under load, while all that can happen
to processes, connections, databases and clocks happens to them at random; then the books are compared.
"""
