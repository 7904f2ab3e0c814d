"""Asterisk: the only package in which its words are legal."""
