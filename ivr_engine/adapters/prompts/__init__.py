"""Prompts as files: recorded, or spoken by a synthesiser and cached."""
