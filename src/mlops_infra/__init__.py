"""Puts a production MLflow platform on AWS, Azure, GCP or this machine, once per environment."""

__version__ = "0.1.0"
