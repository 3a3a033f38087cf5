"""Reviews as pages show them: patches with remarks in place, versions beside each other.
Reads only."""
