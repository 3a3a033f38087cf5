"""A hundred viewers of a run at 50 000 events a second, from one web process.

``produce`` is a worker's listener fed with made-up batches: the real chunk writer, the real
stream. ``view`` is a process of WebSocket clients that prove what they got. ``report``
starts the service and all of them, and says what it cost.
"""
