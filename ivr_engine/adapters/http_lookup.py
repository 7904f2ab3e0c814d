"""Requests to outside services over HTTP with JSON bodies."""
