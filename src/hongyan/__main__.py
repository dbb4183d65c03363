"""`python -m hongyan`."""

from hongyan.cli import main

main()
