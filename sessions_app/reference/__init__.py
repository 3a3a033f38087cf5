"""The OpenAPI document as people read it."""
