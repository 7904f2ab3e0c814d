"""The `ivr-engine` command, one module a subcommand."""
