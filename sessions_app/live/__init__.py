"""Following runs live: one reader per (web process, run), frames made once for all.

``tail`` reads a run's stream, row and viewers; ``rounds`` holds what came, as frames;
``counts`` tells a storm in numbers; ``pace`` says when it storms; ``follower`` is one
socket's cursor; ``presence`` knows who looks. docs/stream.md is the contract.
"""
