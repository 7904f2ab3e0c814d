"""The shared kernel: identifiers, outcomes and the event catalogue. Standard library only."""
