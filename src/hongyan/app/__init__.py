"""What a process of a house is made of. Only `house` knows everybody; nothing else here loads it but
who serves, so a command that changes a setting does not load what answers and delivers.
"""
