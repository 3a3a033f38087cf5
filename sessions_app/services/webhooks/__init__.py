"""Webhooks: addresses of people that hear of what happens to their things."""
