"""`python -m hubbub`."""

from .cli import main

main()
