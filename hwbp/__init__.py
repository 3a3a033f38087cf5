"""hwbp: the command-line client of hwbpweb. Python and websockets, nothing of the server."""
