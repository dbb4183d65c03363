"""What we do, a verb a file. Services know the core and the ports; nobody below a face is a face."""
