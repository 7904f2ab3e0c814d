"""`python -m ivr_engine` is the `ivr-engine` command."""

from ivr_engine.cli.app import main

if __name__ == "__main__":
    main()
