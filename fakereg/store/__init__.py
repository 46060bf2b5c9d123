"""What is kept: a pool of blobs, repositories with one lock each, upload sessions.

Law of this ring: plain functions under a `threading.Lock` per repository, callable from any thread.
While a lock is held nothing is awaited, hashed or called back, and no second lock is taken; with the
one exception of Store.copy, which takes them all in the order of names.
"""
