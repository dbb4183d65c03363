"""The rules: a noun a file; no I/O, no clock, no chance. Times are whole milliseconds since 1970."""
