"""A run as one file that another installation checks and keeps (docs/bundle.md)."""
