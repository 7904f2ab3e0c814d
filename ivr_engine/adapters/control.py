"""The control socket: how the command line reaches a running engine."""
