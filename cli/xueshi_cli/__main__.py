"""`python -m xueshi_cli`: the same as the command `xueshi`."""

from xueshi_cli.main import start

start()
