"""Figures as folds of events."""
