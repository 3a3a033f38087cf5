"""Mail of kernel lists: messages, threads, series, patches, quotes, replies.

Pure: bytes in, values out; nothing here knows Django. All input is hostile: what cannot be
understood is kept as it came and said in words, never dropped.
"""
