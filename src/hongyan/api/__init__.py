"""What we serve of our own: /v1, /register, the sandbox phone, health, and the pages."""
