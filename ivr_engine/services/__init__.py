"""Asyncio orchestration. No vendor's words; every outside thing is a port given by keyword."""
