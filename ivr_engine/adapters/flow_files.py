"""The centre folder on disk: YAML with positions, without the traps of YAML 1.1."""
