"""The example measured against a bare Django project."""
