"""Who is told of what somebody said, in the page and by mail."""
