"""The outside, one package a neighbour; each foreign library is imported in one of them only."""
