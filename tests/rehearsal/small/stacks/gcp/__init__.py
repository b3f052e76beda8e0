"""A small platform."""
